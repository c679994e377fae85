"""What moves on a page that goes home: sliders, as ``sliders.js`` takes them, and first codes."""

from typing import Any

import numpy as np

from ae_core.data.loading import card
from ae_core.latent.interpolation import code_to_text
from ae_core.latent.profile import LatentProfile
from pages.ui.backend.images import gallery_tiles
from pages.ui.backend.models import full_latent_profile
from pages.ui.i18n.text import text
from pages.ui.latent.component import live_words
from pages.ui.latent.directions import direction_sliders
from pages.ui.latent.sliders import described, folds, number_sliders, random_codes
from pages.ui.latent.view import LatentView
from pages.ui.pickers.models import TrainedAutoencoder

STARTS = 12  # codes to start from
DIGITS = 5  # significant ones of what random codes are drawn from


def kinds_of_sliders(
    model: TrainedAutoencoder, known: LatentProfile
) -> list[tuple[str, dict[str, Any]]]:
    """Return the data of ``sliders.js`` for each kind of sliders, the first one to begin with."""
    view = LatentView((model,), known, (known.mean,), "", "")
    random = random_codes(view)
    shared = {
        "models": [{"id": model.id, "title": model.title, "still": ""}],
        "status": "",
        "words": live_words(),
        "score": [],
    }
    numbers = {
        "name": "numbers",
        "sliders": [vars(each) for each in number_sliders(view)],
        "sends": "code",
        "folds": folds(view),
        "reset": text("latent.sliders.mean"),
        "random": [] if random is None else [_short(described(random))],
    }
    found = [(text("latent.view.sliders"), {**shared, **numbers})]
    if known.direction_names:
        sliders = direction_sliders(known, (known.directions,))
        directions = {
            "name": "directions",
            "sliders": [vars(each) for each in sliders],
            "sends": "values",
            "folds": [],
            "reset": text("latent.directions.reset"),
            "random": [],
        }
        place = 0 if known.attributes else 1
        found.insert(place, (text("latent.view.directions"), {**shared, **directions}))
    return found


def starts(model: TrainedAutoencoder, known: LatentProfile) -> list[dict[str, Any]]:
    """Return codes, those of test pictures with these if they come with the app."""
    own = card(model.spec.image_set)
    if own.embedded or own.sample is not None:
        codes = full_latent_profile(model.file).codes[:STARTS]
        pictures = gallery_tiles(model.spec.images, 0, len(codes))
        pairs = zip(codes, pictures, strict=True)
        return [{"code": _linked(code), "picture": picture} for code, picture in pairs]
    codes = known.fitted.sample(np.random.default_rng(0), STARTS)
    return [{"code": _linked(code), "picture": ""} for code in codes]


def _short(value: Any) -> Any:
    """Return nested numbers with few digits, as in JSON they take most of the room."""
    if isinstance(value, dict):
        return {name: _short(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_short(each) for each in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _linked(code: np.ndarray) -> list[float]:
    """Return a code as the app has it in links, so that its picture is the same."""
    return list(map(float, code_to_text(code).split(",")))
