"""The app's presets, image sets and models in the visitor's language.

The core has words of its own for each, in English; what the visitor's language does not know, like
a set that somebody made, is shown in those.
"""

from ae_core.data.loading import card
from ae_core.models.pretrained import Card
from ae_core.specs import DenoiserSpec
from pages.ui.i18n.text import slug, text, text_or


def preset_title(name: str) -> str:
    """Return a preset's title."""
    return text(f"preset.{name}.title")


def preset_about(name: str) -> str:
    """Return a sentence about a preset."""
    return text(f"preset.{name}.about")


def image_set_title(name: str) -> str:
    """Return an image set's title; that of an own one is a visitor's words.

    Raises:
        ValueError: there is no such set.
    """
    known = card(name)
    if known.user_made:
        return known.title or text("pictures.gone")
    return text(f"pictures.{name}.title")


def image_set_about(name: str) -> str:
    """Return a sentence about an image set.

    Raises:
        ValueError: there is no such set.
    """
    known = card(name)
    if known.user_made:
        return text("pictures.own", count=known.train_count + known.test_count)
    return text(f"pictures.{name}.about")


def model_title(model: Card) -> str:
    """Return the title of a model that comes with the app."""
    return text_or(f"model.card.{model.name}.title", model.title)


def model_about(model: Card) -> str:
    """Return a sentence about a model."""
    return text_or(f"model.card.{model.name}.about", model.about)


def model_data(model: Card) -> str:
    """Return what a model was trained on."""
    return text_or(f"model.card.{model.name}.data", model.data)


def model_terms(model: Card) -> str:
    """Return the terms of a model's data."""
    return text_or(f"pictures.{model.spec.image_set}.terms", model.terms)


def model_not_for(model: Card) -> str:
    """Return what a model must not be used for."""
    kind = "denoiser" if isinstance(model.spec, DenoiserSpec) else "autoencoder"
    return text(f"model.not_for.{kind}")


def label_in_words(label: str) -> str:
    """Return a class or factor of an image set in words; classes of digits are digits.

    Raises:
        KeyError: no image set has such a label.
    """
    return label if label.isdecimal() else text(f"model.label.{slug(label)}")
