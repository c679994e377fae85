"""Denoising: faces in photos, denoisers, classical filters, and distances from training faces."""
