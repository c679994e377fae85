"""Pictures of many codes at once: random ones, one number at a time, the grid of a 2-D code."""

import secrets

import numpy as np
import streamlit as st

from ae_core import pictures
from ae_core.latent import Gaussian, order
from ae_core.specs import LIMITS
from pages.shared.downloads import File, offer
from pages.shared.latent.stage import Stage
from pages.shared.links import linked_choice, linked_number, linked_slider, put

KINDS = ("Random", "One number at a time", "Grid")
SIDE = 6  # random pictures in a row and in a column
GRID = 15
TRAVERSED = (8, 9)  # dimensions, steps


def sample_view(stage: Stage) -> None:
    """Show pictures of many codes at once."""
    kinds = KINDS if stage.atlas.latent_dim == 2 else KINDS[:2]
    kind = linked_choice("samples", "Pictures of", kinds, "latent", label_visibility="collapsed")
    {"Random": _random, "One number at a time": _traversals, "Grid": _grid}[kind](stage)


def _random(stage: Stage) -> None:
    known = stage.atlas
    with st.container(horizontal=True, vertical_alignment="bottom"):
        temperature = linked_slider(
            "temperature", "Temperature", 1.0, LIMITS["temperature"], "latent"
        )
        seed = int(linked_number("seed", 0, LIMITS["seed"]))
        st.button("New random codes", on_click=lambda: put(seed=str(secrets.randbelow(10_000))))
    both = (
        ("From N(0, I)", Gaussian.standard(known.latent_dim)),
        ("From the Gaussian fitted to the codes", known.fitted),
    )
    for column, (title, gaussian) in zip(st.columns(2, gap="medium"), both, strict=True):
        codes = gaussian.sample(np.random.default_rng(seed), SIDE**2, temperature)
        with column:
            st.markdown(f"##### {title}")
            _sheet(stage, codes, SIDE, title)
    st.caption(
        "A variational model is trained to keep its codes near N(0, I), so both should look alike; "
        "what differs is what the training has not closed."
        if known.variational
        else "Nothing told this model to put its codes around 0: N(0, I) mostly misses them. The "
        "fitted Gaussian has their mean and covariance, but not their holes."
    )


def _grid(stage: Stage) -> None:
    low, high = stage.atlas.quantiles[0], stage.atlas.quantiles[-1]
    x, y = np.meshgrid(np.linspace(low[0], high[0], GRID), np.linspace(high[1], low[1], GRID))
    codes = np.stack([x.ravel(), y.ravel()], axis=1)
    _sheet(stage, codes.astype(np.float32), GRID, "Grid of codes")
    st.caption(
        f"From left to right z1 goes from {low[0]:.1f} to {high[0]:.1f}, from bottom to top z2 "
        f"from {low[1]:.1f} to {high[1]:.1f}: the middle 98 % of the training codes."
    )


def _traversals(stage: Stage) -> None:
    known = stage.atlas
    count, steps = TRAVERSED
    dimensions = order(known.importance)[:count]
    codes = np.repeat(stage.code[np.newaxis], len(dimensions) * steps, axis=0)
    for row, dimension in enumerate(dimensions):
        low, high = known.quantiles[0, dimension], known.quantiles[-1, dimension]
        codes[row * steps : (row + 1) * steps, dimension] = np.linspace(low, high, steps)
    _sheet(stage, codes, steps, "One number at a time")
    names = ", ".join(f"z{dimension + 1}" for dimension in dimensions)
    st.caption(
        f"From top to bottom: {names}, the most important first. Each row moves one of them over "
        "the middle 98 % of the training codes; the others stay as on the sliders."
    )


def _sheet(stage: Stage, codes: np.ndarray, columns: int, title: str) -> None:
    shown = stage.decoded(codes)
    rows = shown.reshape(-1, columns, *shown.shape[1:])
    sheet = pictures.contact_sheet(rows, width=1200, gap=2)
    st.image(sheet, alt=f"{title}: {len(codes)} pictures", width="stretch")
    name = title.lower().replace(" ", "-")
    offer(name, (File("PNG", f"{name}.png", lambda: pictures.to_png(sheet)),))
