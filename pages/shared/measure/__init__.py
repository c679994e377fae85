"""The views of the Measure page."""
