"""Networks: shapes, layers, weights, losses, and the models that come with the app."""
