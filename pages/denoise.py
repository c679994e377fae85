"""Denoise: a face from a photo, with noise and without, next to classical filters."""

import secrets
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ae_core import denoising, pictures
from ae_core.connection import ServiceUnavailable
from ae_core.data import IMAGE_SETS, ImageSetCorrupt, ImageSetUnavailable, is_available
from ae_core.denoising import is_denoiser
from ae_core.faces import MIDDLE
from ae_core.specs import CHOICES, LIMITS, Corruption, DenoiserSpec, TrainingSpec, to_json
from ae_core.store import UnknownRun
from pages.shared import notice
from pages.shared.crop_box import crop_box
from pages.shared.denoise_view import classical_view, denoised_view, downloads
from pages.shared.frame import frame
from pages.shared.links import linked_choice, put
from pages.shared.model_card import model_card
from pages.shared.models import TrainedModel, denoising_models
from pages.shared.picture_picker import picture_picker
from pages.shared.session import (
    forget_photo,
    gallery,
    keep_photo,
    kept_photo,
    recall,
    sample_faces,
    service,
    show_in_widget,
    widget,
)
from pages.shared.wording import amount_in_words, in_words

SOURCES = ("Samples", "Upload", "Camera", "Test set")
TASKS = ("Add noise, then remove it", "Clean this photo as it is")
VIEWS = ("64×64 gray", "Colour")
KINDS = tuple(kind for kind in CHOICES["kind"] if kind != "none")
A_PAGE = 18  # test pictures
FAILURES = (ServiceUnavailable, ImageSetUnavailable, ImageSetCorrupt, ValueError)


@dataclass(frozen=True)
class Chosen:
    """A picture to work on.

    Attributes:
        key: another one for every picture.
        image: (H, W, C) uint8.
    """

    key: object
    image: np.ndarray


def page() -> None:
    """Draw the page."""
    frame("Denoise")
    task = linked_choice("task", "What to do", TASKS, "denoise", label_visibility="collapsed")
    left, right = st.columns([4, 10], gap="large")
    with left:
        try:
            model = _model()
            chosen = _picture(model)
        except FAILURES as error:
            notice.error(str(error))
            chosen = None
        noise, seed = _noise() if task == TASKS[0] else (None, 0)
    with right:
        if chosen is None:
            st.info("Choose a face on the left, upload a photo or take one.")
            return
        try:
            _results(model, chosen, noise, seed)
        except FAILURES as error:
            notice.error(str(error))


def _model() -> TrainedModel:
    linked = st.query_params.get("model", "")
    try:
        available = denoising_models(linked)
    except UnknownRun as error:
        notice.error(f"{error}. Shown instead: a model that comes with the app.")
        available, linked = denoising_models(), ""
    key = "denoise.model"
    show_in_widget(key, linked if linked in available else next(iter(available)))
    chosen: str = st.selectbox(
        "Model",
        list(available),
        format_func=lambda name: available[name].title,
        key=key,
        on_change=lambda: put(model=widget(key)),
    )
    return available[chosen]


def _picture(model: TrainedModel) -> Chosen | None:
    source = linked_choice("source", "Face", SOURCES, "denoise", wrap=True)
    if source == "Samples":
        names, images = zip(*sample_faces(), strict=True)
        number = _pick("samples", images, names, 0, len(images))
        return Chosen(("sample", number), images[number])
    if source == "Test set":
        return _test_picture(model)
    return _photo(source)


def _test_picture(model: TrainedModel) -> Chosen | None:
    spec = model.spec
    if isinstance(spec, DenoiserSpec):
        spec = TrainingSpec(image_set=spec.image_set)
    if not is_available(spec.image_set):
        card = IMAGE_SETS[spec.image_set]
        notice.info(f"{card.title} are not on this machine. Take a sample, or upload a photo.")
        return None
    written = st.query_params.get("picture", "0")
    wanted = int(written[:9]) if written.isdecimal() else 0
    available = gallery(to_json(spec), 0, 1).available
    start = min(wanted, available - 1) // A_PAGE * A_PAGE
    shown = gallery(to_json(spec), start, A_PAGE)
    names = tuple(f"Picture {start + i}" for i in range(len(shown.images)))
    number = _pick(f"test-{model.id}", tuple(shown.images), names, start, available)
    back, forward = max(0, start - A_PAGE), min(start + A_PAGE, available - 1)
    with st.container(horizontal=True):
        st.button("Back", on_click=lambda: put(picture=str(back)), disabled=start == 0)
        last = start + A_PAGE >= available
        st.button("More", on_click=lambda: put(picture=str(forward)), disabled=last)
    return Chosen(("test", model.id, number), shown.images[number - start])


def _pick(
    key: str, images: tuple[np.ndarray, ...], names: tuple[str, ...], start: int, available: int
) -> int:
    """Let the visitor choose one of the pictures from number ``start`` on; return its number."""
    written = st.query_params.get("picture", "0")
    number = min(int(written[:9]) if written.isdecimal() else 0, available - 1)
    small = tuple(_thumbnail(image) for image in images)
    picked = picture_picker(f"denoise-{key}", small, names, number - start, page=start)
    if picked is not None and picked != number - start:
        put(picture=str(start + picked))
        st.rerun()
    return number


def _thumbnail(image: np.ndarray) -> np.ndarray:
    step = max(1, image.shape[0] // 64)
    return image[::step, ::step]


def _photo(source: str) -> Chosen | None:
    kept = kept_photo()
    # A new widget for every photo: the one before lets go of the file.
    key = f"denoise.{source}.{kept.id if kept else ''}"
    if source == "Upload":
        file = st.file_uploader(f"A photo of a face ({pictures.KINDS})", key=key)
    else:
        file = st.camera_input("A photo of your face", key=key)
        st.caption("No camera? Browsers give it only to localhost and to https pages: upload then.")
    st.caption("Your photo stays in memory while this tab is open and is never stored.")
    if file is not None:
        with st.spinner("Looking for the face …"):
            photo = service().connection.answer(denoising.take_photo, file.getvalue(), file.name)
        forget_photo()
        keep_photo(photo)
        st.rerun()
    if kept is None:
        return None
    return _crop(kept.id, kept.photo)


def _crop(photo_id: str, photo: denoising.Photo) -> Chosen:
    if not photo.faces:
        st.warning("No face was found. Draw a square around it, or move this one.")
    elif len(photo.faces) > 1:
        st.caption(f"{len(photo.faces)} faces found: click the one to use.")
    else:
        st.caption("Move the square if it does not fit the face.")
    start = photo.faces[0] if photo.faces else MIDDLE
    crop = crop_box(f"crop-{photo_id}", photo, start)
    st.button("Forget this photo", on_click=forget_photo)
    key = (photo_id, crop)
    answer = service().connection.answer
    image = recall("face", key, lambda: answer(denoising.cut_face, photo.data, crop))
    return Chosen(key, image)


def _noise() -> tuple[Corruption, int]:
    kind = linked_choice("kind", "Noise", KINDS, "denoise", format_func=in_words)
    amount = _linked_number("amount", 0.2)
    show_in_widget("denoise.amount", amount)
    limit = LIMITS["amount"]
    st.slider(
        "Amount",
        limit.low,
        limit.high,
        step=0.01,
        key="denoise.amount",
        on_change=lambda: put(amount=f"{widget('denoise.amount'):.2f}"),
    )
    seed = int(_linked_number("seed", 0))
    words = amount_in_words(kind, amount, denoising.LESSON_SIDE)
    st.caption(words)
    st.button("New noise", on_click=lambda: put(seed=str(secrets.randbelow(10_000))))
    st.caption(f"Seed {seed}: the noise stays the same until you ask for another.")
    return Corruption(kind, amount), seed


def _linked_number(name: str, usual: float) -> float:
    """Return a number of the address, the usual one and a sentence where it is out of bounds."""
    written = st.query_params.get(name)
    if written is None:
        return usual
    try:
        value = float(written) if name == "amount" else int(written)
        LIMITS[name].check(name, value)
    except ValueError:
        limit = LIMITS[name]
        notice.error(
            f"{name}={written[:40]} must be between {limit.low:,} and {limit.high:,}. "
            f"Shown instead: {usual}."
        )
        return usual
    return value


def _results(model: TrainedModel, chosen: Chosen, noise: Corruption | None, seed: int) -> None:
    colour = False
    if is_denoiser(model.file) and chosen.image.shape[-1] == 3:
        view = linked_choice("size", "Picture", VIEWS, "denoise", label_visibility="collapsed")
        colour = view == VIEWS[1]
    key = (chosen.key, model.file, noise, seed, colour)
    question = (model.file, chosen.image, noise, seed)
    answer = service().connection.answer
    with st.spinner("Denoising …"):
        result = recall(
            "denoised", key, lambda: answer(denoising.denoise, *question, colour=colour)
        )
    denoised_view(result, faces=chosen.key[0] != "test" or is_denoiser(model.file))
    with st.spinner("Classical filters …"):
        rivals = recall(
            "classical", key, lambda: answer(denoising.classical, *question, colour=colour)
        )
    classical_view(result, rivals)
    downloads(result, rivals)
    model_card(model.id)


page()
