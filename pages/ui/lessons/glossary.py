"""The glossary: its terms in a text, explained on a hover or in a list, and all of them."""

import html
import re
import unicodedata

import streamlit as st

from ae_core.text.sentences import entries
from pages.ui.i18n.text import language, text

_TERM = re.compile(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]")
_MODEL = re.compile(r"`([a-z0-9-]+)`")
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])")


def key_of(term: str) -> str:
    """Return the glossary's key of a term: ``latent space`` is ``latent-space``."""
    return re.sub(r"[^a-z0-9]+", "-", term.lower()).strip("-")


def terms_in(written: str) -> list[str]:
    """Return the keys of the terms in a text, in order, without duplicates."""
    return list(dict.fromkeys(key_of(match[1]) for match in _TERM.finditer(written)))


def _place(term: str) -> str:
    """Return what a glossary is sorted by: Ü stands with U."""
    plain = unicodedata.normalize("NFKD", text(f"glossary.{term}.term"))
    return "".join(char for char in plain if not unicodedata.combining(char)).casefold()


def explained(written: str) -> None:
    """Show a text; ``[[code]]`` or ``[[code|codes]]`` shows the glossary entry as a tooltip.

    A model's name in backticks becomes its title, which is what menus say.
    """
    # Visitors do not write lessons' files, but HTML is not allowed in them either.
    safe = _MARKUP.sub("&lt;", written)
    titled = _MODEL.sub(_title, safe)
    st.markdown(_TERM.sub(_marked, titled), unsafe_allow_html=True)


def words_of(written: str) -> None:
    """Offer the terms of a text as a list, for visitors without a mouse."""
    terms = terms_in(written)
    if terms:
        with st.expander(text("lessons.words")):
            _list(terms)


def all_words() -> None:
    """Offer the whole glossary, in the order of the alphabet."""
    terms = {key.split(".")[1] for key in entries(language()) if key.startswith("glossary.")}
    with st.expander(text("lessons.all_words", count=len(terms)), icon=":material/menu_book:"):
        _list(sorted(terms, key=_place))


def _list(terms: list[str]) -> None:
    for term in terms:
        st.markdown(f"**{text(f'glossary.{term}.term')}**: {text(f'glossary.{term}.means')}")


def _title(match: re.Match[str]) -> str:
    title = entries(language()).get(f"model.card.{match[1]}.title")
    return match[0] if title is None else f"*{title}*"


def _marked(match: re.Match[str]) -> str:
    means = entries(language()).get(f"glossary.{key_of(match[1])}.means", "")
    title = html.escape(re.sub(r"[*_$`]", "", means), quote=True)
    return f'<abbr tabindex="0" title="{title}">{match[2] or match[1]}</abbr>'
