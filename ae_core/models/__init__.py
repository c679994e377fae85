"""Models: shapes and networks, weights, baselines, and the models that come with the app."""
