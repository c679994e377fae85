"""Lessons: their files, the figures that they ask for, and how these are measured."""
