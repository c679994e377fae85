"""Compares a model with its baselines: rate and distortion, ROC curves, a fixed byte budget."""
