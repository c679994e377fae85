"""Files for a visitor to keep.

They are made when the list of them is opened, not at the click on one: a file that Streamlit is
to make at the click is lost if the page is drawn anew at that moment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.ui.i18n.text import text


@dataclass(frozen=True)
class File:
    """A file that can be kept.

    Attributes:
        label: of its button.
        name: under which the browser saves it.
        make: returns what is in it.
        mime: its kind.
    """

    label: str
    name: str
    make: Callable[[], bytes]
    mime: str = "image/png"


def download_menu(key: str, files: Sequence[File], *, label: str = "") -> None:
    """Offer files in a list that opens on a click; its label says so if none is given."""
    with st.popover(
        label or text("downloads.open"),
        icon=":material/download:",
        key=f"downloads.{key}",
        on_change="rerun",
    ) as opened:
        if not opened.open:
            st.caption(text("downloads.wait"))
            return
        for file in files:
            st.download_button(
                file.label,
                file.make(),
                file.name,
                file.mime,
                key=f"download.{key}.{file.name}",
                on_click="ignore",
            )
