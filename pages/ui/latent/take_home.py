"""A model as one page to take home: its sliders move without a server; ``take_home.js`` runs there.

The page asks for nothing: its policy forbids it. It shows test pictures only of sets that come with
the app; of others the rows begin with codes that nobody has drawn.
"""

import json
from datetime import date
from html import escape

import streamlit as st

from ae_core.data.loading import card
from ae_core.latent.browser_decoder import (
    MAX_MACS,
    MAX_WEIGHTS,
    decoder_macs,
    decoder_weights,
)
from ae_core.models.compatibility import image_shape
from ae_core.models.pretrained import cards
from ae_core.specs import TrainingSpec, flatten, to_json
from pages.ui.backend.home_file import MAX_BYTES, HomeModel, home_model, in_page, programs
from pages.ui.backend.models import latent_profile
from pages.ui.i18n import notice
from pages.ui.i18n.text import language, number, text
from pages.ui.i18n.wording import label, set_to
from pages.ui.latent.home_sliders import kinds_of_sliders, starts
from pages.ui.pickers.models import TrainedAutoencoder
from pages.ui.widgets.one_file import one_script, one_style

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
    views = kinds_of_sliders(model, known)
    shown = {
        "id": model.id,
        "decoder": made.decoder,
        "views": [data for _, data in views],
        "starts": starts(model, known),
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
