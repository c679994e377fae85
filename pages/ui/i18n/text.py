"""The texts of the app in the visitor's language; `ae_core.sentences` says what an entry may hold.

The language is that of the visitor's browser, or of ``lang=`` in the address.
"""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs

from ae_core import sentences
from ae_core.errors import Message, UserError
from ae_core.sentences import FALLBACK, entries, languages
from pages.ui.streamlit_adapter import asked_language

KEEPS_CAPITALS = ("de",)  # nouns have them wherever they stand


def language() -> str:
    """Return the visitor's language, as the name of a folder."""
    query, locale = asked_language()
    return _language(query, locale or FALLBACK)


@lru_cache(maxsize=256)
def _language(query: str, locale: str) -> str:
    """Return what an address and a browser ask for: every word of a page asks for it, too."""
    wished = parse_qs(query).get("lang", [locale])[-1]
    short = wished.split("-")[0].lower()
    return short if short in languages() else FALLBACK


def text(key: str, **values: Any) -> str:
    """Return an entry in the visitor's language.

    Args:
        key: file and entry, with a dot between them; tables of the file with further dots.
        values: for its fields; a message or an error becomes its sentence.

    Raises:
        KeyError: there is no such entry, or it names a value that is not given.
    """
    return sentences.say(key, language(), **values)


def translated(said: Message | UserError | str) -> str:
    """Return what an error or a message tells, in the visitor's language; text as it is."""
    return said if isinstance(said, str) else sentences.sentence(said, language())


def text_or(key: str, otherwise: str) -> str:
    """Return an entry as it is, or something else where the visitor's language has none."""
    return entries(language()).get(key, otherwise)


def lowered(words: str) -> str:
    """Return words as they stand inside a sentence."""
    return words if language() in KEEPS_CAPITALS else words.lower()


def slug(option: str) -> str:
    """Return the entry's name for what is no name itself, like the option of an address."""
    return re.sub("[^a-z0-9]+", "-", option.lower()).strip("-")
