"""The Directions view: moves a code along attributes, and adds codes."""

import numpy as np
import streamlit as st

from ae_core.latent.disentanglement import FOLLOWS
from ae_core.latent.interpolation import code_to_text, combine
from ae_core.latent.statistics import order
from pages.ui.backend.models import disentanglement
from pages.ui.charts import latent
from pages.ui.i18n import notice
from pages.ui.i18n.names import label_in_words
from pages.ui.i18n.text import number, text
from pages.ui.latent.sliders import Slider, moving_sliders
from pages.ui.latent.start import code_choice
from pages.ui.latent.view import LatentView, linked_code
from pages.ui.state.query_params import set_query
from pages.ui.widgets.chart import chart
from pages.ui.widgets.images import image_row
from pages.ui.widgets.metric import metric

STRENGTH = 2.0  # the maximum in both directions
NAMES = ("a", "b", "c")
MAX_DIMENSIONS = 16  # in the chart


def direction_view(view: LatentView) -> None:
    """Show one strength slider for each attribute, and A + B − C."""
    known = view.profile
    if known.direction_names:
        _strengths(view)
    else:
        notice.info(text("latent.directions.none"))
    _factors(view)
    st.markdown("##### A + B − C")
    codes = [
        linked_code(view.model, known, name, f"picture:{usual}") for usual, name in enumerate(NAMES)
    ]
    result = combine(*codes)
    shown = view.images(np.stack([*codes, result]))
    words = ("A", "+ B", "− C", "= A + B − C")
    image_row(shown, (f"<b>{word}</b>" for word in words), min_width=110)
    st.button(
        text("latent.directions.go_on"), on_click=lambda: set_query(z=code_to_text(result), view="")
    )
    code_choice(view, "sum", NAMES, ("A", "B", "C"))


def _factors(view: LatentView) -> None:
    """Show which latent dimension follows which known factor, if the factors are known."""
    known = view.profile
    if known.labels is None or known.labels.ndim == 1:
        return
    dimensions = order(known.importance)[:MAX_DIMENSIONS]
    factors = disentanglement(view.model.file)
    found = factors.correlations[:, dimensions]
    st.markdown(f"##### {text('latent.directions.factors')}")
    left, right = st.columns([10, 3], gap="medium")
    with left:
        names = tuple(map(label_in_words, known.label_names))
        numbers = tuple(f"z{dimension + 1}" for dimension in dimensions)
        chart(latent.factor_map(found, names, numbers, number), key="directions.factors")
    with right:
        gap, about = number(factors.gaps.mean(), ".2f"), text("latent.directions.gap_help")
        metric(text("latent.directions.gap"), gap, about)
        alone = int((np.square(found).max(axis=1) > FOLLOWS).sum())
        counted = text("latent.directions.found_of", count=alone, all=len(names))
        about = text("latent.directions.found_help")
        metric(text("latent.directions.found"), counted, about)


def _strengths(view: LatentView) -> None:
    known = view.profile
    values = _written(len(known.direction_names))
    lengths = np.linalg.norm(known.directions, axis=1)
    sliders = tuple(
        Slider(
            label=label_in_words(name),
            note=text("latent.directions.towards", label=label_in_words(name)),
            low=-STRENGTH,
            high=STRENGTH,
            rest=0.0,
            weight=float(length / (lengths.max() or 1)),
            vector=tuple(vector.tolist()),
        )
        for name, vector, length in zip(
            known.direction_names, known.directions, lengths, strict=True
        )
    )
    moving_sliders(
        view,
        "directions",
        sliders,
        values,
        lambda strengths: set_query(strengths=strengths),
        code=view.code + np.array(values, np.float32) @ known.directions,
        reset=text("latent.directions.reset"),
    )
    st.caption(text("latent.directions.start"))


def _written(count: int) -> tuple[float, ...]:
    """Return the strengths in the address, zeros if they are missing or invalid."""
    written = st.query_params.get("strengths", "")
    try:
        values = tuple(float(word) for word in written.split(",")) if written else (0.0,) * count
        if len(values) != count or not all(abs(value) <= STRENGTH for value in values):
            raise ValueError
    except ValueError:
        bounds = {"low": -STRENGTH, "high": STRENGTH}
        notice.error(text("latent.directions.bad", written=written[:40], count=count, **bounds))
        return (0.0,) * count
    return values
