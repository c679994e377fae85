"""The words of the app: every key that the code names is there, in every language."""

import ast
import json
import re
import string

import pytest
from streamlit.testing.v1 import AppTest

from ae_core.data.catalog import IMAGE_SETS
from ae_core.models.compatibility import network_shapes
from ae_core.models.pretrained import cards
from ae_core.pretrain.noise_benchmark import SAMPLE
from ae_core.runs.snapshot import LIVE
from ae_core.specs import CHOICES, PRESETS, TrainingSpec, flatten
from ae_core.specs.augmentation import AUGMENTATIONS
from ae_core.specs.losses import BOTTLENECKS, LOSSES
from ae_core.specs.noise import NOISES
from ae_core.storage.files import ROOT
from ae_core.text.sentences import FALLBACK, entries, languages, number
from pages.ui.charts.network_diagram import HEAD, network_drawing
from pages.ui.charts.network_diagram import WORDS as DRAWN
from pages.ui.i18n.names import image_set_title, model_data
from pages.ui.i18n.text import lowered, slug
from pages.ui.shell.asgi import WORDS
from tests.helpers.app_page import SOURCES

CURVES = (
    *("training", "held_out", "nats", "reconstruction", "kl"),
    *("code", "code_mean", "near_zero_share", "epoch"),
)
OTHERS = [name for name in languages() if name != FALLBACK]


def named_keys():
    """Keys that the code writes out, and the beginnings of those that it puts together."""
    whole, beginnings = set(), set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            tables = (each.value for each in node.keywords if each.arg == "words")
            beginnings |= {f"{key.value}." for key in tables if isinstance(key, ast.Constant)}
            if not isinstance(node.func, ast.Name) or node.func.id not in ("text", "text_or"):
                continue
            for key in branches(node.args[0]):
                if isinstance(key, ast.Constant):
                    whole.add(key.value)
                elif isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
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
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    unused = set(entries(FALLBACK)) - whole - written
    beginnings |= {"message.", "noun.", "summary."}  # found by what the core says
    beginnings.add(WORDS)  # found by what Streamlit's page says
    assert {key for key in unused if not key.startswith(tuple(beginnings))} == set()


@pytest.mark.parametrize("language", languages())
def test_every_label_of_an_image_set_has_words(language):
    labels = {label for card in IMAGE_SETS.values() for label in card.label_names}
    wanted = {f"model.label.{slug(label)}" for label in labels if not label.isdecimal()}
    assert wanted <= set(entries(language))


@pytest.mark.parametrize("language", languages())
def test_every_setting_and_status_has_a_label_and_every_preset_set_and_model_its_words(language):
    wanted = {f"settings.label.{name}" for name in flatten(TrainingSpec())}
    wanted |= {f"run.status.{status}" for status in (*LIVE, "finished", "stopped", "failed")}
    wanted |= {f"settings.choice.{name}" for name in (*LOSSES, *BOTTLENECKS, *NOISES)}
    wanted |= {f"settings.choice.{name}" for name in AUGMENTATIONS}
    wanted |= {f"settings.noise_amount.{noise.unit}" for noise in NOISES.values()}
    wanted |= {f"run.curve.{name}" for name in CURVES}
    wanted |= {f"train.drawing.{slug(word)}" for word in (*HEAD, *DRAWN)}
    wanted |= {f"preset.{name}.{part}" for name in PRESETS for part in ("title", "about")}
    wanted |= {f"pictures.{s}.{part}" for s in IMAGE_SETS for part in ("title", "about", "terms")}
    wanted |= {f"pictures.{s}.people" for s, each in IMAGE_SETS.items() if each.kind == "faces"}
    wanted |= {f"model.card.{m}.{part}" for m in cards() for part in ("title", "about")}
    assert wanted <= set(entries(language))


def test_the_english_words_are_the_core_s_own():
    said = entries("en")
    for name in PRESETS:
        assert said[f"preset.{name}.title"]
        assert said[f"preset.{name}.about"].endswith(".")
    own = {f"train.drawing.{slug(word)}": word for word in (*HEAD, *DRAWN)}
    assert {key: said[key] for key in own} == own


@pytest.mark.parametrize("name", cards())
def test_a_model_says_how_many_images_it_was_trained_on(name):
    spec = cards()[name].spec
    images, said = IMAGE_SETS[spec.image_set], model_data(cards()[name])
    assert said.startswith(f"{image_set_title(images.name)}: ")
    if isinstance(spec, TrainingSpec) and spec.split == "none":
        assert f" {images.train_count + images.test_count:,} " in said
    else:
        assert f" {images.train_count:,} " in said
        assert f" {images.test_count:,} " in said
    people = entries("en").get(f"pictures.{images.name}.people")
    assert (people is not None) == (images.kind == "faces")
    assert said.endswith(people or " held out.")


@pytest.mark.parametrize("language", languages())
def test_the_card_s_table_says_how_many_pictures_it_is_of(language):
    assert f" {SAMPLE} " in entries(language)["model.noise_results.sample"]


@pytest.mark.parametrize("language", languages())
def test_help_and_words_are_of_settings_and_choices_that_there_are(language):
    keys = [key.split(".", 2)[1:] for key in entries(language) if key.startswith("settings.")]
    settings = set(flatten(TrainingSpec()))
    assert {name for table, name in keys if table == "label"} == settings
    assert {name for table, name in keys if table in ("help", "short")} <= settings
    choices = {choice for options in CHOICES.values() for choice in options} | {"dense", "conv"}
    assert {name for table, name in keys if table == "choice"} <= choices


@pytest.mark.parametrize("name", PRESETS)
def test_the_drawing_of_a_network_is_in_the_reader_s_language(name):
    def german(word):
        return entries("de")[f"train.drawing.{slug(word)}"]

    spec = PRESETS[name]
    english, other = (network_drawing(network_shapes(spec), word) for word in (str, german))
    assert english == network_drawing(network_shapes(spec))
    for word in (*HEAD, *DRAWN):
        if german(word) != word:
            assert not re.search(rf">[^<]*\b{word}\b", other)
    assert english.count("<div") == other.count("<div")


@pytest.mark.parametrize(
    ("option", "name"),
    [("My photo", "my-photo"), ("64×64 gray", "64-64-gray"), ("t-SNE", "t-sne"), ("(A)", "a")],
)
def test_an_option_of_the_address_gives_the_name_of_an_entry(option, name):
    assert slug(option) == name


@pytest.mark.parametrize(
    ("words", "within"),
    [
        ("β, weight of the KL divergence", "β, weight of the KL divergence"),
        ("PCA components", "PCA components"),
        ("L1 penalty", "L1 penalty"),
        ("Picture size", "picture size"),
        ("Steps per epoch", "steps per epoch"),
    ],
)
def test_words_within_a_sentence_keep_abbreviations(words, within):
    assert lowered(words) == within


def test_scripts_in_the_browser_know_the_same_languages():
    script = (ROOT / "pages" / "ui" / "widgets" / "language.js").read_text(encoding="utf-8")
    (named,) = re.findall(r"const LANGUAGES = (\[.*?\]);", script)
    assert tuple(json.loads(named)) == languages()


@pytest.mark.parametrize("language", languages())
def test_a_model_whose_kl_divergence_has_a_weight_says_so(language):
    for name, card in cards().items():
        if isinstance(card.spec, TrainingSpec) and card.spec.autoencoder.is_variational:
            beta = number(card.spec.autoencoder.beta, "g", language)
            said = f"β = {beta}" in entries(language)[f"model.card.{name}.about"]
            assert said == (card.spec.autoencoder.beta != 1), name


def test_what_is_said_of_heteroscedastic_noise_is_what_was_measured():
    """Lesson 6: it makes hardly any difference, less than half a decibel."""
    results = [
        cards()[f"olivetti-denoising{end}"].noise_results for end in ("", "-heteroscedastic")
    ]
    gains = [two.denoised - one.denoised for one, two in zip(*results, strict=True)]
    assert max(map(abs, gains)) < 0.5


@pytest.mark.parametrize("language", OTHERS)
def test_another_language_says_the_same_things(language):
    english, other = entries(FALLBACK), entries(language)
    assert set(other) == set(english)
    assert {key for key in english if places(english[key]) != places(other[key])} == set()


def shown(query):
    def script():
        import streamlit as st

        from pages.ui.i18n.text import text

        st.text(text("downloads.open"))

    test = AppTest.from_function(script)
    for name, value in query.items():
        test.query_params[name] = value
    return test.run().text[0].value


@pytest.mark.parametrize("query", [{}, {"lang": "en"}, {"lang": "xx"}, {"lang": "../en"}])
def test_english_is_what_an_unknown_language_falls_back_to(query):
    assert shown(query) == entries("en")["downloads.open"]
