"""The words of the app: every key that the code names is there, in every language."""

import ast
import string
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ae_core.image_sets import LABEL_NAMES
from pages.shared.text import FALLBACK, entries, languages, slug

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


@pytest.mark.parametrize("language", languages())
def test_every_label_of_an_image_set_has_words(language):
    labels = {label for names in LABEL_NAMES.values() for label in names}
    wanted = {f"model.label.{slug(label)}" for label in labels if not label.isdecimal()}
    assert wanted <= set(entries(language))


@pytest.mark.parametrize(
    ("option", "name"),
    [("My photo", "my-photo"), ("64×64 gray", "64-64-gray"), ("t-SNE", "t-sne"), ("(A)", "a")],
)
def test_an_option_of_the_address_gives_the_name_of_an_entry(option, name):
    assert slug(option) == name


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
