"""What a visitor's session and address remember."""
