"""Image sets: the catalogue, their files, visitors' sets, uploads, drawings, and noise."""
