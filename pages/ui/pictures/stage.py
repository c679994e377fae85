"""Home's stage: a picture that a trained decoder draws, sliders with names, and the code's numbers.

``stage.js`` moves the code in the browser; the server computes nothing for it and needs no worker.
"""

from pathlib import Path
from typing import Any

import numpy as np

from ae_core.latent.interpolation import strengths
from ae_core.latent.profile import LatentProfile
from ae_core.models.compatibility import image_shape
from ae_core.models.pretrained import ModelCard, best_for
from pages.ui.backend.images import preview_tiles
from pages.ui.backend.models import latent_profile
from pages.ui.i18n.names import label_in_words
from pages.ui.i18n.text import text
from pages.ui.pickers import live_decoder
from pages.ui.pickers.code_strip import STRIP, strip_words
from pages.ui.pickers.models import TrainedAutoencoder, pretrained_autoencoders
from pages.ui.widgets.component import component

MAX_SLIDERS = 5
# Attributes that everybody sees at once; others follow in the order of the profile.
PREFERRED = ("smile", "hair", "glasses", "gaze", "brows")
WORDS = ("pause", "play", "next", "moving", "still")

_STAGE = component(
    __file__,
    '<div class="stage"><canvas class="face" role="img"></canvas>'
    '<div class="hands"><div class="rows"></div><div class="buttons">'
    '<button type="button" class="play"></button><button type="button" class="next"></button>'
    "</div></div>" + STRIP + "</div>",
)


def stage() -> None:
    """Show the model that is best for Home, alive."""
    card = best_for("home")
    model = pretrained_autoencoders()[card.name]
    live_decoder.mount(model)
    _STAGE(key=f"stage-{model.id}", data=_data(card, model))


def _data(card: ModelCard, model: TrainedAutoencoder) -> dict[str, Any]:
    """Return what ``stage.js`` needs: tuples, as for a list or a dict Streamlit imports pandas."""
    known = latent_profile(model.file)
    shown = _shown(known.direction_names)
    fields = {
        "model": model.title,
        "numbers": known.latent_dim,
        "values": "{values}",  # stage.js fills it
    }
    own = ((word, text(f"home.live.{word}", **fields)) for word in WORDS)
    return {
        "model": model.id,
        "words": (*own, *strip_words(model)),
        "names": tuple(label_in_words(known.direction_names[place]) for place in shown),
        "directions": tuple(map(tuple, known.directions[shown].tolist())),
        "scale": float(np.abs(known.quantiles).max()),
        "starts": _starts(card.preview, image_shape(model.spec), known, shown),
    }


def _shown(names: tuple[str, ...]) -> list[int]:
    """Return the places of the attributes that have a slider."""
    order = {name: place for place, name in enumerate(PREFERRED)}
    places = range(len(names))
    return sorted(places, key=lambda place: order.get(names[place], len(order)))[:MAX_SLIDERS]


def _starts(
    preview: Path, shape: tuple[int, int, int], known: LatentProfile, shown: list[int]
) -> tuple[dict[str, Any], ...]:
    """Return test pictures with their codes, those with most of the attributes first.

    A code is the sliders' values times their directions, and a rest that the sliders leave alone.
    """
    pictures = preview_tiles(preview, shape)
    codes = known.codes[: len(pictures)]
    values = strengths(codes - known.mean, known.directions)[:, shown]
    rests = codes - values @ known.directions[shown]
    order = np.argsort(-values.sum(axis=1), kind="stable")
    return tuple(
        {
            "picture": pictures[place],
            "values": tuple(values[place].tolist()),
            "rest": tuple(rests[place].tolist()),
        }
        for place in order.tolist()
    )
