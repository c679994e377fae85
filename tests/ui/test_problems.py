"""What the core raises, in every language: each sentence has a template, and the pages use it."""

import ast
import random
import re
import string

import pytest
from streamlit.testing.v1 import AppTest

from ae_core.errors import StorageError, UnknownThing
from ae_core.sentences import FALLBACK, entries, languages
from ae_core.specs import LIMITS, change, from_query, preset
from pages.ui.i18n.phrasebook import LONGEST, PHRASE, SENTENCE, Phrasebook
from pages.ui.i18n.text import PROBLEMS, phrasebook
from tests.helpers.app_page import SOURCES
from tests.helpers.core_sentences import VALUE, probes, unread

TEMPLATES = {key: entry for key, entry in entries(FALLBACK).items() if key.startswith(PROBLEMS)}
OTHERS = [name for name in languages() if name != FALLBACK]
ENGLISH = Phrasebook(TEMPLATES, TEMPLATES)
# Sentences whose particular words are not in the code as one: the name of files, two of them
# joined when a run ends, and what leads into a lesson's file.
PUT_TOGETHER = (
    f"files=over {VALUE} MB must be at most {VALUE} MB in all, unpacked: take fewer or smaller "
    "pictures",
    f"{VALUE} The run could not be saved in {VALUE}: {VALUE}. Make room there, or set AE_RUNS_DIR "
    "to another folder.",
)


def names(template):
    return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]


def keys_of(sentence, kind=SENTENCE):
    """The templates that a sentence is made from, and the values that are no sentences."""
    found = ENGLISH.entry(sentence, kind)
    if found is None:
        return set(), [sentence]
    key, values = found
    keys, rest = {key}, []
    for name, value in values.items():
        if name in (SENTENCE, PHRASE) and value.replace(VALUE, ""):
            inner = keys_of(value, name)
            keys, rest = keys | inner[0], rest + inner[1]
        else:
            rest.append(value)
    return keys, rest


def is_value(text):
    """Whether nothing of it needs words: a value, a name of a setting, a list, a shape."""
    return re.search(r"[A-Za-z]{2}\s|\s[A-Za-z]{2}", text) is None


def test_every_sentence_of_the_core_has_a_template():
    without = {}
    for sentence, place in probes().items():
        keys, rest = keys_of(sentence)
        if not keys or not all(map(is_value, rest)):
            without[place] = sentence.replace(VALUE, "…")
    assert without == {}


def test_every_exception_of_the_core_was_looked_at():
    assert unread() == set()
    assert len(probes()) > 120


def test_every_template_is_of_a_sentence():
    said = [*PUT_TOGETHER, *(sentence for several in (1, 2, 3, 4) for sentence in probes(several))]
    used = {key for sentence in said for key in keys_of(sentence)[0]}
    assert set(TEMPLATES) - used == set()


@pytest.mark.parametrize("key", TEMPLATES)
def test_no_template_names_a_value_twice_and_values_have_words_between_them(key):
    assert len(set(names(TEMPLATES[key]))) == len(names(TEMPLATES[key]))
    assert "}{" not in TEMPLATES[key].replace("}}", "").replace("{{", "")


def values_for(template, rng):
    """Words and numbers that are of no template; a phrase is one of those that there are."""
    letters = string.ascii_letters + string.digits + "äß_[]()*"
    values = {name: "".join(rng.choices(letters, k=rng.randint(1, 12))) for name in names(template)}
    return values | ({PHRASE: "at least two"} if PHRASE in values else {})


@pytest.mark.parametrize("key", TEMPLATES)
def test_a_sentence_keeps_its_values_and_changes_its_words(key):
    rng = random.Random(key)
    kind = PHRASE if key.startswith(f"{PROBLEMS}{PHRASE}.") else SENTENCE
    for _ in range(20):
        values = values_for(TEMPLATES[key], rng)
        sentence = TEMPLATES[key].format(**values)
        assert ENGLISH.entry(sentence, kind) == (key, values)
        assert ENGLISH.said(sentence, kind) == sentence
        for name in OTHERS:
            other = phrasebook(name).said(sentence, kind)
            assert all(value in other for word, value in values.items() if word != PHRASE)
            assert TEMPLATES[key] == entries(name)[key] or other != sentence


@pytest.mark.parametrize(
    "value", ["", "0 must be 1", "a=b=c", "x\ny", "{name}", "{0}", "\\1", "(?P<a>", "%s", "}}"]
)
def test_whatever_a_visitor_typed_stays_as_it_is(value):
    with pytest.raises(ValueError) as error:
        from_query({"preset": value})
    said = phrasebook("de").said(str(error.value))
    assert said.startswith(f"preset={value} muss eins hiervon sein: digits-dense, ")


def test_a_sentence_inside_another_is_said_too():
    full = StorageError(
        "The run could not be saved in /runs/a: No space left on device. Make room there, or set "
        "AE_RUNS_DIR to another folder."
    )
    said = phrasebook("de").said(f"Stopped in epoch 3. {full}")
    assert said.startswith("In Epoche 3 gestoppt. Der Lauf ließ sich nicht in /runs/a speichern: ")
    lesson = "a.toml, line 3: step.train.change={'x': 1} must be allowed: x=1 must be a number"
    assert phrasebook("de").said(lesson) == (
        "a.toml, Zeile 3: step.train.change={'x': 1} muss sein: erlaubt: x=1 muss eine Zahl sein"
    )


@pytest.mark.parametrize(
    "sentence", ["", "No such sentence.", "a=b", "must be", "latent_dim=3 must be nice"]
)
def test_what_no_template_fits_stays_as_it_is(sentence):
    assert phrasebook("de").said(sentence) == sentence


def test_a_long_text_is_not_searched_and_a_nasty_one_soon():
    nasty = "a=b must be between c and " * (LONGEST // 26)
    assert phrasebook("de").said(nasty).startswith("a=b muss zwischen c und ")
    assert phrasebook("de").said(nasty * 2) == nasty * 2
    deep = "a, line 1: b: " * (LONGEST // 14)
    assert "Zeile" in phrasebook("de").said(deep)


@pytest.mark.parametrize("name", OTHERS)
def test_the_core_s_own_errors_are_said(name):
    for make in (
        lambda: change(preset("digits-dense"), latent_dim=0),
        lambda: change(preset("digits-dense"), loss="nope"),
        lambda: LIMITS["beta"].check("beta", 1000),
    ):
        with pytest.raises(ValueError) as error:
            make()
        assert " must be " not in phrasebook(name).said(str(error.value))
    assert " must be " not in phrasebook(name).said(str(UnknownThing("unknown_run", id="abc")))


def test_pages_pass_what_was_raised_where_it_is_said_in_every_language():
    """To a notice, to `text` as its ``problem``, or on to somebody who does; never as it is."""
    astray = []
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        raised = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)}
        raised |= {f"str({name})" for name in raised if name}
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call):
                continue
            called = ast.unparse(call.func)
            given = {one.arg for one in call.keywords if ast.unparse(one.value) in raised}
            given |= {"" for one in call.args if ast.unparse(one) in raised}
            wrong = called.startswith("st.") or called.endswith("plain")
            if given and (wrong or (called == "text" and given != {SENTENCE})):
                astray.append(f"{path.name}:{call.lineno}")
    assert astray == []


def refused(query):
    def script():
        import streamlit as st

        from ae_core.errors import UnknownThing
        from pages.ui.i18n import notice
        from pages.ui.i18n.text import text

        error = UnknownThing("unknown_run", id="*abc*")
        notice.error(str(error))
        notice.warning(str(error))
        notice.info(text("train.unknown", problem=error))
        notice.toast(str(error))
        st.text(text("train.unknown", problem=str(error)))

    test = AppTest.from_function(script)
    for name, value in query.items():
        test.query_params[name] = value
    test.run()
    assert not test.exception
    boxes = [*test.error, *test.warning, *test.info, *test.toast, *test.text]
    return [re.sub(r"\\(.)", r"\1", box.value) for box in boxes]


def test_notices_speak_the_visitor_s_language():
    english, own = str(UnknownThing("unknown_run", id="*abc*")), "Your own runs are under Compare."
    said = refused({})
    assert said == [english, english, f"{english}. {own}", english, f"{english}. {own}"]
    german = refused({"lang": "de"})
    assert all(words.startswith("run=*abc* muss die Kennung") for words in german)
    assert not any(" must " in words for words in german)
