"""Widgets for all pages: charts, images, a canvas, a crop box, downloads."""
