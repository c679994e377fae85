"""Choosing a model, a picture or a face."""
