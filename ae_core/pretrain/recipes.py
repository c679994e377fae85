"""The recipes of the models that come with the app, for `ae_core.pretrain.build`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ae_core.models import weights
from ae_core.specs import DenoiserSpec, TrainingSpec, change, preset


@dataclass(frozen=True)
class Recipe:
    """The training recipe of a model that comes with the app.

    Attributes:
        preset: the preset that it starts from, the recipe's own name if empty.
        changes: changes to the preset's settings.
        quantized: the step of quantized weights, in standard deviations of their array, so that
            the file fits into the repository; 0 for float16.
        samples: whether a sheet of random images is stored next to the weights.
        shown: for some directions, how much of a change of the code the decoder shows.
        gray: changes to the recipe for a training on the same images in gray, from whose weights
            the one in colour begins; empty for the initial weights of its seed.
    """

    preset: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    quantized: float = 0.0
    samples: bool = False
    shown: Mapping[str, float] = field(default_factory=dict)
    gray: Mapping[str, Any] = field(default_factory=dict)


# Two dimensions and 30 epochs of all 70,000 digits as in keras.io's generative/vae (140.15 + KL
# 6.80 nats); with a hidden dense layer of 128 rather than 16 units, and one before the code's map.
_IN_A_PLANE: Mapping[str, str | int | float] = {
    "encoder": "conv32/2, conv64/2, dense128",
    "decoder": "dense128, dense3136, reshape7x7x64, convT64/2, convT32/2",
    "split": "none",
    "activation": "elu",  # with ReLU, dead units left gray blocks in every image
    "schedule": "cosine",
    "max_seconds": 7200,
}
_FACES: Mapping[str, str | int | float] = {"epochs": 240, "precision": "float32"}
_COLOUR: Mapping[str, str | int | float] = {"epochs": 60, "precision": "bfloat16"}
# How much of a smile in photos their drawings show, which are a little blurred: the slope between
# what MediaPipe 0.10.21 measures on both, of 931 people not trained on who look ahead.
_SHOWN: Mapping[str, float] = {"smile": 0.63}
RECIPES: Mapping[str, Recipe] = {
    # With a penalty on dependent dimensions, dimensions match the known factors: in gray. In colour
    # from the first epoch on, 120 epochs mixed them (mutual information gap 0.09 against 0.33).
    "toy-faces-vae": Recipe(
        changes={
            "epochs": 40,
            "learning_rate": 0.001,
            "schedule": "cosine",
            "batch_size": 128,
            "sigma": 0.14,  # 0.08·√3: three channels weigh as much against the KL as one in gray
            "total_correlation": 25.0,
            "max_seconds": 7200,
        },
        gray={"channels": 1, "epochs": 150, "learning_rate": 0.002, "sigma": 0.08},
    ),
    "digits-dense": Recipe(changes={"epochs": 100}),
    "mnist-conv": Recipe(changes={"epochs": 60, "precision": "float32"}),
    # Three models with the same seed and size.
    "mnist-ae-2d": Recipe(changes=_IN_A_PLANE),
    "mnist-vae-2d": Recipe(changes=_IN_A_PLANE),
    "mnist-beta-vae-2d": Recipe("mnist-vae-2d", {**_IN_A_PLANE, "beta": 4.0}),
    # The preset's 16 hidden units would be the bottleneck, not the code of 20.
    "mnist-vae": Recipe(
        changes={
            "encoder": "conv32/2, conv64/2, dense128",
            "activation": "elu",
            "schedule": "cosine",
            "max_seconds": 7200,
        }
    ),
    "faces-ae": Recipe(changes=_FACES, quantized=0.12),
    "faces-ae-32": Recipe("faces-ae", {**_FACES, "latent_dim": 32}, quantized=0.12),
    "faces-vae": Recipe(
        changes={
            "encoder": "dense896, dense896",
            "decoder": "dense896, dense896",
            "epochs": 120,
            "precision": "float32",
        },
        quantized=0.12,
        samples=True,
    ),
    # Sharper at eyes and mouth than at the edge, where only hair and background are.
    "faces": Recipe(
        changes={**_COLOUR, "epochs": 100}, quantized=weights.STEP, samples=True, shown=_SHOWN
    ),
    "faces-plain": Recipe(changes=_COLOUR, quantized=weights.STEP),
    "olivetti-denoising": Recipe(quantized=weights.STEP),
    "olivetti-denoising-heteroscedastic": Recipe(
        "olivetti-denoising",
        {"noise_kind": "heteroscedastic"},
        quantized=weights.STEP,
    ),
}
DENOISERS: Mapping[str, DenoiserSpec] = {
    "face-denoiser": DenoiserSpec(),
    "face-denoiser-colour": DenoiserSpec(
        "lfw-faces",
        channels=3,
        steps=14_000,
        second_steps=20_000,
        learning_rate=5e-4,
        faintest=5e-4,
    ),
}
# The denoisers in colour, and those for gray images that come with the app and that they begin as.
BEGINS_WITH: Mapping[str, str] = {"face-denoiser-colour": "face-denoiser"}


def recipe(name: str) -> TrainingSpec:
    """Return the autoencoder that `python -m ae_core pretrain` trains under a name.

    Raises:
        ValueError: there is no such model.
    """
    if name not in RECIPES:
        raise ValueError(f"name={name[:40]} must be one of {', '.join(RECIPES)}")
    return change(preset(RECIPES[name].preset or name), **RECIPES[name].changes)
