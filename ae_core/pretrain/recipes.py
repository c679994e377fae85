"""How the models that come with the app are trained: what `ae_core.pretrain.build` follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ae_core.data.catalog import IMAGE_SETS, ImageSetCard
from ae_core.models import weights
from ae_core.models.pretrained import Card, NoiseResult
from ae_core.sentences import say
from ae_core.specs import DenoiserSpec, TrainingSpec, change, preset


@dataclass(frozen=True)
class Recipe:
    """What is trained for the app.

    Attributes:
        preset: where it starts from, the recipe's own name if empty.
        changes: of the preset's settings.
        title: instead of the preset's.
        rounded: the step to which weights are rounded to fit into the repository, in standard
            deviations of their array; 0 for float16.
        samples: whether a sheet of random pictures is kept next to the weights.
    """

    preset: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    rounded: float = 0.0
    samples: bool = False


# Two numbers and 30 epochs of all 70,000 digits as in keras.io's generative/vae (there 140.15 + KL
# 6.80 nats); with a hidden dense layer of 128 rather than 16 units, and one before the code's map.
_IN_A_PLANE: Mapping[str, str | int | float] = {
    "encoder": "conv32/2, conv64/2, dense128",
    "decoder": "dense128, dense3136, reshape7x7x64, convT64/2, convT32/2",
    "split": "none",
    "activation": "elu",  # ReLUs that had died left gray blocks in every picture
    "schedule": "cosine",
    "max_seconds": 7200,
}
_FACES: Mapping[str, str | int | float] = {"epochs": 240, "precision": "float32"}
RECIPES: Mapping[str, Recipe] = {
    # With a price for numbers that depend on each other, numbers come to match the known factors.
    "toy-faces-vae": Recipe(
        changes={
            "epochs": 150,
            "schedule": "cosine",
            "batch_size": 128,
            "sigma": 0.08,
            "total_correlation": 25.0,
        }
    ),
    "digits-dense": Recipe(changes={"epochs": 100}),
    "mnist-conv": Recipe(changes={"epochs": 60, "precision": "float32"}),
    # Three of one seed and size.
    "mnist-ae-2d": Recipe(changes=_IN_A_PLANE),
    "mnist-vae-2d": Recipe(changes=_IN_A_PLANE),
    "mnist-beta-vae-2d": Recipe(
        "mnist-vae-2d", {**_IN_A_PLANE, "beta": 4.0}, "MNIST, β-VAE, 2 numbers"
    ),
    # The preset's 16 hidden units would be the narrowest place, not the code of 20.
    "mnist-vae": Recipe(
        changes={
            "encoder": "conv32/2, conv64/2, dense128",
            "activation": "elu",
            "schedule": "cosine",
            "max_seconds": 7200,
        }
    ),
    "faces-ae": Recipe(changes=_FACES, rounded=0.12),
    "faces-ae-32": Recipe(
        "faces-ae", {**_FACES, "latent_dim": 32}, "Faces in the wild, 32 numbers", rounded=0.12
    ),
    "faces-vae": Recipe(
        changes={
            "encoder": "dense896, dense896",
            "decoder": "dense896, dense896",
            "epochs": 120,
            "precision": "float32",
        },
        rounded=0.12,
        samples=True,
    ),
    "olivetti-denoising": Recipe(rounded=weights.STEP),
    "olivetti-denoising-heteroscedastic": Recipe(
        "olivetti-denoising",
        {"noise_kind": "heteroscedastic"},
        "Olivetti faces, trained on noise with a σ per pixel",
        rounded=weights.STEP,
    ),
}
DENOISERS: Mapping[str, DenoiserSpec] = {"face-denoiser": DenoiserSpec()}


def recipe(name: str) -> TrainingSpec:
    """Return the autoencoder that `python -m ae_core pretrain` trains under a name.

    Raises:
        ValueError: there is no such model.
    """
    if name not in RECIPES:
        raise ValueError(f"name={name[:40]} must be one of {', '.join(RECIPES)}")
    return change(preset(RECIPES[name].preset or name).spec, **RECIPES[name].changes)


def card_for(name: str, figures: dict[str, float], trials: tuple[NoiseResult, ...] = ()) -> Card:
    """Return the card of an autoencoder that was just trained."""
    start = preset(RECIPES[name].preset or name)
    spec = recipe(name)
    images = IMAGE_SETS[spec.image_set]
    pictures = f"{images.train_count:,} training pictures, {images.test_count:,} held out"
    if spec.split == "none":
        pictures = f"all {images.train_count + images.test_count:,} pictures, none held out"
    return Card(
        name=name,
        title=RECIPES[name].title or say(f"preset.{start.name}.title"),
        spec=spec,
        about=say(f"preset.{start.name}.about"),
        figures=figures,
        trials=trials,
        data=f"{_words(images, 'title')}: {pictures}",
        terms=_words(images, "terms"),
        not_for="Not for recognising people or reading handwriting: it was made for teaching.",
    )


def denoiser_card(name: str, people: int, trials: tuple[NoiseResult, ...]) -> Card:
    """Return the card of a denoiser that was just trained on so many people."""
    images = IMAGE_SETS[DENOISERS[name].image_set]
    return Card(
        name=name,
        title="Face denoiser, any size",
        spec=DENOISERS[name],
        about="Fully convolutional; it is told neither the kind of the noise nor its level.",
        figures={},
        trials=trials,
        data=f"{_words(images, 'title')}: {images.train_count:,} pictures of {people:,} "
        f"people; the figures are of {images.test_count:,} pictures of other people. "
        "Mostly photos of well-known adults in the news about the year 2003, most of them men "
        "with light skin: on other faces it may do worse.",
        terms=_words(images, "terms"),
        not_for="Not for recognising people, and no evidence: what it draws under noise is "
        "likely, not true.",
    )


def _words(images: ImageSetCard, part: str) -> str:
    return say(f"pictures.{images.name}.{part}")
