"""Home: its heading, the stage, and the ways on from it."""

import streamlit as st

from pages.ui.backend.lessons import lessons
from pages.ui.i18n.text import language, text
from pages.ui.pictures.stage import stage
from pages.ui.state.query_params import kept_language

MORE: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("pages/reconstruct.py", "reconstruct", ":material/compare:", {}),
    ("pages/latent_space.py", "latent", ":material/tune:", {}),
    ("pages/latent_space.py", "match", ":material/sports_esports:", {"view": "Match"}),
    ("pages/measure.py", "measure", ":material/query_stats:", {}),
    ("pages/own_pictures.py", "own", ":material/draw:", {}),
    ("pages/classroom.py", "class", ":material/groups:", {}),
)


def home() -> None:
    """Draw Home; its pictures are files of the app, so nothing has to be waited for."""
    with st.container(key="home", gap="small"):
        st.title(text("home.title"), anchor=False)
        st.markdown(text("home.about"))
        stage()
        wished = kept_language()
        first = next(iter(lessons(language())[0]))
        photo = {"source": "Upload", "task": "Clean this photo as it is", "size": "Whole photo"}
        with st.container(horizontal=True, key="home-ways"):
            _link("pages/lessons.py", "lesson", ":material/school:", {"lesson": first} | wished)
            _link("pages/train.py", "train", ":material/play_arrow:", wished)
            _link("pages/denoise.py", "photo", ":material/photo_camera:", photo | wished)
        with st.container(horizontal=True, key="home-more"):
            for path, words, icon, query in MORE:
                _link(path, words, icon, query | wished)


def _link(path: str, words: str, icon: str, query: dict[str, str]) -> None:
    st.page_link(path, label=text(f"home.{words}"), icon=icon, query_params=query)
