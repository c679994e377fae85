"""The Map view: a map of codes on which the pointer decodes; ``map.js`` runs in the browser."""

import base64

import numpy as np
import streamlit as st

from ae_core.latent.profile import CELLS, LatentProfile, extent_of
from pages.ui.backend.models import full_latent_profile, tsne_map
from pages.ui.charts.plot import CLASSES
from pages.ui.i18n.names import label_in_words
from pages.ui.i18n.text import number, text
from pages.ui.latent.component import heard, live_view
from pages.ui.latent.view import LatentView
from pages.ui.state.query_params import linked_choice, set_query

LAYOUTS = ("Plane", "t-SNE")

_MAP = live_view(
    __file__,
    '<canvas class="map" tabindex="0" role="application"></canvas><div class="legend"></div>',
)


def map_view(view: LatentView) -> None:
    """Show the test codes as points; areas far from any training code are hatched."""
    known = view.profile
    if view.has_pictures:
        with st.spinner(text("latent.map.encoding")):
            known = full_latent_profile(view.model.file)
    layouts = LAYOUTS if len(known.codes) and known.latent_dim > 2 else LAYOUTS[:1]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layout = layouts[0]
        if len(layouts) > 1:
            layout = linked_choice(
                "layout", text("latent.map.layout"), layouts, "latent", words="latent.layout"
            )
        colours, names = _colours(known)
    points, extent = known.projection.project(known.codes), known.extent
    point = known.projection.project(view.code[np.newaxis])[0]
    is_plane = layout == LAYOUTS[0]
    if not is_plane:
        with st.spinner(text("latent.map.t-sne")):
            points = tsne_map(view.model.file)
        extent = extent_of(points)
        nearest = np.square(known.codes[: len(points)] - view.code).sum(axis=1).argmin()
        point = points[nearest]
    data = {
        **view.live_pictures(view.code),
        "layout": layout,
        "points": _packed(points),
        "codes": "" if is_plane else _packed(known.codes[: len(points)]),
        "values": tuple(colours[: len(points)]),
        "names": names,
        "hues": CLASSES,
        "extent": tuple(extent.tolist()),
        "holes": "".join("01"[int(hole)] for hole in known.low_density.ravel()) if is_plane else "",
        "cells": CELLS,
        "axes": tuple(map(tuple, known.projection.axes.tolist())),
        "point": tuple(point.tolist()),
        "code": tuple(view.code.tolist()),
        "at": view.at,
    }
    key = f"map-{view.model.id}"
    _MAP(key=key, data=data, on_code_change=heard(key, lambda code: set_query(z=code)))
    st.caption(_explained(known, is_plane=is_plane))


def _colours(known: LatentProfile) -> tuple[list[float], tuple[str, ...]]:
    """Return a number for the colour of each point, and names if the numbers are classes."""
    labels, names = known.labels, known.label_names
    if labels is None:
        return [], ()
    if labels.ndim == 1:
        return labels.tolist(), tuple(map(label_in_words, names))
    factor = linked_choice(
        "colour", text("latent.map.colour"), names, "latent", format_func=label_in_words
    )
    return np.round(labels[:, names.index(factor)], 2).tolist(), ()


def _explained(known: LatentProfile, *, is_plane: bool) -> str:
    if not is_plane:
        return text("latent.map.neighbours")
    points = text("latent.map.points" if len(known.codes) else "latent.map.no_points")
    hatched = text("latent.map.hatched", count=number(known.count, ","))
    if known.latent_dim <= 2:
        return f"{points}. {hatched}"
    spread = float(np.square(known.factor).sum())  # the total variance of all latent dimensions
    kept = float(np.square(known.projection.axes @ known.factor).sum()) / spread
    plane = text("latent.map.plane", points=points, kept=number(kept, ".0%"))
    return f"{plane} {hatched}"


def _packed(numbers: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers, "<f4").tobytes()).decode()
