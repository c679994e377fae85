"""Pictures of image sets, remembered for all visitors; their own ones are asked for every time.

It knows no model: what one makes of them is in `pages.ui.backend.models`.
"""

import numpy as np
import streamlit as st

from ae_core.data import gallery as galleries
from ae_core.denoising import photos
from ae_core.export import files
from pages.ui.backend.forgetting import forgetting
from pages.ui.backend.service import service
from pages.ui.widgets.sheet import addresses, png


@forgetting
@st.cache_data(show_spinner=False, max_entries=64)
def gallery(spec_json: str, start: int, count: int) -> galleries.Gallery:
    """Return test pictures of a spec's image set; see `ae_core.data.gallery.gallery`."""
    return service().connection.answer(galleries.gallery, spec_json, start, count)


@forgetting
@st.cache_resource(show_spinner=False, max_entries=64)
def gallery_tiles(spec_json: str, start: int, count: int) -> tuple[str, ...]:
    """Return the pictures of `gallery` as addresses that hold them."""
    return addresses(gallery(spec_json, start, count).images)


@forgetting
@st.cache_data(show_spinner=False, max_entries=64)
def gallery_sheet(spec_json: str, count: int) -> bytes:
    """Return the first test pictures of a spec's image set side by side, as PNG."""
    return png(gallery(spec_json, 0, count).images[None], width=1200)


@forgetting
@st.cache_data(show_spinner=False, max_entries=256)
def test_image(spec_json: str, number: int) -> np.ndarray:
    """Return test picture ``number`` (H, W, C) in [0, 1] of a spec's image set."""
    return service().connection.answer(galleries.held_out_picture, spec_json, number)


@st.cache_data(show_spinner=False)
def sample_faces() -> list[tuple[str, np.ndarray]]:
    """Return faces for who does not want to upload one; see `ae_core.denoising.photos.samples`."""
    return service().connection.answer(photos.samples)


@st.cache_resource(show_spinner=False)
def sample_tiles() -> tuple[str, ...]:
    """Return the pictures of `sample_faces`, small, as addresses that hold them."""
    return addresses(_thumbnail(image) for _, image in sample_faces())


def _thumbnail(image: np.ndarray) -> np.ndarray:
    step = max(1, image.shape[0] // 64)
    return image[::step, ::step]


@forgetting
@st.cache_resource(show_spinner=False, max_entries=2)
def picture_file(image_set: str, image_size: int, split: str) -> bytes:
    """Return a set's pictures, tens of megabytes; see `ae_core.export.files.picture_file`."""
    return service().connection.answer(files.picture_file, image_set, image_size, split)
