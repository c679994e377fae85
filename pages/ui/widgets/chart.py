"""Shows Plotly charts from plain dicts, without Plotly's validation of every value.

The validation takes three quarters of a chart's time, and every visitor who watches a run needs a
chart once a second; tests validate the same figures.
"""

from functools import lru_cache
from typing import Any

import streamlit as st

from pages.ui.i18n.text import separators


def chart(figure: dict[str, Any], **options: Any) -> Any:
    """Show a figure; ``options`` are those of `st.plotly_chart`, whose result this returns."""
    checked, template = _plotly()
    layout = {"template": template, "separators": separators()} | figure["layout"]
    return st.plotly_chart(
        checked({"data": figure["data"], "layout": layout}),
        config={"displayModeBar": False},
        **options,
    )


@lru_cache(maxsize=1)
def _plotly() -> tuple[type, dict[str, Any]]:
    """Return a figure class without validation, and Streamlit's template.

    Plotly is imported here, because Home has no charts and must not wait for it.
    """
    from plotly.basedatatypes import BaseFigure
    from plotly.graph_objs import Figure

    class Checked(BaseFigure):  # type: ignore[misc]
        def __init__(self, figure: dict[str, Any]) -> None:
            object.__setattr__(self, "_figure", figure)  # BaseFigure's own setter would validate it

        def to_dict(self) -> dict[str, Any]:
            found: dict[str, Any] = self._figure
            return found

    return Checked, Figure().to_dict()["layout"]["template"]
