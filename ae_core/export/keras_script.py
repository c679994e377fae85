"""Exports a run as a standalone Keras script with the same images, network and training.

``keras_script.py.jinja`` is the template of the script; its equations are the source of the app's
own functions. Nothing here runs Keras: the page shows the script before anything is trained.

If a library has the image set, the script loads it from there, exactly as `ae_core.data.readers`
does. It reads toy faces, faces in the wild and visitors' sets from the file ``pictures.npz`` beside
it, which `ae_core.export.files.picture_file` creates.
"""

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ae_core.data.loading import card
from ae_core.export.script_network import INITIALIZERS, network
from ae_core.metrics import NEAR_ZERO
from ae_core.models.pca_init import encoder_projection, pca_weights, weighted_codes
from ae_core.models.precision import resolve_precision
from ae_core.models.shapes import Shape
from ae_core.specs import TrainingSpec
from ae_core.specs.augmentation import AUGMENTATIONS
from ae_core.specs.losses import LOSSES
from ae_core.specs.noise import NOISES
from ae_core.text.sentences import say
from ae_core.training.batches import EVALUATED_AT_ONCE, WARMUP_SHARE

PICTURE_FILE = "pictures.npz"
_KERAS_SETS = {"mnist": "mnist", "fashion-mnist": "fashion_mnist"}
_OPTIMIZERS = {"adam": "Adam", "rmsprop": "RMSprop", "sgd": "SGD"}
_HEADING = re.compile(r"^# --- (.+) ---$", re.MULTILINE)
_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    trim_blocks=True,
    keep_trailing_newline=True,
    undefined=StrictUndefined,
)


@dataclass(frozen=True)
class Part:
    """One part of the script.

    Attributes:
        title: its heading.
        code: its lines.
    """

    title: str
    code: str


def source(spec: TrainingSpec, image_shape: Shape) -> str:
    """Return a script that trains a spec on its images (H, W, C) with Keras alone.

    It draws the same initial weights, the same order and the same noise as
    `ae_core.training.loop.fit`, and prints the same metrics after every epoch.

    Raises:
        UserError: the layers do not fit; see `ae_core.models.shapes.infer_shapes`.
    """
    body = _HEADING.sub(lambda found: found[0].ljust(99, "-"), _body(spec, image_shape))
    head = f"{about(spec, image_shape)}\n\n{how_to_run(spec, image_shape)}"
    return f'"""{head}\n"""\n\n{body}'


def parts(spec: TrainingSpec, image_shape: Shape) -> tuple[Part, ...]:
    """Return the parts of the script in order; see `source`."""
    titled = ["Settings", *_HEADING.split(_body(spec, image_shape))]
    pairs = zip(titled[::2], titled[1::2], strict=True)
    return tuple(Part(title, code.strip()) for title, code in pairs)


def about(spec: TrainingSpec, image_shape: Shape) -> str:
    """Return one line about what the script trains."""
    height, width, _ = image_shape
    kind = spec.autoencoder.bottleneck
    # Other people run the script, so it does not contain a visitor's title for a set.
    own = card(spec.image_set).user_made
    title = "own pictures" if own else say(f"pictures.{spec.image_set}.title")
    numbers = spec.autoencoder.latent_dim
    return (
        f"{'An' if kind == 'plain' else f'A {kind}'} autoencoder for {title}: "
        f"{height}×{width} pixels → {numbers} number{'s' if numbers > 1 else ''} → "
        f"{height}×{width} pixels."
    )


def how_to_run(spec: TrainingSpec, image_shape: Shape) -> str:
    """Return a few lines about the script's requirements and its results."""
    body = _body(spec, image_shape)
    more = " scikit-learn" if "from sklearn" in body else ""
    beside = f"\nNeeds {PICTURE_FILE} in the folder in which it is run."
    return (
        "Made by Autoencoder Lab from the settings of a run, whose figures it prints. In a\n"
        "long run, or on another kind of machine, differences in the last digit grow.\n"
        f"Needs: pip install tensorflow keras numpy pillow{more}"
        f"{beside if needs_file(spec) else ''}"
    )


def needs_file(spec: TrainingSpec) -> bool:
    """Return whether the script reads its images from ``pictures.npz``."""
    return spec.image_set not in (*_KERAS_SETS, "digits", "olivetti")


def functions(each: Iterable[Callable[..., Any]]) -> str:
    """Return the source of the app's functions for the script.

    It has no types, only the first line of each docstring, and uses ``ops`` and ``tf`` from the
    script's imports where the app passes them as arguments.
    """
    return "\n\n\n".join(map(_function, each))


def _function(function: Callable[..., Any]) -> str:
    body = re.split(r"-> .+:\n", inspect.getsource(function), maxsplit=1)[1].rstrip()
    body = re.sub(r'"""(.+)\n[^"]*"""', r'"""\1"""', body, count=1).replace(", ops)", ")")
    given = inspect.signature(function).parameters.values()
    names = [str(p.replace(annotation=p.empty)) for p in given if p.name not in ("ops", "tf")]
    return f"def {function.__name__}({', '.join(names)}):\n{body}"


@lru_cache(maxsize=8)
def _body(spec: TrainingSpec, image_shape: Shape) -> str:
    """Return the script without its docstring, each part below its heading."""
    own, loss = spec.autoencoder, LOSSES[spec.loss]
    height, width, _ = image_shape
    native = card(spec.image_set).native_size
    edge = (height - native) // 2
    held_out = spec.split == "held-out"
    corrupts = spec.corruption.active and spec.corruption.noise_stage == "batch"
    draws = corrupts or own.is_variational
    scaled = own.pixel_scale != 1
    visible = f"x_hat / {float(own.pixel_scale)}" if scaled else "x_hat"
    if own.output_activation != "sigmoid":
        visible = f"ops.clip({visible}, 0.0, 1.0)"
    early = own.pca_components and loss.log_sigmas  # the start counts pixels as the loss does
    given = ["x * " + str(float(own.pixel_scale)) if scaled else "x", "x_hat"]
    return _TEMPLATES.get_template("keras_script.py.jinja").render(
        spec=spec,
        own=own,
        loss=loss,
        loss_call=", ".join([*given, "SIGMA"] if loss.has_sigma else given),
        terms=[(term, weight, say(f"code.term.{term.name}")) for term, weight in own.terms],
        noise=NOISES[spec.corruption.noise_kind] if corrupts else None,
        augmentation=AUGMENTATIONS[spec.augment],
        augments=spec.augment != "none",
        seed_of={"normal": 1, "uniform": 2},
        functions=functions,
        pca=[
            *((loss.log_sigmas, weighted_codes) if early else ()),
            *(encoder_projection, pca_weights),
        ],
        loss_functions=loss.functions[-1:] if early else loss.functions,
        initializer=INITIALIZERS[own.initializer],
        optimizer=_OPTIMIZERS[spec.optimizer],
        network=network(spec, image_shape),
        half=resolve_precision(spec) == "bfloat16",
        file=PICTURE_FILE if needs_file(spec) else "",
        keras_set=_KERAS_SETS.get(spec.image_set, ""),
        sides=["train", "test"] if held_out else ["train"],
        margin=((0, 0), (edge, edge), (edge, edge), (0, 0)) if edge else None,
        resized=(width, height) if height != native else None,
        held_out=held_out,
        number="number, " if draws else "",
        numbered=draws or spec.augment != "none",
        seen="corrupted(x, number)" if corrupts else "x",
        visible=visible,
        code="mean" if own.is_variational else "z",
        near_zero=NEAR_ZERO,
        evaluated=EVALUATED_AT_ONCE,
        warmup=WARMUP_SHARE,
    )
