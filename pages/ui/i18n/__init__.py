"""Words: the texts of a language, names of things in words, messages."""
