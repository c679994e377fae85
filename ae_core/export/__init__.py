"""What a visitor takes home: Keras scripts, notebooks, formulas and files."""
