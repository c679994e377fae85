"""The training loop and its parts, which run in a worker."""
