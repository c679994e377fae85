"""The Train page: visitors set up a training, watch it and compare runs."""

import streamlit as st

from pages.ui.backend.service import measure_time
from pages.ui.i18n import notice
from pages.ui.i18n.text import slug, text
from pages.ui.latent.take_home import take_home
from pages.ui.shell.frame import page_frame, page_heading
from pages.ui.shell.top import top
from pages.ui.state.query_params import linked_choice
from pages.ui.train.compare import compare_view
from pages.ui.train.controls import take_link
from pages.ui.train.set_up_view import set_up_view
from pages.ui.train.watch_view import watch_view

VIEWS = ("Set up", "Watch", "Compare")


def page() -> None:
    """Draw the page."""
    usual = "Watch" if "run" in st.query_params else "Set up"
    heading = st.container()
    view = linked_choice(
        "view", text("train.views"), VIEWS, "train", usual=usual, words="train.view", collapsed=True
    )
    top(view, st.query_params.get("run", ""))
    with heading:
        page_heading("Train", text(f"train.about.{slug(view)}"))
    if view == "Set up":
        st.fragment(_set_up)()
        return
    take_link()
    if view == "Watch":
        watch_view(take_home)
    else:
        compare_view()


# Not `measure_time` itself as the fragment: Streamlit identifies fragments by function and place,
# and a late tick of the previous run's fragment would draw this one at the run's address.
def _set_up() -> None:
    measure_time("set-up", _draw_set_up)


@notice.refusals()
def _draw_set_up() -> None:
    take_link()
    set_up_view()


page_frame("Train", page, by_itself=False, heading=False)
