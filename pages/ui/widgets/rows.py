"""Pictures in rows, and what each row is."""

import numpy as np
import streamlit as st

from pages.ui.i18n.text import text
from pages.ui.widgets.sheet import sheet


def named_rows(rows: np.ndarray, names: tuple[str, ...]) -> None:
    """Show uint8 pictures (R, N, H, W, C) in R rows.

    Args:
        rows: the pictures.
        names: keys of the page's words for the rows, from top to bottom.
    """
    sheet(rows)
    if len(names) > 1:
        words = (text(f"lessons.row.{name}") for name in names)
        st.caption(text("lessons.rows", names=" · ".join(words)))
