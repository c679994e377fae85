"""The texts of the app in the visitor's language; `ae_core.text.sentences` defines the entries.

The language comes from ``lang=`` in the address, or from the visitor's browser.
"""

import math
import re
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from ae_core.errors import Message, UserError
from ae_core.text import sentences
from ae_core.text.sentences import FALLBACK, entries, languages
from ae_core.text.typed import shortened, visible_text
from pages.ui.streamlit_adapter import asked_language

KEEPS_CAPITALS = ("de",)  # languages with capitalized nouns


def language() -> str:
    """Return the visitor's language, the name of a folder."""
    query, locale = asked_language()
    return language_of(query, locale or FALLBACK)


@lru_cache(maxsize=256)
def language_of(query: str, locale: str) -> str:
    """Return the language for an address and a browser; cached, as every text needs it."""
    wished = parse_qs(query).get("lang", [locale])[-1]
    short = wished.split("-")[0].lower()
    return short if short in languages() else FALLBACK


def text(key: str, **values: Any) -> str:
    """Return an entry in the visitor's language.

    Args:
        key: file, tables within the file and entry, joined by dots.
        values: the values of its fields; a message or an error becomes its sentence.

    Raises:
        KeyError: there is no such entry, or it names a value that is not given.
    """
    return sentences.say(key, language(), **values)


def number(value: float | None, form: str = "") -> str:
    """Return a number as the visitor's language writes it, a dash for an unknown one.

    Args:
        value: the number.
        form: Python's own format, such as ``.1f``, ``,`` or ``.0%``.
    """
    return "–" if value is None else sentences.number(value, form, language())


def gain(value: float, than: float) -> float:
    """Return how much more a value is than another one, as both are written: to a tenth.

    A difference that does not fit the two figures beside it reads like an error.
    """
    return (
        round(round(value, 1) - round(than, 1), 1) if math.isfinite(value - than) else value - than
    )


def decimal(typed: str) -> float | str:
    """Return the number that a visitor has typed in their language's style, the text if none."""
    try:
        return float(typed.replace(sentences.decimal_sign(language()), ".").replace("−", "-"))
    except ValueError:
        return typed


def in_formula(value: float, form: str = "") -> str:
    """Return a `number` for LaTeX, which has a minus sign and puts a space after a bare comma."""
    return number(value, form).replace("−", "-").replace(",", "{,}")


def separators() -> str:
    """Return the decimal and the group sign of the visitor's language, as Plotly wants them."""
    return sentences.number(0.5, ".1f", language())[1] + sentences.number(1000, ",", language())[1]


def translated(said: Message | UserError | str) -> str:
    """Return an error or a message in the visitor's language, and text unchanged."""
    return said if isinstance(said, str) else sentences.sentence(said, language())


def text_or(key: str, otherwise: str) -> str:
    """Return an unfilled entry, or a default if the visitor's language has none."""
    return entries(language()).get(key, otherwise)


def lowered(words: str) -> str:
    """Return words in the form for the middle of a sentence; abbreviations keep their capitals."""
    if language() in KEEPS_CAPITALS:
        return words
    return re.sub(r"\b[^\W\d_][^\W\d_A-Z]*\b", lambda word: word[0].lower(), words)


def as_typed(words: str, most: int) -> str:
    """Return what a visitor typed without invisible characters, cut to ``most`` visible ones."""
    return shortened(visible_text(words), most)


def slug(option: str) -> str:
    """Return an entry name for a text that is not one, such as an option in the address."""
    return re.sub("[^a-z0-9]+", "-", option.lower()).strip("-")
