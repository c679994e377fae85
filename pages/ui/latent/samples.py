"""The Samples view: images of random codes, of latent traversals, and the grid of a 2-D code."""

import secrets

import numpy as np
import streamlit as st

from ae_core import images
from ae_core.latent.profile import LatentProfile
from ae_core.latent.statistics import Gaussian, order
from ae_core.specs import LIMITS
from pages.ui.i18n.text import text
from pages.ui.latent.view import LatentView
from pages.ui.state.query_params import linked_choice, linked_number, linked_slider, set_query
from pages.ui.widgets.download_menu import File, download_menu

KINDS = ("Random", "One number at a time", "Grid")
SIDE = 6  # random images per row and column
GRID = 15
TRAVERSED = (8, 9)  # dimensions, steps
# A dimension is far from N(0, 1) if its mean is, or its standard deviation by powers of 2.
FAR, FACTOR = 0.5, 1.0


def sample_view(view: LatentView) -> None:
    """Show the images of many codes at once."""
    kinds = KINDS if view.profile.latent_dim == 2 else KINDS[:2]
    kind = linked_choice(
        "samples",
        text("latent.samples.of"),
        kinds,
        "latent",
        words="latent.sampled",
        collapsed=True,
    )
    {"Random": _random, "One number at a time": _traversals, "Grid": _grid}[kind](view)


def _random(view: LatentView) -> None:
    known = view.profile
    with st.container(horizontal=True, vertical_alignment="bottom"):
        temperature = linked_slider(
            "temperature",
            text("latent.samples.temperature"),
            1.0,
            LIMITS["temperature"],
            "latent",
        )
        seed = int(linked_number("seed", 0, LIMITS["seed"]))
        st.button(
            text("latent.samples.new"),
            on_click=lambda: set_query(seed=str(secrets.randbelow(10_000))),
        )
    both = (
        ("fitted", text("latent.samples.fitted"), known.fitted),
        ("prior", text("latent.samples.prior"), Gaussian.standard(known.latent_dim)),
    )
    for column, (name, title, gaussian) in zip(st.columns(2, gap="medium"), both, strict=True):
        codes = gaussian.sample(np.random.default_rng(seed), SIDE**2, temperature)
        with column:
            st.markdown(f"**{title}**")
            _sheet(view, codes, SIDE, f"random-codes-{name}", title)
    trained = text("latent.samples.variational" if known.variational else "latent.samples.plain")
    st.caption(f"{trained} {_distance(known)}")


def _distance(known: LatentProfile) -> str:
    """Say how far the codes of training images are from N(0, 1) in each dimension."""
    means, deviations = known.mean, np.sqrt(np.square(known.factor).sum(axis=1))
    away = (np.abs(means) > FAR) | (np.abs(np.log2(deviations + 1e-9)) > FACTOR)
    if not away.any():
        return text(
            "latent.samples.near",
            mean=float(np.abs(means).max()),
            low=float(deviations.min()),
            high=float(deviations.max()),
        )
    far = np.flatnonzero(away)
    worst = max(far, key=lambda index: abs(means[index]) + abs(np.log2(deviations[index] + 1e-9)))
    return text(
        "latent.samples.far",
        count=len(far),
        all=known.latent_dim,
        name=f"z{worst + 1}",
        mean=float(means[worst]),
        deviation=float(deviations[worst]),
    )


def _grid(view: LatentView) -> None:
    low, high = view.profile.quantiles[0], view.profile.quantiles[-1]
    x, y = np.meshgrid(np.linspace(low[0], high[0], GRID), np.linspace(high[1], low[1], GRID))
    codes = np.stack([x.ravel(), y.ravel()], axis=1)
    title = text("latent.samples.grid")
    _sheet(view, codes.astype(np.float32), GRID, "grid-of-codes", title)
    st.caption(
        text(
            "latent.samples.grid_about",
            left=float(low[0]),
            right=float(high[0]),
            bottom=float(low[1]),
            top=float(high[1]),
        )
    )


def _traversals(view: LatentView) -> None:
    known = view.profile
    count, steps = TRAVERSED
    dimensions = order(known.effects)[:count]
    codes = np.repeat(view.code[np.newaxis], len(dimensions) * steps, axis=0)
    for row, dimension in enumerate(dimensions):
        low, high = known.quantiles[0, dimension], known.quantiles[-1, dimension]
        codes[row * steps : (row + 1) * steps, dimension] = np.linspace(low, high, steps)
    title = text("latent.sampled.one-number-at-a-time")
    _sheet(view, codes, steps, "one-number-at-a-time", title)
    names = ", ".join(f"z{dimension + 1}" for dimension in dimensions)
    st.caption(text("latent.samples.rows", names=names))


def _sheet(view: LatentView, codes: np.ndarray, columns: int, name: str, title: str) -> None:
    """Show the images of codes and offer them as a file."""
    shown = view.decoded(codes)
    rows = shown.reshape(-1, columns, *shown.shape[1:])
    sheet = images.to_png(images.contact_sheet(rows, width=1200, gap=2))
    alt = text("latent.samples.sheet", title=title, count=len(codes))
    st.image(sheet, alt=alt, width="stretch")
    download_menu(name, (File("PNG", f"{name}.png", lambda: sheet),))
