"""Widgets to choose a model, an image or a face."""
