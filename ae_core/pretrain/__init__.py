"""Trains and benchmarks the models that come with the app."""
