"""Images of image sets, cached for all visitors; images of visitors' own sets are never cached."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import streamlit as st

from ae_core import images
from ae_core.data import gallery as galleries
from ae_core.data.loading import card
from ae_core.denoising import photos
from ae_core.export import files
from ae_core.models.pretrained import ModelCard, cards
from ae_core.specs import ImageChoice, TrainingSpec
from pages.ui.backend.caching import uncached_for_user_sets
from pages.ui.backend.service import answer
from pages.ui.widgets import component
from pages.ui.widgets.addressed import Addressed
from pages.ui.widgets.component import relative_address
from pages.ui.widgets.image_picker import Strip
from pages.ui.widgets.images import contact_sheet, data_urls


@uncached_for_user_sets(st.cache_data(show_spinner=False, max_entries=64))
def gallery(choice: ImageChoice, start: int, count: int) -> galleries.Gallery:
    """Return test images; see `ae_core.data.gallery.gallery`."""
    return answer(galleries.gallery, choice, start, count)


@uncached_for_user_sets(st.cache_resource(show_spinner=False, max_entries=64))
def gallery_tiles(choice: ImageChoice, start: int, count: int) -> tuple[str, ...]:
    """Return the images of `gallery` as data URLs."""
    return data_urls(gallery(choice, start, count).images)


def gallery_strip(choice: ImageChoice, start: int, count: int) -> Strip | tuple[str, ...]:
    """Return the images of `gallery` for `image_picker`.

    The browser keeps those that come with the app; those of visitors' sets come in messages.
    """
    if card(choice.image_set).user_made:
        return gallery_tiles(choice, start, count)
    return _strip(choice, start, count)


@st.cache_resource(show_spinner=False, max_entries=64)
def _strip(choice: ImageChoice, start: int, count: int) -> Strip:
    shown = gallery(choice, start, count).images
    return Strip(Addressed(images.to_png(np.concatenate(list(shown), axis=1))))


@uncached_for_user_sets(st.cache_data(show_spinner=False, max_entries=64))
def gallery_sheet(choice: ImageChoice, count: int) -> bytes:
    """Return the first test images side by side, as PNG."""
    return contact_sheet(gallery(choice, 0, count).images[None], width=1200)


@uncached_for_user_sets(st.cache_data(show_spinner=False, max_entries=256))
def test_image(choice: ImageChoice, number: int) -> np.ndarray:
    """Return test image ``number`` (H, W, C) in [0, 1]."""
    return answer(galleries.held_out_image, choice, number)


@st.cache_resource(show_spinner=False)
def sample_faces(framing: str, channels: int) -> list[np.ndarray]:
    """Return sample faces, an alternative to an upload; see `ae_core.denoising.photos.samples`."""
    return answer(photos.samples, framing, channels)


@st.cache_resource(show_spinner=False)
def sample_tiles(framing: str, channels: int) -> tuple[str, ...]:
    """Return the images of `sample_faces`, reduced, as data URLs."""
    return data_urls(_thumbnail(image) for image in sample_faces(framing, channels))


def _thumbnail(image: np.ndarray) -> np.ndarray:
    step = max(1, image.shape[0] // 64)
    return image[::step, ::step]


@uncached_for_user_sets(st.cache_resource(show_spinner=False, max_entries=2))
def picture_file(choice: ImageChoice) -> bytes:
    """Return a set's images, tens of megabytes; see `ae_core.export.files.picture_file`."""
    return answer(files.picture_file, choice)


def thumbnail(model: ModelCard) -> str:
    """Return the address of a small image that a pretrained model drew."""
    return relative_address(component.thumbnail(model.name))


@lru_cache
def thumbnail_of_set(image_set: str) -> str:
    """Return the same of the first pretrained autoencoder for an image set, "" without one."""
    models = (each for each in cards().values() if isinstance(each.spec, TrainingSpec))
    return next((thumbnail(each) for each in models if each.spec.image_set == image_set), "")


@st.cache_resource(show_spinner=False)
def preview_tiles(preview: Path, shape: tuple[int, int, int]) -> tuple[str, ...]:
    """Return the first test images of a pretrained model's set, from its preview, as data URLs."""
    return data_urls(images.rows_of_sheet(images.from_png(preview.read_bytes()), shape)[0])
