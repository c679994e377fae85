"""The training service: the queue, the workers, and every run that has not ended."""
