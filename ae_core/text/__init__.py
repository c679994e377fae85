"""Text: sentences made from a key and its values, and what visitors type."""
