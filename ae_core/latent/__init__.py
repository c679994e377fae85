"""Latent codes: statistics, interpolation, disentanglement, the decoder for the browser."""
