"""Latent codes: statistics, interpolation, disentanglement, and the decoder for the browser."""
