"""The Walk view: interpolates between two images, live and as a strip to download."""

import numpy as np
import streamlit as st

from ae_core import images
from ae_core.errors import UserError
from ae_core.latent.interpolation import SHARE, lerp, slerp
from ae_core.specs import Limit
from pages.ui.i18n import notice
from pages.ui.i18n.text import number, text
from pages.ui.latent.codes import PICTURE, first_of_pictures, linked_codes
from pages.ui.latent.sliders import Slider, moving_sliders
from pages.ui.latent.start import code_choice
from pages.ui.latent.view import LatentView
from pages.ui.state.query_params import linked_choice, linked_number, linked_slider, set_query
from pages.ui.widgets.download_menu import File, download_menu
from pages.ui.widgets.images import image_row

WAYS = {"Straight": lerp, "Around the origin": slerp}
STONES = 41  # codes on the path, between which the browser interpolates linearly
ENDS = ("from", "to")
STEPS = Limit(3, 15)  # images in the strip
FRAME_MS = 80  # per frame of the animation
ANIMATED = np.linspace(0, 1, 24)  # steps of an animation in each direction


def walk_view(view: LatentView) -> None:
    """Let the visitor choose two images and move between them; each model encodes both itself."""
    first = first_of_pictures(ENDS)
    starts, ends = (
        linked_codes(view.models, view.profile, name, f"{PICTURE}{usual}", told=name != first)
        for usual, name in enumerate(ENDS)
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        way = linked_choice(
            "way", text("latent.walk.way"), tuple(WAYS), "latent", words="latent.way"
        )
        steps = int(linked_slider("steps", text("latent.walk.steps"), 9, STEPS, "latent"))
    pairs = tuple(zip(starts, ends, strict=True))
    try:
        stones = [WAYS[way](*pair, np.linspace(0, 1, STONES)) for pair in pairs]
    except UserError as error:
        notice.info(text("latent.walk.instead", problem=error))
        way = "Straight"
        stones = [lerp(*pair, np.linspace(0, 1, STONES)) for pair in pairs]
    share = linked_number("at", 0.0, SHARE)
    slider = Slider(
        label=text("latent.walk.way"),
        note=text("latent.walk.note"),
        low=0,
        high=1,
        rest=0,
        paths=tuple(tuple(map(tuple, walk.tolist())) for walk in stones),
        step=0.005,
    )
    moving_sliders(
        view,
        "walk",
        (slider,),
        (share,),
        lambda at: set_query(at=at),
        origins=starts,
        codes=tuple(WAYS[way](*pair, share) for pair in pairs),
        reset=text("latent.walk.reset"),
    )
    if np.array_equal(starts[0], ends[0]):
        notice.info(text("latent.walk.same"))
    shares, strips = np.linspace(0, 1, steps), []
    for model, pair in zip(view.models, pairs, strict=True):
        if len(view.models) > 1:
            st.caption(notice.plain(model.title))
        shown = view.decoded(WAYS[way](*pair, shares), model)
        strips.append(shown)
        percents = np.floor(100 * shares + 0.5)  # a format would round 12.5 down and 37.5 up
        words = (number(percent / 100, ".0%") for percent in percents)
        image_row(shown / np.float32(255), words, min_width=70)
    there = WAYS[way](*pairs[0], ANIMATED)
    download_menu(
        "walk",
        (
            File(text("latent.walk.strip"), "walk.png", lambda: _strip(strips[0])),
            File(
                text("latent.walk.animation"),
                "walk.gif",
                lambda: animation(view, there),
                "image/gif",
            ),
        ),
    )
    code_choice(view, "walk", ENDS, ("First picture", "Second picture"))


def _strip(frames: np.ndarray) -> bytes:
    return images.to_png(images.contact_sheet(frames[np.newaxis], 160 * len(frames)))


def animation(view: LatentView, codes: np.ndarray) -> bytes:
    """Return a GIF that goes through codes (N, D) and back."""
    frames = view.decoded(codes)
    return images.to_gif(np.concatenate([frames, frames[-2:0:-1]]), FRAME_MS, width=256)
