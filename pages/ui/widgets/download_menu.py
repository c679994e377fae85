"""A menu of files that a visitor can download.

The files are created when the menu opens, not at the click on one of them: a file that Streamlit
creates at the click is lost if the page reruns at that moment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from pages.ui.i18n.text import text


@dataclass(frozen=True)
class File:
    """A file for download.

    Attributes:
        label: the text of its button.
        name: the file's name.
        make: returns its content.
        mime: its MIME type.
    """

    label: str
    name: str
    make: Callable[[], bytes]
    mime: str = "image/png"


def download_menu(key: str, files: Sequence[File], *, label: str = "") -> None:
    """Offer files in a menu that opens on a click, with a default label."""
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
