"""Figures: Plotly charts and diagrams made from results."""
