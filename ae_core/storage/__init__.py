"""Where things are kept: files, and the database."""
