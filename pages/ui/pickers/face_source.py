"""Chooses an image to denoise: a sample, a photo, the camera or a test set."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from ae_core.data.image_files import KINDS
from ae_core.data.loading import card
from ae_core.denoising import photos
from ae_core.denoising.faces import MIDDLE
from ae_core.specs import ImageChoice, TrainingSpec
from pages.ui.backend.images import gallery, sample_faces, sample_tiles
from pages.ui.backend.service import answer, read_upload
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import text
from pages.ui.pickers.gallery_picker import gallery_picker
from pages.ui.pickers.models import TrainedAutoencoder, TrainedDenoiser
from pages.ui.state.query_params import linked_choice, linked_index, set_query
from pages.ui.state.session import KeptPhoto, session, session_cached
from pages.ui.streamlit_adapter import drop_upload
from pages.ui.widgets.crop_box import crop_box
from pages.ui.widgets.image_picker import image_picker

SOURCES = ("Samples", "Upload", "Camera", "Test set")
A_PAGE = 18  # test images


@dataclass(frozen=True)
class Chosen:
    """A chosen image.

    Attributes:
        key: a unique key of the image.
        image: (H, W, C) uint8.
        shared: whether it is available to every visitor, unlike a visitor's own image.
        photo: the visitor's photo that it was cut from, or None.
    """

    key: tuple[Any, ...]
    image: np.ndarray
    shared: bool = False
    photo: KeptPhoto | None = None

    def whole(self) -> "Chosen":
        """Return the whole photo that it was cut from, which there must be.

        Raises:
            ServiceUnavailable: see `ae_core.workers.connection.Connection.answer`.
        """
        assert self.photo is not None
        data = self.photo.photo.data
        key = (self.photo.id, "whole")
        image = session_cached("whole", key, lambda: answer(photos.whole_photo, data))
        return Chosen(key, image, photo=self.photo)


def face_source(model: TrainedAutoencoder | TrainedDenoiser) -> Chosen | None:
    """Let the visitor choose an image; return None while there is none.

    Raises:
        UserError: the photo or the image set cannot be read.
    """
    source = linked_choice(
        "source", text("denoise.face"), SOURCES, "denoise", words="denoise.source", wrap=True
    )
    if source == "Samples":
        return sample_face("denoise")
    if source == "Test set":
        return _test_picture(model)
    return own_photo(source)


def sample_face(page: str) -> Chosen:
    """Let the visitor choose one of the app's sample faces; the address keeps the choice.

    Args:
        page: the page, for the widget's key.
    """
    names, images = zip(*sample_faces(), strict=True)
    number = linked_index("picture", len(images))
    image_picker(
        f"{page}-samples",
        sample_tiles(),
        names,
        number,
        lambda index: set_query(picture=str(index)),
    )
    return Chosen(("sample", number), images[number], shared=True)


def _test_picture(model: TrainedAutoencoder | TrainedDenoiser) -> Chosen | None:
    spec = model.spec
    images = spec.images if isinstance(spec, TrainingSpec) else ImageChoice(spec.image_set)
    known = card(images.image_set)
    if not known.available:
        title = image_set_title(images.image_set)
        notice.info(text("denoise.no_pictures", pictures=title))
        return None
    number = gallery_picker(f"denoise-test-{model.id}", images, A_PAGE)
    picture = gallery(images, number // A_PAGE * A_PAGE, A_PAGE).images[number % A_PAGE]
    return Chosen(("test", model.id, number), picture, shared=not known.user_made)


def own_photo(source: str, forget: Callable[[], None] | None = None) -> Chosen | None:
    """Let the visitor upload or take a photo and choose the face; return None without one.

    Args:
        source: "Upload" or "Camera".
        forget: called instead of `Session.forget_photo` when the visitor removes the photo.

    Raises:
        UserError: the photo cannot be read.
    """
    kept = session().photo
    # Each photo gets a new widget, so that the old one releases the file.
    key = f"denoise.{source}.{kept.id if kept else ''}"
    if source == "Upload":
        file = st.file_uploader(text("denoise.photo.upload", kinds=KINDS), key=key)
    else:
        file = st.camera_input(text("denoise.photo.camera"), key=key)
        st.caption(text("denoise.photo.no_camera"))
    st.caption(text("denoise.photo.in_memory"))
    if file is not None:
        try:
            with st.spinner(text("denoise.photo.looking")):
                photo = read_upload(photos.take_photo, file.getvalue(), file.name)
                found = answer(photos.find_faces, photo.data)
        finally:
            drop_upload(file)
        session().forget_photo()
        session().photo = KeptPhoto(photo, found)
        st.rerun()
    if kept is None:
        return None
    return _crop(kept, forget or session().forget_photo)


def _crop(kept: KeptPhoto, forget: Callable[[], None]) -> Chosen:
    if not kept.faces:
        st.warning(text("denoise.photo.no_face"))
    elif len(kept.faces) > 1:
        st.caption(text("denoise.photo.faces", count=len(kept.faces)))
    else:
        st.caption(text("denoise.photo.one_face"))
    start = kept.faces[0] if kept.faces else MIDDLE
    crop = crop_box(f"crop-{kept.id}", kept.photo.preview, kept.faces, start)
    st.button(text("denoise.photo.forget"), on_click=forget)
    key = (kept.id, crop)
    image = session_cached("face", key, lambda: answer(photos.cut_face, kept.photo.data, crop))
    return Chosen(key, image, photo=kept)
