"""Lessons: their files, and the measurement of the figures that they name."""
