"""The frame of every page: its title, its navigation and its style."""

from collections.abc import Callable

import streamlit as st

from pages.ui.backend.service import database_answers, measure_time, service
from pages.ui.i18n import notice
from pages.ui.i18n.text import slug, text
from pages.ui.shell.follow import follow, send_here
from pages.ui.shell.navigation import LOGO, keep_language, navigation
from pages.ui.shell.return_link import return_link
from pages.ui.shell.share import share
from pages.ui.shell.this_browser import cookie_note
from pages.ui.streamlit_adapter import only_fragments_run

SIDEBAR_PIXELS = 220
ASK_SECONDS = 2.0


def page_frame(
    title: str,
    draw: Callable[[], None],
    *,
    by_itself: bool = True,
    heading: bool = True,
    sidebar: bool = True,
) -> None:
    """Draw a page; every page script calls this, because a link may open any page.

    Args:
        title: one of the names in `navigation.PAGES`.
        draw: draws the content below the frame.
        by_itself: whether a click reruns only the content and not the frame. It must be False for
            content with fragments: after a change of the outer fragment, the place of an inner one
            no longer exists, and Streamlit's page goes blank.
        heading: whether to begin with `page_heading`; otherwise the page draws its own.
        sidebar: whether to draw the navigation and the Share button.
    """
    keep_language()
    name_of_page = text(f"frame.page.{slug(title)}")
    st.set_page_config(
        page_title=f"{name_of_page} · Autoencoder Lab" if title != "Home" else "Autoencoder Lab",
        page_icon=LOGO,
        layout="wide",
        initial_sidebar_state=SIDEBAR_PIXELS,
    )
    if sidebar:
        st.logo(LOGO, size="large")
        navigation()
        share(title)
        send_here(title)
    follow(title)
    if "back" in st.query_params:
        return_link()
    if heading:
        page_heading(title)

    def content() -> None:
        notice.refusals()(draw)()
        if only_fragments_run() and not database_answers():
            st.rerun()  # all of the page, whose end waits for the database

    show = st.fragment(measure_time) if by_itself else measure_time
    with notice.refusals():
        cookie_note()
    with notice.refusals():  # the database may be away when the first page asks for the service
        service()  # starts the workers, so that they are warm at the first click
        show(slug(title), content)
    if not database_answers():
        _draw_again_when_the_database_answers()


@st.fragment(run_every=ASK_SECONDS)
def _draw_again_when_the_database_answers() -> None:
    if database_answers():
        st.rerun()


def page_heading(title: str, about: str = "") -> None:
    """Say what a page is, in its name, and what to do there, in one sentence.

    Args:
        title: one of the names in `navigation.PAGES`.
        about: the sentence, if the page has one for each of its views.
    """
    st.title(text(f"frame.page.{slug(title)}"), anchor=False)
    st.markdown(about or text(f"frame.about.{slug(title)}"))
