"""What this browser remembers of its visitor, and the buttons that change it.

Only a response to the browser's own request can change the cookie: ``this_browser.js`` asks for it
(`pages.ui.shell.visitor_cookie`) and opens the page anew.
"""

import streamlit as st

from pages.ui.i18n.text import text
from pages.ui.shell.visitor_cookie import ROUTE
from pages.ui.state.identity import DAYS
from pages.ui.state.session import known_browser
from pages.ui.widgets.component import component

_HTML = """
<div class="actions"></div>
<div class="failed" role="alert" hidden></div>
"""

_ACTIONS = component(__file__, _HTML)


def this_browser(key: str) -> None:
    """Say until when the browser knows its visitor, with buttons to remember it and to leave it.

    Nothing is shown where the browser keeps no cookie: the page's frame says so.

    Args:
        key: Streamlit's key of the buttons.
    """
    known = known_browser()
    if known is None:
        return
    remember = ""
    if known.remembered:
        st.caption(text("browser.remembered", days=DAYS))
    else:
        st.caption(text("browser.until_closed", days=DAYS))
        remember = text("browser.remember")
    # Texts only: of a list Streamlit asks whether it is a table, and loads pandas for that, 65 MB.
    said = {"remember": remember, "leave": text("browser.leave"), "failed": text("browser.failed")}
    _ACTIONS(key=key, data={"route": ROUTE, **said})


def cookie_note() -> None:
    """Say that all ends with the tab, where the browser keeps no cookie."""
    if known_browser() is None:
        st.caption(text("browser.no_cookie"))
