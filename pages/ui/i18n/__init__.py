"""Texts of the visitor's language: entries, names, formatted values and messages."""
