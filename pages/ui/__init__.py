"""The parts that pages are made of; files directly in `pages` are the pages."""
