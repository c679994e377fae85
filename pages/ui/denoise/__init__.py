"""Parts of the Denoise page."""
