"""The Map view: a map of codes on which the pointer decodes; ``map.js`` runs in the browser."""

import base64
from dataclasses import dataclass

import numpy as np
import streamlit as st

from ae_core.latent.profile import CELLS, LatentProfile, extent_of
from ae_core.latent.statistics import explained
from pages.ui.backend.models import full_latent_profile, tsne_map
from pages.ui.charts.plot import CLASSES
from pages.ui.i18n.names import label_in_words
from pages.ui.i18n.text import lowered, text
from pages.ui.latent.component import heard, live_view
from pages.ui.latent.view import LatentView, live_pictures
from pages.ui.pickers.models import TrainedAutoencoder
from pages.ui.state.query_params import linked_choice, set_query

LAYOUTS = ("Plane", "t-SNE")
WITHIN = 0.98  # share of the points that the shades tell apart; the others have the outermost

_MAP = live_view(
    __file__,
    '<canvas class="map" tabindex="0" role="application"></canvas><div class="legend"></div>',
)


@dataclass(frozen=True)
class _Colours:
    """What the colours of a map's points show.

    Attributes:
        values: the class of each point, or a factor's shade in [-1, 1]; empty without labels.
        names: the names of the classes; empty for a factor.
        words: a sentence about a factor, "" without one.
    """

    values: tuple[float, ...] = ()
    names: tuple[str, ...] = ()
    words: str = ""


def map_view(view: LatentView) -> None:
    """Show the test codes of each model as points; areas far from training codes are hatched."""
    profiles = view.profiles
    if view.has_pictures:
        with st.spinner(text("latent.map.encoding")):
            profiles = tuple(
                full_latent_profile(model.file) if not model.in_training else known
                for model, known in zip(view.models, view.profiles, strict=True)
            )
    known = profiles[0]
    layouts = LAYOUTS if len(known.codes) and known.latent_dim > 2 else LAYOUTS[:1]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        layout = layouts[0]
        if len(layouts) > 1:
            layout = linked_choice(
                "layout", text("latent.map.layout"), layouts, "latent", words="latent.layout"
            )
        factor = _factor(known)
    columns = st.columns(len(view.models), gap="medium")
    for place, (column, model) in enumerate(zip(columns, view.models, strict=True)):
        with column:
            _one(view, place, model, profiles[place], factor, is_plane=layout == LAYOUTS[0])


def _one(
    view: LatentView,
    place: int,
    model: TrainedAutoencoder,
    known: LatentProfile,
    factor: str,
    *,
    is_plane: bool,
) -> None:
    """Show the map of one model; only clicks on the first model's map change the address."""
    code = view.codes[place]
    points, extent = known.projection.project(known.codes), known.extent
    point = known.projection.project(code[np.newaxis])[0]
    colours = _colours(known, points, factor)
    is_plane = is_plane or not len(known.codes)
    if not is_plane:
        with st.spinner(text("latent.map.t-sne")):
            points = tsne_map(model.file)
        extent = extent_of(points)
        nearest = np.square(known.codes[: len(points)] - code).sum(axis=1).argmin()
        point = points[nearest]
    data = {
        **live_pictures((model,), (code,)),
        "layout": "Plane" if is_plane else "t-SNE",
        "points": _packed(points),
        "codes": "" if is_plane else _packed(known.codes[: len(points)]),
        "values": colours.values[: len(points)],
        "names": colours.names,
        "hues": CLASSES,
        "extent": tuple(extent.tolist()),
        "holes": "".join("01"[int(hole)] for hole in known.low_density.ravel()) if is_plane else "",
        "cells": CELLS,
        "axes": tuple(map(tuple, known.projection.axes.tolist())),
        "point": tuple(point.tolist()),
        "code": tuple(code.tolist()),
        "at": view.at,
    }

    def take(written: str) -> None:
        if not place:
            set_query(z=written, start="")

    key = f"map-{model.id}"
    _MAP(key=key, data=data, on_code_change=heard(key, take))
    st.caption(f"{_explained(known, is_plane=is_plane)} {colours.words if is_plane else ''}")


def _factor(known: LatentProfile) -> str:
    """Let the visitor choose the factor that the colours show; "" if there are none."""
    labels, names = known.labels, known.label_names
    if labels is None or labels.ndim == 1:
        return ""
    shown = explained(known.projection.project(known.codes), labels)
    return linked_choice(
        "colour",
        text("latent.map.colour"),
        names,
        "latent",
        usual=names[int(shown.argmax())],
        format_func=label_in_words,
    )


def _colours(known: LatentProfile, points: np.ndarray, factor: str) -> _Colours:
    labels, names = known.labels, known.label_names
    if labels is None:
        return _Colours()
    if labels.ndim == 1:
        return _Colours(tuple(labels.tolist()), tuple(map(label_in_words, names)))
    if factor not in names:
        return _Colours()
    values = labels[:, names.index(factor)]
    share = float(explained(points, values[:, np.newaxis])[0])
    label = label_in_words(factor)
    told = "latent.map.tells" if share >= 0.1 else "latent.map.tells_not"
    words = text(told, label=lowered(label), share=100 * share)
    reach = float(np.quantile(np.abs(values), WITHIN)) or 1.0
    shades = np.clip(values / reach, -1, 1)
    return _Colours(tuple(np.round(shades, 2).tolist()), (), words)


def _explained(known: LatentProfile, *, is_plane: bool) -> str:
    if not is_plane:
        return text("latent.map.neighbours")
    points = text("latent.map.points" if len(known.codes) else "latent.map.no_points")
    hatched = text("latent.map.hatched", count=known.count)
    if known.latent_dim <= 2:
        return f"{points}. {hatched}"
    spread = float(np.square(known.factor).sum())  # the total variance of all latent dimensions
    kept = float(np.square(known.projection.axes @ known.factor).sum()) / spread
    plane = text("latent.map.plane", points=points, kept=100 * kept)
    return f"{plane} {hatched}"


def _packed(numbers: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(numbers, "<f4").tobytes()).decode()
