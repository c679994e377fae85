"""The parts of the pages; the files directly in `pages` are the pages."""
