"""A model as one page to take home: its sliders move without a server; ``take_home.js`` runs there.

The page asks for nothing: its policy forbids it. It shows test pictures only of sets that come with
the app; of others the rows begin with codes that nobody has drawn.
"""

import json
from datetime import date
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from ae_core.data.loading import card
from ae_core.latent.browser_decoder import (
    MAX_MACS,
    MAX_WEIGHTS,
    decoder_macs,
    decoder_weights,
)
from ae_core.latent.interpolation import code_to_text
from ae_core.latent.profile import LatentProfile
from ae_core.models.compatibility import image_shape
from ae_core.models.pretrained import cards
from ae_core.specs import TrainingSpec, flatten, to_json
from pages.ui.backend.home_file import MAX_BYTES, HomeModel, home_model, in_page, programs
from pages.ui.backend.images import gallery_tiles
from pages.ui.backend.models import full_latent_profile, latent_profile
from pages.ui.i18n import notice
from pages.ui.i18n.text import language, number, text
from pages.ui.i18n.wording import label, set_to
from pages.ui.latent.component import live_words
from pages.ui.latent.directions import direction_sliders
from pages.ui.latent.sliders import described, folds, number_sliders, random_codes
from pages.ui.latent.view import LatentView
from pages.ui.pickers.models import TrainedAutoencoder
from pages.ui.widgets.one_file import one_script, one_style

STARTS = 12  # codes to start from
DIGITS = 5  # significant ones of what random codes are drawn from
# Of a page from a disk, only its own script and style, and what stands in data URLs.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval'; "
    "style-src 'unsafe-inline'; img-src data:; connect-src data:"
)


def take_home(model: TrainedAutoencoder) -> None:
    """Offer a trained model as a file; it is made when the menu opens."""
    with st.popover(
        text("home_file.take.open"),
        icon=":material/backpack:",
        key=f"take_home.{model.id}",
        on_change="rerun",
    ) as opened:
        if not opened.open:
            st.caption(text("downloads.wait"))
            return
        network, shape = model.spec.autoencoder, image_shape(model.spec)
        if decoder_macs(network, shape) > MAX_MACS or decoder_weights(network, shape) > MAX_WEIGHTS:
            st.info(text("home_file.take.too_slow"))
            return
        with notice.refusals():
            made = home_model(model.file, model.id)
            page = home_page(model, made).encode()
            size = number(len(page) / 2**20, ".1f")
            st.markdown(text("home_file.take.about", size=size))
            if not made.returns:
                st.warning(text("home_file.take.too_large", most=MAX_BYTES >> 20))
            elif card(model.spec.image_set).user_made:
                st.warning(text("home_file.take.own_pictures"))
            st.download_button(
                text("home_file.take.save"),
                page,
                _name(model),
                "text/html",
                icon=":material/download:",
                key=f"take_home.save.{model.id}",
                on_click="ignore",
            )


def _name(model: TrainedAutoencoder) -> str:
    own = model.id if model.id in cards() else f"{model.spec.image_set}-{model.id[:4]}"
    return f"autoencoder-{own}.html"


def home_page(model: TrainedAutoencoder, made: HomeModel) -> str:
    """Return the page of a model in the visitor's language.

    Raises:
        UserError: its pictures, which are needed once, are not available.
    """
    known = latent_profile(model.file)
    views = _views(model, known)
    shown = {
        "id": model.id,
        "decoder": made.decoder,
        "views": [data for _, data in views],
        "starts": _starts(model, known),
        "start": text("home_file.page.start"),
        "target": text("home_file.page.target"),
    }
    kinds = ""
    if len(views) > 1:
        buttons = "".join(f'<button type="button">{escape(name)}</button>' for name, _ in views)
        kinds = f'<div class="kinds">{buttons}</div>'
    said = in_page(json.dumps(shown, ensure_ascii=False, separators=(",", ":")))
    sizes = {"numbers": known.latent_dim, "date": date.today()}
    title, own = escape(model.title), language()
    return f"""<!doctype html>
<html lang="{own}" data-language="{own}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">
<title>{title} · Autoencoder Lab</title>
<style>
{one_style("latent/take_home.css")}</style>
</head>
<body>
<main class="host">
<h1>{title}</h1>
<p>{escape(text("home_file.page.about", **sizes))}</p>
<noscript><p>{escape(text("home_file.page.no_script"))}</p></noscript>
<h2>{escape(text("home_file.page.starts"))}</h2>
<div class="starts"></div>
{kinds}
<div class="latent"><div class="view"><div class="score" hidden></div><div class="pictures"></div>
<div class="status" role="status"></div></div>
<div class="controls"><div class="buttons"></div><div class="rows"></div></div></div>
{_about(model, returns=made.returns)}
</main>
{made.blocks}<script type="application/json" id="lab-page">{said}</script>
<script>
{one_script("latent/take_home.js")}</script>
</body>
</html>
"""


def _about(model: TrainedAutoencoder, *, returns: bool) -> str:
    """Return what the page says below the sliders: files, settings, whether the app opens it."""
    said = {
        "autoencoder.ipynb": text("home_file.page.notebook"),
        "autoencoder.py": text("home_file.page.script"),
    }
    links = "".join(
        f'<li><a download="{name}" href="{url}">{escape(said[name])}</a></li>'
        for name, url in programs(model.spec).items()
    )
    settings = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _said(model.spec)
    )
    back = text("home_file.page.back_about" if returns else "home_file.page.back_not")
    if returns and card(model.spec.image_set).user_made:
        back = text("home_file.page.back_here")
    return f"""<h2>{escape(text("home_file.page.files"))}</h2>
<ul class="files">{links}</ul>
<h2>{escape(text("home_file.page.settings"))}</h2>
<details><summary>{escape(text("home_file.page.settings_open"))}</summary><dl>{settings}</dl></details>
<details><summary>JSON</summary><pre>{escape(to_json(model.spec))}</pre></details>
<h2>{escape(text("home_file.page.back"))}</h2>
<p>{escape(back)}</p>"""


def _said(spec: TrainingSpec) -> list[tuple[str, str]]:
    return [(label(name), set_to(value, name)) for name, value in flatten(spec).items()]


def _views(model: TrainedAutoencoder, known: LatentProfile) -> list[tuple[str, dict[str, Any]]]:
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


def _starts(model: TrainedAutoencoder, known: LatentProfile) -> list[dict[str, Any]]:
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
