"""A class: its students and limits, its wall, its table and its address."""
