"""A model against its baselines: bytes and distortion, ROC curves, a fixed byte budget."""
