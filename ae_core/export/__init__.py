"""Exports for visitors: Keras scripts, notebooks, formulas and files."""
