"""The words of the app: every key that the code names is there, in every language."""

import ast
import string
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared.text import FALLBACK, entries, languages

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]
OTHERS = [name for name in languages() if name != FALLBACK]


def named_keys():
    """Keys that the code writes out, and the beginnings of those that it puts together."""
    whole, beginnings = set(), set()
    for path in PAGES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            if not isinstance(node.func, ast.Name) or node.func.id != "text":
                continue
            for key in branches(node.args[0]):
                if isinstance(key, ast.Constant):
                    whole.add(key.value)
                elif isinstance(key, ast.JoinedStr):
                    beginnings.add(key.values[0].value)
    return whole, beginnings


def branches(key):
    return [key.body, key.orelse] if isinstance(key, ast.IfExp) else [key]


def places(entry):
    return sorted(name for _, name, _, _ in string.Formatter().parse(entry) if name)


def test_every_key_that_the_code_names_is_there():
    assert named_keys()[0] <= set(entries(FALLBACK))


def test_every_entry_is_used():
    whole, beginnings = named_keys()
    written = {
        node.value
        for path in PAGES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    unused = set(entries(FALLBACK)) - whole - written
    assert {key for key in unused if not key.startswith(tuple(beginnings))} == set()


@pytest.mark.parametrize("language", OTHERS)
def test_another_language_says_the_same_things(language):
    english, other = entries(FALLBACK), entries(language)
    assert set(other) == set(english)
    assert {key for key in english if places(english[key]) != places(other[key])} == set()


def shown(query):
    def script():
        import streamlit as st

        from pages.shared.text import text

        st.text(text("downloads.open"))

    test = AppTest.from_function(script)
    for name, value in query.items():
        test.query_params[name] = value
    return test.run().text[0].value


@pytest.mark.parametrize("query", [{}, {"lang": "en"}, {"lang": "xx"}, {"lang": "../en"}])
def test_english_is_what_an_unknown_language_falls_back_to(query):
    assert shown(query) == entries("en")["downloads.open"]
