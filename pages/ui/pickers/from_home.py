"""Takes a file that a visitor brings back from home, and opens its model."""

from collections.abc import Callable

import streamlit as st

from ae_core.errors import Message, UserError
from pages.ui.backend.home_file import brought
from pages.ui.backend.service import take_upload
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.state.session import session


def from_home(key: str, take: Callable[[str], None]) -> None:
    """Offer to open a file from home; it is read in memory and dropped at once.

    Args:
        key: the page, for the keys of the widgets.
        take: called with the id of the file's model, before the page reruns.
    """
    mine = session().bringing
    menu = f"{key}.home.{mine.opened}"  # another one after a file was opened: it is closed
    with st.popover(
        text("home_file.bring.open"), icon=":material/upload_file:", key=menu, on_change="rerun"
    ) as opened:
        if not opened.open:
            st.caption(text("downloads.wait"))
            return
        if mine.problem:
            notice.error(mine.problem)
        else:
            st.markdown(text("home_file.bring.about"))
        file = st.file_uploader(
            text("home_file.bring.choose"), key=f"{key}.home.file.{mine.readings}"
        )
        if file is not None:
            content = take_upload(file)
            mine.readings += 1
            mine.problem = _read(content, take)
            mine.opened += mine.problem is None
            st.rerun()


def _read(content: bytes, take: Callable[[str], None]) -> Message | None:
    """Read a file; return why it cannot be opened, None if it was."""
    try:
        with st.spinner(text("home_file.bring.reading")):
            model = brought(content)
    except UserError as error:
        return error.message
    take(model)
    return None
