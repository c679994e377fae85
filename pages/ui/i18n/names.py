"""Titles and descriptions of presets, image sets and models, in the visitor's language."""

from ae_core.data.loading import card
from ae_core.models.pretrained import ModelCard
from ae_core.specs import DenoiserSpec, TrainingSpec
from pages.ui.i18n.text import slug, text


def preset_title(name: str) -> str:
    """Return a preset's title."""
    return text(f"preset.{name}.title")


def preset_about(name: str) -> str:
    """Return a sentence about a preset."""
    return text(f"preset.{name}.about")


def image_set_title(name: str) -> str:
    """Return an image set's title; the title of a user set is a visitor's text.

    Raises:
        UserError: there is no such set.
    """
    known = card(name)
    if known.user_made:
        return known.title or text("pictures.gone")
    return text(f"pictures.{name}.title")


def image_set_about(name: str) -> str:
    """Return a sentence about an image set.

    Raises:
        UserError: there is no such set.
    """
    known = card(name)
    if known.user_made:
        return text("pictures.own", count=known.train_count + known.test_count)
    return text(f"pictures.{name}.about")


def enlarged_note(spec: TrainingSpec) -> str:
    """Return a sentence about images that are larger than their set has them, "" of others."""
    known = card(spec.image_set)
    side, shown = known.native_size, known.side(spec.image_size)
    if side >= shown:
        return ""
    return text(
        "pictures.enlarged", side=side, values=side * side * known.channels_for(spec.channels)
    )


def model_title(model: ModelCard) -> str:
    """Return the title of a model that comes with the app."""
    return text(f"model.card.{model.name}.title")


def model_about(model: ModelCard) -> str:
    """Return a sentence about a model."""
    return text(f"model.card.{model.name}.about")


def model_data(model: ModelCard) -> str:
    """Return how many images a model was trained on and, of faces, whose they are."""
    images = card(model.spec.image_set)
    train, test = images.train_count, images.test_count
    counts = {"train": train, "test": test, "count": train + test}
    split = "held-out" if isinstance(model.spec, DenoiserSpec) else model.spec.split
    said = text(f"model.split.{split}", title=image_set_title(images.name), **counts)
    return f"{said} {text(f'pictures.{images.name}.people')}" if images.kind == "faces" else said


def model_not_for(model: ModelCard) -> str:
    """Return a model's forbidden uses."""
    kind = "denoiser" if isinstance(model.spec, DenoiserSpec) else "autoencoder"
    return text(f"model.not_for.{kind}")


def label_in_words(label: str) -> str:
    """Return the name of a class or factor of an image set; classes of digits are digits.

    Raises:
        KeyError: no image set has such a label.
    """
    return label if label.isdecimal() else text(f"model.label.{slug(label)}")
