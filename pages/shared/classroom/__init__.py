"""The parts of the Class page."""
