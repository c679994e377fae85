"""Plotly charts and diagrams of results."""
