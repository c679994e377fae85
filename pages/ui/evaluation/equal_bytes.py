"""Compares all methods on one image at about equal bytes: a test image, a sample or a photo.

Below them stands what JPEG does, live.
"""

import html

import numpy as np
import streamlit as st

from ae_core import images
from ae_core.evaluation import fixed_budget
from ae_core.evaluation.fixed_budget import Compressed
from ae_core.models.compatibility import image_shape
from pages.ui.backend.images import test_image
from pages.ui.backend.service import evaluate
from pages.ui.i18n.text import gain, number, text
from pages.ui.i18n.wording import size
from pages.ui.pickers.face_source import sample_face
from pages.ui.pickers.gallery_picker import gallery_picker
from pages.ui.pickers.models import TrainedAutoencoder
from pages.ui.pickers.only_knows import PLACES, only_knows, own_error
from pages.ui.pickers.own_image import OWN, own_image
from pages.ui.state.query_params import linked_choice
from pages.ui.widgets.images import image_row
from pages.ui.widgets.jpeg import jpeg_view
from pages.ui.widgets.save_menu import NamedImage, save_menu

SOURCES = ("Test", "Sample", *OWN)
A_PAGE = 16  # test images
MIN_WIDTH = 120  # CSS pixels per image


def equal_bytes(shown: tuple[TrainedAutoencoder, ...], budget: float, *, coded: bool) -> None:
    """Show an image of the visitor's choice, compressed by every method within a budget.

    Args:
        shown: the models; the first one's image set provides the test images.
        budget: the maximum size in bytes.
        coded: whether codes are counted after an entropy coder.
    """
    st.markdown(f"## {text('measure.same_picture', budget=size(round(budget)))}")
    source = linked_choice(
        "source",
        text("measure.source_label"),
        SOURCES,
        "measure",
        words="measure.source",
        collapsed=True,
        wrap=True,
    )
    place = st.container()
    image = _chosen(shown[0], source)
    if image is None:
        st.info(text("measure.no_picture"))
        return
    with place, st.spinner(text("measure.squeezing")):
        found = [
            *(
                evaluate(fixed_budget.compress_to, each.file, image, budget, coded=coded)
                for each in shown
            ),
            *evaluate(
                fixed_budget.compress_baselines_to,
                shown[0].spec.images,
                image,
                budget,
                coded=coded,
            ),
        ]
        _verdict(found, budget)
        original = text("measure.original", size=size(image.size))
        captions = (original, *(_caption(each, shown, i, budget) for i, each in enumerate(found)))
        image_row((image, *(each.image for each in found)), captions, min_width=MIN_WIDTH)
        if source in OWN:
            only_knows("measure", PLACES[source], shown[0], own_error(shown[0], image))
    versions = [NamedImage(text("reconstruct.original"), "original", image)]
    for i, each in enumerate(found):
        versions.append(NamedImage(_name(each, shown, i), f"{i + 1}-{each.method}", each.image))
    save_menu("equal-bytes", versions)
    st.markdown(f"## {text('measure.jpeg.title')}")
    count = shown[0].spec.autoencoder.latent_dim
    st.markdown(text("measure.jpeg.about", numbers=text("run.numbers", count=count)))
    jpeg_view(image, next(each.quality for each in found if each.method == "jpeg"))


def _test(model: TrainedAutoencoder) -> np.ndarray:
    """Let the visitor choose a test image and return it."""
    number = gallery_picker(f"measure-{model.id}", model.spec.images, A_PAGE)
    return test_image(model.spec.images, number)


def _chosen(model: TrainedAutoencoder, source: str) -> np.ndarray | None:
    """Return an image from a source in the model's image shape, None if there is none yet."""
    if source == "Test":
        return _test(model)
    if source in OWN:
        return own_image(source, model)
    shape = image_shape(model.spec)
    sample = images.to_pillow(sample_face("measure", channels=shape[-1]).image)
    return images.to_array(sample, shape)


def _caption(
    each: Compressed, shown: tuple[TrainedAutoencoder, ...], place: int, budget: float
) -> str:
    """Return the caption of an image as HTML; it contains no visitor's text."""
    name = html.escape(_name(each, shown, place))
    took = f"{number(each.bytes, '.0f' if each.bytes >= 10 else '.1f')} B"
    key = "measure.caption" if each.bytes <= budget else "measure.caption_large"
    return text(key, name=name, psnr=number(each.psnr, ".1f"), bytes=took, setting=_setting(each))


def _name(each: Compressed, shown: tuple[TrainedAutoencoder, ...], place: int) -> str:
    """Return the title of one of several models, else the name of the method."""
    return shown[place].title if place < len(shown) > 1 else text(f"measure.method.{each.method}")


def _setting(each: Compressed) -> str:
    if each.quality:
        return text("measure.quality", quality=each.quality)
    return text("measure.steps", numbers=each.latent_dim, bits=each.bits)


def _verdict(found: list[Compressed], budget: float) -> None:
    """Show the best method within the budget, and the autoencoder's distance from it."""
    ours = found[0]
    baselines = [each for each in found if each.method != ours.method and each.bytes <= budget]
    if ours.bytes > budget:
        return
    if not baselines:
        st.markdown(text("measure.alone"))
        return
    best = max(baselines, key=lambda each: each.psnr)
    gap = gain(ours.psnr, best.psnr)
    key = "equal" if not gap else "ahead" if gap > 0 else "behind"
    baseline = text(f"measure.method.{best.method}")
    st.markdown(text(f"measure.{key}", baseline=baseline, gap=number(abs(gap), ".1f")))
