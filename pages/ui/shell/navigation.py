"""The ways to the pages: the sidebar with its links and the language, and typed addresses."""

from pathlib import Path

import streamlit as st

from ae_core.text.sentences import languages, say
from pages.ui.i18n.text import language, slug, text
from pages.ui.state.by_hand import by_hand
from pages.ui.state.query_params import kept_language, set_query
from pages.ui.state.session import session

PAGES = (
    ("app.py", "Home", ":material/home:"),
    ("pages/lessons.py", "Lessons", ":material/school:"),
    ("pages/train.py", "Train", ":material/model_training:"),
    ("pages/reconstruct.py", "Reconstruct", ":material/compare:"),
    ("pages/denoise.py", "Denoise", ":material/auto_fix_high:"),
    ("pages/latent_space.py", "Latent space", ":material/tune:"),
    ("pages/measure.py", "Measure", ":material/query_stats:"),
    ("pages/own_pictures.py", "Your pictures", ":material/draw:"),
    ("pages/classroom.py", "Class", ":material/groups:"),
)
# An address that Streamlit passes on; it would read, check and hash a file at each run of a page,
# and have its own icons fetched from a server.
LOGO = "/app/static/logo.png"
ALSO_TYPED = {"lesson": "lessons", "lektion": "lessons"}


def typed_addresses() -> dict[str, str]:
    """Return what people type for a page, as its name in a menu, with the page's own address."""
    typed = dict(ALSO_TYPED)
    for path, name, _ in PAGES:
        own = "" if path == "app.py" else Path(path).stem
        names = (name, own, *(say(f"frame.page.{slug(name)}", each) for each in languages()))
        typed |= {slug(each): own for each in names}
    return {word: own for word, own in typed.items() if word not in ("", own)}


def keep_language() -> None:
    """Put the language that the visitor has last asked for into an address that names none."""
    if "lang" in st.query_params:
        session().language = st.query_params["lang"]
    elif session().language:
        set_query(lang=session().language)


def navigation() -> None:
    """Draw the sidebar; a page that is embedded in another one has none."""
    if st.context.is_embedded:
        return
    with st.sidebar:
        st.markdown("**Autoencoder Lab**")  # not a heading: the page's own is the first
        kept = kept_language()
        for path, name, symbol in PAGES:
            label = text(f"frame.page.{slug(name)}")
            st.page_link(path, label=label, icon=symbol, query_params=kept)
        _language_switch()


def _language_switch() -> None:
    key = "frame.language"
    st.session_state[key] = language()
    st.segmented_control(
        text("frame.language"),
        languages(),
        key=key,
        format_func=lambda each: say("frame.own_name", each),
        label_visibility="collapsed",
        on_change=by_hand(lambda: set_query(lang=st.session_state[key] or "")),
    )
