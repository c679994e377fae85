"""Links from a lesson to a page with its settings filled in, and back to the lesson's step."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from pages.ui.backend.lessons import lessons
from pages.ui.i18n import notice
from pages.ui.i18n.text import language, text
from pages.ui.state.query_params import kept_language

PLACE = ("lesson", "step", "guess", "tried")  # the progress in the Lessons page's address
MAX_CHARACTERS = 500


def link_with_return(query: Mapping[str, str]) -> dict[str, str]:
    """Return the query for a page that a lesson opens, with the language and the way back."""
    here = {name: st.query_params[name] for name in PLACE if name in st.query_params}
    return {**query, **kept_language(), "back": urlencode(here)}


def return_link() -> None:
    """Show a link back to the lesson on a page that a lesson has opened."""
    written = st.query_params.get("back", "")[:MAX_CHARACTERS]
    place = {name: value for name, value in parse_qsl(written) if name in PLACE}
    lesson = lessons(language())[0].get(place.get("lesson", ""))
    if lesson is None:
        return
    st.page_link(
        "pages/lessons.py",
        label=text("lessons.way_back", title=notice.plain(lesson.title)),
        icon=":material/arrow_back:",
        query_params={**place, **kept_language()},
    )
