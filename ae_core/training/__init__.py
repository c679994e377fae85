"""The training loop and what belongs to one step of it; runs in a worker."""
