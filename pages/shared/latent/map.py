"""A map of codes on which the pointer decodes; what happens in the browser is in ``map.js``."""

import base64

import numpy as np
import streamlit as st

from ae_core.atlas import CELLS, Atlas, extent_of
from ae_core.figures import CLASSES
from pages.shared.answers import neighbour_map, whole_atlas
from pages.shared.latent.component import heard, live_view
from pages.shared.latent.stage import Stage
from pages.shared.links import linked_choice, put

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
    if stage.has_pictures:
        with st.spinner("Encoding test pictures …"):
            known = whole_atlas(stage.model.file)
    layouts = LAYOUTS if len(known.codes) and known.latent_dim > 2 else LAYOUTS[:1]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layout = layouts[0]
        if len(layouts) > 1:
            layout = linked_choice("layout", "Layout", layouts, "latent")
        colours, names = _colours(known)
    points, extent = known.plane.flat(known.codes), known.extent
    point = known.plane.flat(stage.code[np.newaxis])[0]
    is_plane = layout == LAYOUTS[0]
    if not is_plane:
        with st.spinner("Working out t-SNE …"):
            points = neighbour_map(stage.model.file)
        extent = extent_of(points)
        nearest = np.square(known.codes[: len(points)] - stage.code).sum(axis=1).argmin()
        point = points[nearest]
    data = {
        **stage.live_pictures(stage.code),
        "layout": layout,
        "points": _packed(points),
        "codes": "" if is_plane else _packed(known.codes[: len(points)]),
        "values": tuple(colours[: len(points)]),
        "names": names,
        "hues": CLASSES,
        "extent": tuple(extent.tolist()),
        "holes": "".join("01"[int(hole)] for hole in known.holes.ravel()) if is_plane else "",
        "cells": CELLS,
        "axes": tuple(map(tuple, known.plane.axes.tolist())),
        "point": tuple(point.tolist()),
        "code": tuple(stage.code.tolist()),
        "at": stage.at,
    }
    key = f"map-{stage.model.id}"
    _MAP(key=key, data=data, on_code_change=lambda: put(z=heard(key)))
    st.caption(_explained(known, is_plane=is_plane))


def _colours(known: Atlas) -> tuple[list[float], tuple[str, ...]]:
    """Return a number for the colour of each point, and names if the numbers are classes."""
    labels, names = known.labels, known.label_names
    if labels is None:
        return [], ()
    if labels.ndim == 1:
        return labels.tolist(), names
    factor = linked_choice(
        "colour", "Colour", names, "latent", format_func=lambda name: name.replace("_", " ")
    )
    return np.round(labels[:, names.index(factor)], 2).tolist(), ()


def _explained(known: Atlas, *, is_plane: bool) -> str:
    if not is_plane:
        return (
            "t-SNE puts pictures with near codes next to each other, but is no plane: shown is the "
            "nearest test picture's code, decoded."
        )
    points = "Every point is a test picture" if len(known.codes) else "The pictures are not here"
    hatched = f"Hatched: no code of {known.counted:,} training pictures is near."
    if known.latent_dim <= 2:
        return f"{points}. {hatched}"
    spread = float(np.square(known.factor).sum())  # the variance of all numbers together
    kept = float(np.square(known.plane.axes @ known.factor).sum()) / spread
    return (
        f"{points}, drawn in the plane of the two main components, which holds {kept:.0%} of the "
        f"codes' variance; what is outside stays as it is on the sliders. {hatched}"
    )


def _packed(numbers: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers, "<f4").tobytes()).decode()
