"""Parts that any page may use: charts, images, a canvas, a crop box, downloads."""
