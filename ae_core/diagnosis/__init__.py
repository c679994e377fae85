"""The Doctor: findings about a run's history and the settings that would help."""
