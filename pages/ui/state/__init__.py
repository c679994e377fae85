"""The state in a visitor's session and address."""
