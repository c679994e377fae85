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
from ae_core.models.compatibility import image_shape
from ae_core.specs import ImageChoice, TrainingSpec
from pages.ui.backend.images import gallery, sample_faces, sample_tiles
from pages.ui.backend.service import answer, read_upload, take_upload
from pages.ui.i18n import notice
from pages.ui.i18n.names import image_set_title
from pages.ui.i18n.text import text
from pages.ui.pickers.gallery_picker import gallery_picker
from pages.ui.pickers.models import TrainedAutoencoder, TrainedDenoiser
from pages.ui.state.query_params import linked_choice, linked_index, set_query
from pages.ui.state.session import KeptPhoto, session, session_cached
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
    framing = card(model.spec.image_set).framing
    if source == "Samples":
        return sample_face("denoise", "head" if framing == "head" else "face", channels_of(model))
    if source == "Test set":
        return _test_picture(model)
    return own_photo(source, framing=framing)


def sample_face(page: str, framing: str = "face", channels: int = 1) -> Chosen:
    """Let the visitor choose one of the app's sample faces; the address keeps the choice.

    Args:
        page: the page, for the widget's key.
        framing: ``face`` or ``head``, see `ae_core.data.catalog.ImageSetCard`.
        channels: C of the drawn faces.
    """
    images = sample_faces(framing, channels)
    drawn = (text("denoise.sample.drawn", number=number) for number in range(1, len(images)))
    names = (text("denoise.sample.astronaut"), *drawn)
    number = linked_index("picture", len(images))
    image_picker(
        f"{page}-samples",
        sample_tiles(framing, channels),
        names,
        number,
        lambda index: set_query(picture=str(index)),
    )
    return Chosen(("sample", framing, channels, number), images[number], shared=True)


def channels_of(model: TrainedAutoencoder | TrainedDenoiser) -> int:
    """Return C of the images that a model gets."""
    spec = model.spec
    return image_shape(spec)[-1] if isinstance(spec, TrainingSpec) else spec.channels


def _test_picture(model: TrainedAutoencoder | TrainedDenoiser) -> Chosen | None:
    spec = model.spec
    if isinstance(spec, TrainingSpec):
        images = spec.images
    else:
        images = ImageChoice(spec.image_set, channels=spec.channels)
    known = card(images.image_set)
    if not known.has_tests:
        title = image_set_title(images.image_set)
        notice.info(text("denoise.no_pictures", pictures=title))
        return None
    number = gallery_picker(f"denoise-test-{model.id}", images, A_PAGE)
    picture = gallery(images, number // A_PAGE * A_PAGE, A_PAGE).images[number % A_PAGE]
    return Chosen(("test", model.id, number), picture, shared=not known.user_made)


def own_photo(
    source: str, forget: Callable[[], None] | None = None, *, framing: str = "face"
) -> Chosen | None:
    """Let the visitor upload or take a photo and choose the face; return None without one.

    A photo of another page or model is still there.

    Args:
        source: "Upload" or "Camera".
        forget: called after `Session.forget_photo` when the visitor removes the photo.
        framing: how it is cut, see `ae_core.data.catalog.ImageSetCard`.

    Raises:
        UserError: the photo cannot be read.
    """
    kept = session().photo
    # Each photo gets a new widget, so that the old one releases the file.
    key = f"denoise.{source}.{kept.id if kept else ''}"
    words = "any" if framing == "middle" else "face"
    if source == "Upload":
        file = st.file_uploader(text(f"denoise.photo.upload.{words}", kinds=KINDS), key=key)
    else:
        file = st.camera_input(text(f"denoise.photo.camera.{words}"), key=key)
        st.caption(text("denoise.photo.no_camera"))
    st.caption(text("denoise.photo.in_memory"))
    if file is not None:
        content = take_upload(file)
        with st.spinner(text("denoise.photo.reading")):
            photo = read_upload(photos.take_photo, content, file.name)
        session().forget_photo()
        session().photo = KeptPhoto(photo)
        st.rerun()
    if kept is None:
        return None
    chosen = _middle(kept) if framing == "middle" else _face(kept, framing)
    with st.container(horizontal=True):
        if st.button(text("denoise.photo.turn"), icon=":material/rotate_90_degrees_cw:"):
            with st.spinner(text("denoise.photo.turning")):
                turned = answer(photos.turn, kept.photo.data)
            session().forget_photo()
            session().photo = KeptPhoto(turned)
            st.rerun()
        st.button(text("denoise.photo.forget"), on_click=_forget, args=(forget,))
    return chosen


def _forget(also: Callable[[], None] | None) -> None:
    session().forget_photo()
    if also is not None:
        also()


def _middle(kept: KeptPhoto) -> Chosen:
    data, key = kept.photo.data, (kept.id, "middle")
    image = session_cached("middle", key, lambda: answer(photos.middle_square, data))
    return Chosen(key, image, photo=kept)


def _face(kept: KeptPhoto, framing: str) -> Chosen:
    data = kept.photo.data
    with st.spinner(text("denoise.photo.looking")):
        faces = session_cached("faces", kept.id, lambda: answer(photos.find_faces, data))
    if not faces:
        st.warning(text("denoise.photo.no_face"))
    elif len(faces) > 1:
        st.caption(text("denoise.photo.faces", count=len(faces)))
    else:
        st.caption(text("denoise.photo.one_face"))
    crop = crop_box(f"crop-{kept.id}", kept.photo.preview, faces, faces[0] if faces else MIDDLE)
    key = (kept.id, framing, crop)
    cut = photos.cut_head if framing == "head" else photos.cut_face
    image = session_cached("face", key, lambda: answer(cut, data, crop))
    return Chosen(key, image, photo=kept)
