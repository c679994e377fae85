"""A test picture, its code as bars that a hand can move, and its drawing; see ``live_code.js``."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from ae_core.lessons.pictures import LivePicture
from ae_core.runs.snapshot import Snapshot
from pages.ui.backend.images import gallery_tiles
from pages.ui.backend.models import latent_profile, test_code
from pages.ui.backend.service import service
from pages.ui.i18n import notice
from pages.ui.i18n.text import text
from pages.ui.pickers import live_decoder
from pages.ui.pickers.code_strip import STRIP, strip_words
from pages.ui.pickers.models import TrainedAutoencoder, models, pretrained_autoencoders
from pages.ui.widgets.component import component

COUNT = 6  # pictures
WORDS = ("hint", "back", "next")

_CODE = component(
    __file__,
    f'<div class="live-code">{STRIP}<p class="hint"></p><div class="buttons">'
    '<button type="button" class="back"></button><button type="button" class="next"></button>'
    "</div></div>",
)


def code_view(picture: LivePicture, runs: Mapping[str, Snapshot]) -> None:
    """Show the codes of test pictures.

    Args:
        picture: the first picture, and whose code it is.
        runs: the student's runs by experiment.
    """
    run = runs.get(picture.train)
    own = run is not None and not run.live and service().store.has_weights(run.id)
    model = models(run.id)[run.id] if run and own else pretrained_autoencoders()[picture.model]
    said = text(f"lessons.code.{'own' if own else 'app'}", model=model.title)
    st.markdown(f"**{notice.plain(said)}**")
    live_decoder.mount(model)
    starts = _starts(model, picture.number)
    words = (*((word, text(f"lessons.code.{word}")) for word in WORDS), *strip_words(model))
    scale = float(np.abs(latent_profile(model.file).quantiles).max())
    data = {"model": model.id, "words": words, "scale": scale, "starts": starts}
    _CODE(key=f"live-code-{model.id}", data=data)


def _starts(model: TrainedAutoencoder, first: int) -> tuple[dict[str, object], ...]:
    """Return test pictures with their codes."""
    images = model.spec.images
    return tuple(
        {"picture": tile, "code": tuple(test_code(model.file, images, place)[0].tolist())}
        for place, tile in enumerate(gallery_tiles(images, first, COUNT), first)
    )
