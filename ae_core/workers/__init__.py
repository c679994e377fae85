"""The worker processes: they are started, watched, asked, and renewed."""
