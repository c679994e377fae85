"""Denoising: faces in photos, denoisers, classical filters, distance from the training faces."""
