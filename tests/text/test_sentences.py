import pickle
from datetime import date

import numpy as np
import pytest

from ae_core.errors import Message, StorageError, UserError
from ae_core.text.sentences import entries, languages, number, say, sentence


def test_an_error_keeps_key_and_values_on_its_way_from_a_worker():
    error = StorageError("between", name="latent_dim", value=0, low=1, high=4096)
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is StorageError
    assert (again.key, again.values) == (error.key, error.values)


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en", "Latent dimensions (latent_dim): choose a number between 1 and 4,096, not 0."),
        ("de", ": Wähle eine Zahl zwischen 1 und 4.096, nicht 0."),
    ],
)
def test_a_sentence_writes_numbers_as_its_language_does(language, wanted):
    error = UserError("between", name="latent_dim", value=0, low=1, high=4096)
    assert sentence(error, language).endswith(wanted.split(" (", 1)[-1])


@pytest.fixture
def entry(monkeypatch):
    """Return what an entry of one's own says."""

    def said(template, language="en", **values):
        known = {**entries(language), "own.entry": template}
        monkeypatch.setattr("ae_core.text.sentences.entries", lambda _: known)
        return say("own.entry", language, **values)

    return said


@pytest.mark.parametrize(
    ("template", "values", "english", "german"),
    [
        ("{n:n image}", {"n": 1}, "1 image", "1 Bild"),
        ("{n:n image}", {"n": 12_500}, "12,500 images", "12.500 Bilder"),
        ("{n:.1f} dB", {"n": 20.06}, "20.1 dB", "20,1 dB"),
        ("{n}", {"n": 0.05}, "0.05", "0,05"),
        ("{n}", {"n": 1e-6}, "0.000001", "0,000001"),
        ("{n}", {"n": 1.25e-5}, "0.0000125", "0,0000125"),
        ("{n}", {"n": 1e-7}, "1e-07", "1e-07"),
        ("{n}", {"n": True}, "True", "True"),
        ("{n:.0%}", {"n": 0.64}, "64%", "64\N{NO-BREAK SPACE}%"),
        ("{d}", {"d": date(2026, 11, 28)}, "November 28, 2026", "28. November 2026"),
        ("{c:or}", {"c": ("a", "b", "c")}, "a, b, or c", "a, b oder c"),
        ("{c}", {"c": ("a", 2)}, "a, 2", "a, 2"),
        ("{v}", {"v": "x" * 199}, "x" * 199, "x" * 199),
        ("{v}", {"v": "{n} **bold**"}, "{n} **bold**", "{n} **bold**"),
    ],
)
def test_fields(entry, template, values, english, german):
    assert entry(template, "en", **values) == english
    assert entry(template, "de", **values) == german


@pytest.mark.parametrize(
    ("value", "form", "english", "german"),
    [
        (20.06, ".1f", "20.1", "20,1"),
        (np.float32(-2.866), ".3f", "−2.866", "−2,866"),
        (-3, "", "−3", "−3"),
        (-1234.5, "", "−1,234.5", "−1.234,5"),
        (-1e-05, "g", "−1e-05", "−1e-05"),
        (-0.04, ".1f", "0.0", "0,0"),
        (-0.004, ".0%", "0%", "0\N{NO-BREAK SPACE}%"),
        (float("-inf"), "", "−inf", "−inf"),
        (np.int64(534_032), ",", "534,032", "534.032"),
        (1210.4, ",.0f", "1,210", "1.210"),
        (0.955, ".1%", "95.5%", "95,5\N{NO-BREAK SPACE}%"),
        (8.66, "+.1f", "+8.7", "+8,7"),
        (1e-05, "g", "1e-05", "1e-05"),
        (4096, "", "4,096", "4.096"),
    ],
)
def test_a_number_is_written_as_a_language_writes_it(value, form, english, german):
    assert (number(value, form), number(value, form, "de")) == (english, german)


def test_a_message_in_a_message_becomes_its_sentence(entry):
    inner = Message.of("between", name="epochs", value=5000, low=1, high=2000)
    assert entry("No: {problem}", problem=inner).startswith("No: Epochs: choose a number between")


@pytest.mark.parametrize("name", ["layers", "x" * 500])
def test_a_message_quotes_no_more_than_a_visitor_has_to_see(name):
    error = UserError("layers", name=name, value="x" * 500, examples="y" * 500)
    assert all(len(sentence(error, language)) < 450 for language in languages())


def test_there_are_two_languages():
    assert languages() == ("de", "en")
