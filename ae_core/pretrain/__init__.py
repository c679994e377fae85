"""Making the models that come with the app, and their noise benchmark."""
