"""The words of the app: one folder a language in ``assets/text``, one TOML file a part of the app.

``text("lessons.begin")`` is the entry ``begin`` of ``lessons.toml`` in the language of the
visitor's browser, or of ``lang=`` in the address. Entries may hold ``{names}`` that the caller
fills in; what is filled in is data, never a sentence of its own. Only ``{problem}`` is one: what
the core raised, in English, which ``problem.toml`` says in every language. English is complete; a
test compares every other language with it.
"""

import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qs

from streamlit.runtime.scriptrunner import get_script_run_ctx

from ae_core.storage import ROOT
from pages.ui.i18n.phrasebook import SENTENCE, Phrasebook

FOLDER = ROOT / "assets" / "text"
FALLBACK = "en"
KEEPS_CAPITALS = ("de",)  # nouns have them wherever they stand
PROBLEMS = "problem."  # begins the keys of the core's sentences


def language() -> str:
    """Return the visitor's language, as the name of a folder."""
    context = get_script_run_ctx()
    if context is None:
        return FALLBACK
    browser = context.context_info
    return _language(context.query_string, (browser and browser.locale) or FALLBACK)


@lru_cache(maxsize=256)
def _language(query: str, locale: str) -> str:
    """Return what an address and a browser ask for: every word of a page asks for it, too."""
    wished = parse_qs(query).get("lang", [locale])[-1]
    short = wished.split("-")[0].lower()
    return short if short in languages() else FALLBACK


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Return the languages that are there."""
    return tuple(sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir()))


def text(key: str, **values: object) -> str:
    """Return an entry in the visitor's language.

    Args:
        key: file and entry, with a dot between them; tables of the file with further dots.
        values: for its ``{names}``; ``problem`` is an error of the core, or its sentence.

    Raises:
        KeyError: there is no such entry, or it names a value that is not given.
    """
    entry = entries(language())[key]
    if SENTENCE in values:
        values[SENTENCE] = translated(str(values[SENTENCE]))
    return entry.format(**values) if values else entry


def translated(sentence: str) -> str:
    """Return a sentence of the core in the visitor's language; any other one as it is."""
    name = language()
    return sentence if name == FALLBACK else phrasebook(name).said(sentence)


def text_or(key: str, otherwise: str) -> str:
    """Return an entry as it is, or something else where the visitor's language has none."""
    return entries(language()).get(key, otherwise)


def lowered(words: str) -> str:
    """Return words as they stand inside a sentence."""
    return words if language() in KEEPS_CAPITALS else words.lower()


def slug(option: str) -> str:
    """Return the entry's name for what is no name itself, like the option of an address."""
    return re.sub("[^a-z0-9]+", "-", option.lower()).strip("-")


@lru_cache(maxsize=8)
def phrasebook(name: str) -> Phrasebook:
    """Return what says the core's sentences in a language."""
    known = {k: entry for k, entry in entries(FALLBACK).items() if k.startswith(PROBLEMS)}
    return Phrasebook(known, entries(name))


@lru_cache(maxsize=8)
def entries(name: str) -> Mapping[str, str]:
    """Return all entries of a language by their keys."""
    found: dict[str, str] = {}
    for path in sorted((FOLDER / name).glob("*.toml")):
        _flatten(path.stem, tomllib.loads(path.read_text(encoding="utf-8")), found)
    return found


def _flatten(prefix: str, table: Mapping[str, object], found: dict[str, str]) -> None:
    for name, value in table.items():
        key = f"{prefix}.{name}"
        if isinstance(value, dict):
            _flatten(key, value, found)
        else:
            found[key] = str(value)
