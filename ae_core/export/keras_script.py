"""A run as a Keras script that stands alone: the same pictures, network and training, as text.

It knows in which order the parts come; what each says is in ``keras_…_code``. Nothing here runs
Keras: the page shows the script before anything is trained.
"""

from dataclasses import dataclass

from ae_core.data.loading import card
from ae_core.export import (
    script_corruption,
    script_data,
    script_loss,
    script_network,
    script_training,
)
from ae_core.models.precision import resolve_precision
from ae_core.models.shapes import Shape
from ae_core.sentences import say
from ae_core.specs import TrainingSpec

RULE = 100  # characters a line


@dataclass(frozen=True)
class Part:
    """One part of the script.

    Attributes:
        name: ``settings``, ``pictures``, ``network``, ``pca``, ``noise``, ``loss``, ``training``.
        title: what it is about, in words.
        code: its lines.
    """

    name: str
    title: str
    code: str


def source(spec: TrainingSpec, image_shape: Shape) -> str:
    """Return a script that trains a spec on its pictures (H, W, C) with Keras alone.

    It draws the same first weights, the same order and the same noise as
    `ae_core.training.loop.fit`, and prints the same figures after every epoch. Pictures come as
    `keras_pictures_code` says.

    Raises:
        ValueError: the layers do not fit; see `ae_core.models.shapes.infer_shapes`.
    """
    first, *rest = parts(spec, image_shape)
    blocks = [
        f'"""{about(spec, image_shape)}\n\n{how_to_run(spec, image_shape)}\n"""\n\n{first.code}'
    ]
    for part in rest:
        gap = "\n\n\n" if part.code.startswith(("def ", "@")) else "\n"
        blocks.append(f"{_heading(part.title)}{gap}{part.code}")
    return "\n\n".join(blocks) + "\n"


def about(spec: TrainingSpec, image_shape: Shape) -> str:
    """Return in one line what is trained."""
    height, width, _ = image_shape
    kind = {"plain": "An", "sparse": "A sparse", "variational": "A variational"}
    # A visitor's name of an own set is no text for a script that others run.
    own = card(spec.image_set).user_made
    title = "own pictures" if own else say(f"pictures.{spec.image_set}.title")
    numbers = spec.autoencoder.latent_dim
    return (
        f"{kind[spec.autoencoder.bottleneck]} autoencoder for {title}: "
        f"{height}×{width} pixels → {numbers} number{'s' if numbers > 1 else ''} → "
        f"{height}×{width} pixels."
    )


def how_to_run(spec: TrainingSpec, image_shape: Shape) -> str:
    """Return in a few lines what the script needs and what may be expected of it."""
    imported = _imports(spec, image_shape)
    more = " scikit-learn" if "sklearn" in imported else ""
    more += " pillow" if "PIL" in imported else ""
    beside = f"\nNeeds {script_data.PICTURE_FILE} in the folder in which it is run."
    return (
        "Made by Autoencoder Lab from the settings of a run, whose figures it prints. In a\n"
        "long run, or on another kind of machine, differences in the last digit grow.\n"
        f"Needs: pip install tensorflow keras numpy{more}"
        f"{beside if script_data.needs_file(spec) else ''}"
    )


def parts(spec: TrainingSpec, image_shape: Shape) -> tuple[Part, ...]:
    """Return the parts of the script in their order; see `source`."""
    found = [
        Part("settings", "Settings", f"{_imports(spec, image_shape)}\n\n{_settings(spec)}"),
        Part(
            "pictures",
            "Pictures: (N, rows, columns, 1), pixels from 0 to 1",
            script_data.loading(spec, image_shape),
        ),
        Part("network", "The network", script_network.network(spec, image_shape)),
    ]
    if spec.autoencoder.pca_components:
        start = script_data.pca_start(spec.autoencoder)
        found.append(Part("pca", "It starts as a principal component analysis", start))
    changes = []
    if script_loss.corrupts(spec):
        changes.append(script_corruption.corruption(spec.corruption, image_shape))
    if spec.augment != "none":
        changes.append(script_corruption.augmentation(spec))
    if changes:
        found.append(Part("noise", "What is done to the pictures", "\n\n\n".join(changes)))
    terms = [script_loss.loss(spec)]
    if script_loss.has_total_correlation(spec):
        terms.insert(0, script_loss.TOTAL_CORRELATION)
    training = (
        script_training.steps(spec),
        script_training.AVERAGES,
        script_training.loop(spec),
    )
    return (
        *found,
        Part("loss", "The loss", "\n\n\n".join(terms)),
        Part("training", "Training", "\n\n\n".join(training)),
    )


def _heading(title: str) -> str:
    return f"# --- {title} ".ljust(RULE - 1, "-")


def _imports(spec: TrainingSpec, image_shape: Shape) -> str:
    initializer = script_network.INITIALIZERS[spec.autoencoder.initializer]
    third = [
        "import keras",
        "import numpy as np",
        "import tensorflow as tf",
        "from keras import layers, ops",
        f"from keras.initializers import {initializer}",
        *script_data.imports(spec, image_shape),
    ]
    if spec.autoencoder.pca_components:
        third.append("from sklearn.decomposition import PCA")
    straight = [line for line in third if line.startswith("import ")]
    rest = sorted((line for line in third if line not in straight), key=_module)
    return "\n".join(["import itertools", "import math", "", *straight, *rest])


def _module(line: str) -> str:
    """Return what the imports are sorted by."""
    return line.split()[1].lower()


def _settings(spec: TrainingSpec) -> str:
    own = spec.autoencoder
    settings: list[tuple[str, object, str]] = [
        ("SEED", spec.seed, "of the first weights, the order of the pictures and all noise"),
        ("EPOCHS", spec.epochs, ""),
        ("BATCH_SIZE", spec.batch_size, ""),
    ]
    if spec.steps_per_epoch:
        settings.append(("STEPS_PER_EPOCH", spec.steps_per_epoch, "not all pictures every time"))
    if spec.loss == "gaussian-nll":
        settings.append(("SIGMA", spec.sigma, "how far pixels may be off"))
    if own.bottleneck == "variational":
        settings.append(("BETA", own.beta, "weight of the KL divergence"))
    if script_loss.has_total_correlation(spec):
        settings.append(("TOTAL_CORRELATION", own.total_correlation, "weight of that term"))
    if own.bottleneck == "sparse":
        settings.append(("SPARSITY", own.sparsity, "λ, the price of an active unit of the code"))
    if resolve_precision(spec) == "bfloat16":
        settings.append(
            (script_network.HALF, '"mixed_bfloat16"', "computed in 16 bits, kept in 32")
        )
    return "\n".join(
        f"{name} = {value}" + (f"  # {comment}" if comment else "")
        for name, value, comment in settings
    )
