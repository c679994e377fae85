"""Plotly charts from the plain dicts of `ae_core`, without Plotly's check of every value.

The check takes three quarters of the time of a chart, which everybody who watches a run asks for
once a second; tests make the same check of the same figures.
"""

from functools import lru_cache
from typing import Any

import streamlit as st


def chart(figure: dict[str, Any], **options: Any) -> Any:
    """Show a figure; ``options`` are those of `st.plotly_chart`, whose result this returns."""
    checked, template = _plotly()
    layout = {"template": template} | figure["layout"]
    return st.plotly_chart(
        checked({"data": figure["data"], "layout": layout}),
        config={"displayModeBar": False},
        **options,
    )


@lru_cache(maxsize=1)
def _plotly() -> tuple[type, dict[str, Any]]:
    """Return a class of figures that are taken as they are, and Streamlit's template for them.

    Plotly is imported here: Home has no charts and need not wait for it.
    """
    from plotly.basedatatypes import BaseFigure
    from plotly.graph_objs import Figure

    class Checked(BaseFigure):  # type: ignore[misc]
        def __init__(self, figure: dict[str, Any]) -> None:
            object.__setattr__(self, "_figure", figure)  # BaseFigure's own would check it

        def to_dict(self) -> dict[str, Any]:
            found: dict[str, Any] = self._figure
            return found

    return Checked, Figure().to_dict()["layout"]["template"]
