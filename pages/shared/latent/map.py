"""A map of codes on which the pointer decodes; what happens in the browser is in ``map.js``."""

import base64

import numpy as np
import streamlit as st

from ae_core.atlas import CELLS
from ae_core.figures import CLASSES
from ae_core.paths import code_to_text
from pages.shared.answers import neighbour_map
from pages.shared.latent.component import live_view
from pages.shared.latent.stage import Stage
from pages.shared.links import linked_choice, put
from pages.shared.session import widget

LAYOUTS = ("Plane", "t-SNE")

_CSS = """
.map { width: 100%; aspect-ratio: 1; max-height: 74vh; display: block; cursor: crosshair;
  color: var(--st-text-color); touch-action: none; border-radius: 8px;
  background: var(--st-secondary-background-color); }
.legend { display: flex; flex-wrap: wrap; gap: 4px 14px; margin-top: 8px; }
.legend span::before { content: "●"; color: var(--hue); margin-right: 5px; }
"""

_MAP = live_view(
    "map",
    '<canvas class="map" tabindex="0" role="application" aria-label="Map of codes: arrow keys move '
    'over it, the picture follows"></canvas><div class="legend"></div>',
    _CSS,
)


def map_view(stage: Stage) -> None:
    """Show the test codes as points; hatched is where no training code is near."""
    known = stage.atlas
    layout = LAYOUTS[0]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if known.latent_dim > 2:
            layout = linked_choice("layout", "Layout", LAYOUTS, "latent")
        colours, names = _colours(stage)
    near = layout == LAYOUTS[1]
    if near:
        with st.spinner("Working out t-SNE …"):
            points = neighbour_map(stage.model.file)
        codes = known.codes[: len(points)]
        margin = 0.03 * np.ptp(points)
        extent = (
            *(points[:, 0].min() - margin, points[:, 0].max() + margin),
            *(points[:, 1].min() - margin, points[:, 1].max() + margin),
        )
        point = points[np.argmin(np.square(codes - stage.code).sum(axis=1))]
    else:
        points, extent = known.plane.flat(known.codes), tuple(known.extent.tolist())
        point = known.plane.flat(stage.code[np.newaxis])[0]
    data = {
        **stage.pictures(stage.code),
        "points": _packed(points),
        "codes": _packed(codes) if near else "",
        "values": tuple(colours[: len(points)]),
        "names": names,
        "hues": CLASSES,
        "extent": tuple(float(edge) for edge in extent),
        "holes": "" if near else "".join("01"[int(hole)] for hole in known.holes.ravel()),
        "cells": CELLS,
        "mean": tuple(known.plane.mean.tolist()),
        "axes": tuple(map(tuple, known.plane.axes.tolist())),
        "point": tuple(point.tolist()),
        "at": code_to_text(stage.code),
        "layout": layout,
    }
    key = f"map-{stage.model.id}"
    _MAP(key=key, data=data, on_code_change=lambda: put(z=widget(key)["code"]))
    st.caption(_explained(stage, near=near))


def _colours(stage: Stage) -> tuple[list[float], tuple[str, ...]]:
    """Return a number for the colour of each point, and names if the numbers are classes."""
    labels, names = stage.atlas.labels, stage.atlas.label_names
    if labels is None:
        return [], ()
    if labels.ndim == 1:
        return labels.tolist(), names
    factor = linked_choice(
        "colour", "Colour", names, "latent", format_func=lambda name: name.replace("_", " ")
    )
    return np.round(labels[:, names.index(factor)], 2).tolist(), ()


def _explained(stage: Stage, *, near: bool) -> str:
    known = stage.atlas
    if near:
        return (
            "t-SNE puts pictures with near codes next to each other, but is no plane: shown is the "
            "nearest test picture's code, decoded."
        )
    hatched = f"Hatched: no code of {known.counted:,} training pictures is near."
    if known.latent_dim <= 2:
        return f"Every point is a test picture. {hatched}"
    kept = float(known.plane.flat(known.codes).var(axis=0).sum() / known.codes.var(axis=0).sum())
    return (
        f"Every point is a test picture, drawn in the plane of the two main components: it holds "
        f"{kept:.0%} of the codes' variance, the rest is at its mean. {hatched}"
    )


def _packed(numbers: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers, "<f4").tobytes()).decode()
