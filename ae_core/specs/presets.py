"""The specs that the app offers by name."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import ae_core.specs.recipes as recipes
from ae_core.errors import UserError
from ae_core.specs.training import TrainingSpec


@dataclass(frozen=True)
class Preset:
    """A named spec.

    Attributes:
        name: as in links and on the command line.
        title: as on the page.
        about: one sentence that a student understands.
        spec: what it sets.
    """

    name: str
    title: str
    about: str
    spec: TrainingSpec


def _with_code(spec: TrainingSpec, latent_dim: int) -> TrainingSpec:
    return replace(spec, autoencoder=replace(spec.autoencoder, latent_dim=latent_dim))


def _plain(spec: TrainingSpec) -> TrainingSpec:
    return replace(spec, autoencoder=replace(spec.autoencoder, bottleneck="plain"))


_ALL = (
    Preset(
        "digits-dense",
        "Tiny digits, small and quick",
        "1,437 real digits through 16 numbers; learns in seconds.",
        recipes.DIGITS_DENSE,
    ),
    Preset(
        "toy-faces-vae",
        "Toy faces, variational",
        "A VAE that can discover smile, hair and glasses by itself.",
        recipes.TOY_FACES_VAE,
    ),
    Preset(
        "mnist-shallow",
        "MNIST, one hidden layer",
        "The smallest autoencoder: 784 pixels, 32 numbers, 784 pixels.",
        recipes.MNIST_SHALLOW,
    ),
    Preset(
        "mnist-deep",
        "MNIST, deep",
        "The same 32 numbers, reached in three steps: 128, 64, 32.",
        recipes.MNIST_DEEP,
    ),
    Preset(
        "mnist-shallow-overcomplete",
        "MNIST, shallow and overcomplete",
        "A code larger than the picture: nothing forces it to summarise.",
        _with_code(recipes.MNIST_SHALLOW, 1024),
    ),
    Preset(
        "mnist-deep-overcomplete",
        "MNIST, deep and overcomplete",
        "Deep, with a code larger than the picture.",
        _with_code(recipes.MNIST_DEEP, 1024),
    ),
    Preset(
        "mnist-dense",
        "MNIST, 20 numbers, pixels 0…255",
        "Fully connected with ReLU everywhere, on raw pixel values.",
        recipes.MNIST_DENSE,
    ),
    Preset(
        "mnist-dense-best",
        "MNIST, 20 numbers, as good as it gets in a minute",
        "The same 20 numbers in wider layers: less than a third of the error, in about a minute.",
        recipes.MNIST_DENSE_BEST,
    ),
    Preset(
        "mnist-sparse",
        "MNIST, sparse code",
        "64 sigmoid units that are charged for being on.",
        recipes.MNIST_SPARSE,
    ),
    Preset(
        "mnist-conv",
        "MNIST, small convolutional",
        "4,385 parameters; the code is a 7×7×8 picture of features.",
        recipes.MNIST_CONV,
    ),
    Preset(
        "mnist-conv-as-written",
        "MNIST, the recipe that turns black",
        "The same network with the usual initial weights: watch it collapse.",
        recipes.MNIST_CONV_AS_WRITTEN,
    ),
    Preset(
        "mnist-conv-lecture",
        "MNIST, deeper convolutional",
        "Three halvings down to a 4×4×8 code of 128 numbers.",
        recipes.MNIST_CONV_LECTURE,
    ),
    Preset(
        "mnist-vae-2d",
        "MNIST, variational, 2 numbers",
        "Two numbers a digit: the whole code is a map.",
        recipes.MNIST_VAE,
    ),
    Preset(
        "mnist-ae-2d",
        "MNIST, plain, 2 numbers",
        "The variational one's twin without its KL divergence: look for the holes in its map.",
        _plain(recipes.MNIST_VAE),
    ),
    Preset(
        "mnist-vae",
        "MNIST, variational, 20 numbers",
        "20 numbers a digit, continuous enough to draw new ones from.",
        _with_code(recipes.MNIST_VAE, 20),
    ),
    Preset(
        "olivetti-conv",
        "Olivetti faces, deep convolutional",
        "400 faces of 40 people through 256 numbers; 8.6 million parameters.",
        recipes.OLIVETTI_CONV,
    ),
    Preset(
        "olivetti-conv-fast",
        "Olivetti faces, the same in a fifth of the time",
        "The same 8.6 million parameters, other first weights and learning rates: 125 epochs do.",
        recipes.OLIVETTI_CONV_FAST,
    ),
    Preset(
        "olivetti-denoising",
        "Olivetti faces, noisy in, clean out",
        "The same network learns to remove noise that is new in every batch.",
        recipes.OLIVETTI_DENOISING,
    ),
    Preset(
        "faces-ae",
        "Faces in the wild",
        "64 numbers a face, linear ones and what a network adds to them.",
        recipes.FACES_AE,
    ),
    Preset(
        "faces-vae",
        "Faces in the wild, variational",
        "64 numbers a face; people in the test set are never trained on.",
        recipes.FACES_VAE,
    ),
)

PRESETS: Mapping[str, Preset] = MappingProxyType({p.name: p for p in _ALL})


def preset(name: str) -> Preset:
    """Return a preset by name.

    Raises:
        UserError: there is no preset of that name.
    """
    if name not in PRESETS:
        raise UserError("one_of", name="preset", value=name, choices=tuple(PRESETS))
    return PRESETS[name]
