"""Image sets: what is known of each, reading and downloading them, drawing and collecting them."""
