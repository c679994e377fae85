"""Texts of lessons: Markdown whose ``[[terms]]`` show what they mean."""

import html
import re

import streamlit as st

from ae_core.sentences import entries
from pages.ui.i18n.text import language, text

_TERM = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])")


def key_of(term: str) -> str:
    """Return the glossary's key of a term: ``latent space`` is ``latent-space``."""
    return re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


def terms_in(written: str) -> list[str]:
    """Return the keys of the terms in a text, each once, in their order."""
    return list(dict.fromkeys(key_of(match[1]) for match in _TERM.finditer(written)))


def explained(written: str) -> None:
    """Show a text; ``[[code]]`` or ``[[code|codes]]`` shows the glossary's words on a hover."""
    # A lesson's file is no visitor's, but it is no place for HTML either.
    safe = _MARKUP.sub("&lt;", written)
    st.markdown(_TERM.sub(_marked, safe), unsafe_allow_html=True)


def glossary(written: str) -> None:
    """Offer the terms of a text as a list, for who has no mouse to hover with."""
    terms = terms_in(written)
    if not terms:
        return
    with st.expander(text("lessons.words")):
        for term in terms:
            st.markdown(f"**{text(f'glossary.{term}.term')}**: {text(f'glossary.{term}.means')}")


def _marked(match: re.Match[str]) -> str:
    means = entries(language()).get(f"glossary.{key_of(match[1])}.means", "")
    title = html.escape(re.sub(r"[*_$`]", "", means), quote=True)
    return f'<abbr tabindex="0" title="{title}">{match[2] or match[1]}</abbr>'
