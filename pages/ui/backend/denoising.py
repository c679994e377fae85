"""Denoises images in a worker; results for the app's own images are cached for all visitors."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import streamlit as st

from ae_core.denoising import browser_denoiser, denoise
from ae_core.denoising.denoise import Denoised, LabelledImage
from ae_core.models.inference import DenoiserFile, ModelFile
from ae_core.specs import Corruption
from pages.ui.backend.caching import KEYS
from pages.ui.backend.service import answer
from pages.ui.state.session import session_cached
from pages.ui.widgets.addressed import Addressed

MAX_ENTRIES = 400  # at most 0.1 MB each: a class moves one slider on the same few faces
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Question:
    """The arguments of `ae_core.denoising.denoise.denoise`: an image, its noise and a model.

    Attributes:
        image_key: a unique key of the image.
        image: (H, W, C) uint8.
        model: the denoiser or autoencoder.
        noise: the noise to add; None for an image that is already noisy.
        seed: the seed of the noise.
        colour: whether the whole image is denoised in colour.
        shared: whether the image is small and one of the app's own; otherwise the results belong
            to the visitor, and only the last one of each kind is kept.
    """

    image_key: tuple[Any, ...]
    image: np.ndarray
    model: ModelFile | DenoiserFile
    noise: Corruption | None
    seed: int
    colour: bool
    shared: bool

    @property
    def key(self) -> tuple[Any, ...]:
        """The cache key of the question."""
        model = self.model.path, self.model.version
        return (self.image_key, model, self.noise, self.seed, self.colour)

    @property
    def key_of_any_amount(self) -> tuple[Any, ...]:
        """The same for any amount of the same kind of noise."""
        kind = None if self.noise is None else self.noise.noise_kind
        return (*self.key[:2], kind, self.seed, self.colour)


def denoised(asked: Question) -> Denoised:
    """Return the model's result.

    Raises:
        ServiceUnavailable: see `ae_core.workers.connection.Connection.answer`.
    """
    return _answer("denoised", asked, lambda: _of_worker(denoise.denoise, asked))


def classical(asked: Question) -> list[LabelledImage]:
    """Return the results of classical filters; raises like `denoised`."""
    return _answer("classical", asked, lambda: _of_worker(denoise.classical, asked))


def squeezed(
    asked: Question, result: Denoised, autoencoders: tuple[tuple[str, ModelFile], ...]
) -> list[LabelledImage]:
    """Return the results of autoencoders with their titles; raises like `denoised`."""
    clean = None if result.clean is None else result.clean.image
    noisy = result.noisy.image
    return _answer("squeezed", asked, lambda: answer(denoise.squeezed, autoencoders, noisy, clean))


@dataclass(frozen=True)
class Followed:
    """What the browser loads to denoise by itself while the amount of noise moves.

    Attributes:
        network: see `ae_core.denoising.browser_denoiser.stored_denoiser`.
        draws: see `ae_core.denoising.browser_denoiser.draws`.
    """

    network: Addressed
    draws: Addressed


def followed(asked: Question, shape: tuple[int, ...]) -> Followed | None:
    """Return what the browser needs for another amount of noise in images (H, W, C).

    None if it cannot do without a worker.
    """
    side, model = denoise.LESSON_SIDE, asked.model
    if isinstance(model, ModelFile) or shape != (side, side, model.spec.channels):
        return None
    return Followed(_network(model, side), _draws(asked.seed, shape))


@st.cache_resource(show_spinner=False, max_entries=4, hash_funcs=KEYS)
def _network(model: DenoiserFile, side: int) -> Addressed:
    return Addressed(browser_denoiser.stored_denoiser(model, "denoiser", side))


@st.cache_resource(show_spinner=False, max_entries=64)
def _draws(seed: int, shape: tuple[int, ...]) -> Addressed:
    return Addressed(browser_denoiser.draws(seed, shape))


def _of_worker(work: Callable[..., Answer], asked: Question) -> Answer:
    return answer(work, asked.model, asked.image, asked.noise, asked.seed, colour=asked.colour)


def _answer(name: str, asked: Question, ask: Callable[[], Answer]) -> Answer:
    if not asked.shared:
        return session_cached(name, asked.key, ask)
    cached: Answer = _cached(name, repr(asked.key), ask)  # Streamlit's hash of a tuple is slow
    return cached


@st.cache_resource(show_spinner=False, max_entries=MAX_ENTRIES)
def _cached(name: str, key: str, _ask: Callable[[], Any]) -> Any:
    return _ask()
