"""Parts of the page of own pictures."""
