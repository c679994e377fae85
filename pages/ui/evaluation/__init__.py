"""Parts of the Measure page."""
