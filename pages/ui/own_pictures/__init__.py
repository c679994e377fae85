"""Parts of the Your pictures page."""
