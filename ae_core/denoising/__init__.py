"""Noise in photos: finding the face, classical filters, networks, how unusual a face is."""
