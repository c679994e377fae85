"""What becomes of a visitor's pictures: a set of their own, or denoised ones."""
