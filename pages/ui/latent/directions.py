"""The Directions view: moves a code along attributes, and adds codes."""

import numpy as np
import streamlit as st

from ae_core.latent.disentanglement import FOLLOWS
from ae_core.latent.interpolation import code_to_text, combine, lerp
from ae_core.latent.profile import LatentProfile
from ae_core.latent.statistics import order
from ae_core.specs import Limit
from pages.ui.backend.models import disentanglement, sum_pictures
from pages.ui.charts import latent
from pages.ui.i18n import notice
from pages.ui.i18n.names import label_in_words
from pages.ui.i18n.text import number, text
from pages.ui.latent.codes import PICTURE, first_of_pictures, linked_code
from pages.ui.latent.own_direction import OwnDirection, own_direction, own_direction_choice
from pages.ui.latent.sliders import Slider, moving_sliders
from pages.ui.latent.start import code_choice, start_picture
from pages.ui.latent.view import LatentView
from pages.ui.latent.walk import ANIMATED, animation
from pages.ui.state.query_params import linked_number, set_query
from pages.ui.widgets.download_menu import File, download_menu
from pages.ui.widgets.images import image_row
from pages.ui.widgets.metric import metric

STRENGTH = 2.0  # the maximum in both directions
NAMES = ("a", "b", "c")
MAX_DIMENSIONS = 16  # in the table


def direction_view(view: LatentView) -> None:
    """Show one strength slider for each attribute, one for the visitor's own, and A + B − C."""
    own = own_direction(view)
    if view.profile.direction_names or own is not None:
        _strengths(view, own)
    else:
        notice.info(text("latent.directions.none"))
    own_direction_choice(view)
    _sum(view)
    _factors(view)


def _sum(view: LatentView) -> None:
    usual = sum_pictures(view.model.file) if view.has_pictures else range(len(NAMES))
    first = first_of_pictures(NAMES)
    codes = [
        linked_code(view.model, view.profile, name, f"{PICTURE}{number}", told=name != first)
        for number, name in zip(usual, NAMES, strict=True)
    ]
    result = combine(*codes)
    shown = view.images(np.stack([*codes, result]))
    words = ("A", "+ B", "− C", "= A + B − C")
    st.markdown("**A + B − C**", help=text("latent.directions.sum_help"))
    image_row(shown, (f"<b>{word}</b>" for word in words), min_width=110)
    written = code_to_text(result)
    st.button(
        text("latent.directions.go_on"), on_click=lambda: set_query(z=written, view="Sliders")
    )
    code_choice(view, "sum", ("z", *NAMES), ("Start", "A", "B", "C"))


def _factors(view: LatentView) -> None:
    """Show which latent dimension follows which known factor, if the factors are known."""
    known = view.profile
    if known.labels is None or known.labels.ndim == 1:
        return
    dimensions = order(known.effects)[:MAX_DIMENSIONS]
    factors = disentanglement(view.model.file)
    found = factors.correlations[:, dimensions]
    title = text("latent.directions.factors")
    st.markdown(f"**{title}**")
    left, right = st.columns([10, 3], gap="medium")
    with left:
        names = tuple(map(label_in_words, known.label_names))
        numbers = tuple(f"z{dimension + 1}" for dimension in dimensions)
        st.html(latent.factor_table(found, names, numbers, title, number))
    with right:
        gap, about = number(factors.gaps.mean(), ".2f"), text("latent.directions.gap_help")
        metric(text("latent.directions.gap"), gap, about)
        alone = int((np.square(found).max(axis=1) > FOLLOWS).sum())
        counted = text("latent.directions.found_of", count=alone, all=len(names))
        about = text("latent.directions.found_help")
        metric(text("latent.directions.found"), counted, about)


def direction_sliders(
    known: LatentProfile, directions: tuple[np.ndarray, ...]
) -> tuple[Slider, ...]:
    """Return one slider for each attribute.

    Args:
        known: the profile that names the attributes.
        directions: (K, D) for each model.
    """
    largest = float(known.direction_effects.max(initial=0)) or 1.0
    return tuple(
        _slider(
            label_in_words(name),
            text("latent.sliders.changes", effect=float(effect)),
            float(effect) / largest,
            tuple(rows[row] for rows in directions),
        )
        for row, (name, effect) in enumerate(
            zip(known.direction_names, known.direction_effects, strict=True)
        )
    )


def _strengths(view: LatentView, own: OwnDirection | None) -> None:
    known = view.profile
    named = linked_values(((-STRENGTH, STRENGTH),) * len(known.direction_names))
    directions = tuple(_directions(known.direction_names, each) for each in view.profiles)
    sliders = [*direction_sliders(known, directions)]
    values, vectors = named, directions
    if own is not None:
        sliders.append(_slider(own.name, text("latent.own.note"), 1.0, own.vectors))
        values = (*named, linked_number("own", 0, Limit(-STRENGTH, STRENGTH, whole=False)))
        pairs = zip(directions, own.vectors, strict=True)
        vectors = tuple(np.vstack([rows, vector]) for rows, vector in pairs)
    moved = np.array(values, np.float32)

    def take(written: str) -> None:
        numbers = written.split(",") if written else []
        mine = numbers[len(named) :]
        set_query(strengths=",".join(numbers[: len(named)]), own=",".join(mine))

    moving_sliders(
        view,
        "directions",
        tuple(sliders),
        values,
        take,
        origins=view.codes,
        codes=tuple(code + moved @ own for code, own in zip(view.codes, vectors, strict=True)),
        reset=text("latent.directions.reset"),
        reference=start_picture(view),
    )
    _downloads(view, sliders, moved, vectors[0])


def _downloads(
    view: LatentView, sliders: list[Slider], moved: np.ndarray, vectors: np.ndarray
) -> None:
    """Offer an animation from the code to where the sliders are, or of the first slider."""
    if moved.any():
        label = text("latent.directions.animation")
        ends = view.code, view.code + moved @ vectors
    else:
        label = text("latent.directions.animation_of", name=sliders[0].label)
        ends = view.code - STRENGTH * vectors[0], view.code + STRENGTH * vectors[0]
    codes = lerp(*ends, ANIMATED)
    file = File(label, "directions.gif", lambda: animation(view, codes), "image/gif")
    download_menu("directions", (file,))


def _slider(label: str, note: str, weight: float, vectors: tuple[np.ndarray, ...]) -> Slider:
    return Slider(
        label=label,
        note=note,
        low=-STRENGTH,
        high=STRENGTH,
        rest=0.0,
        weight=weight,
        vectors=tuple(tuple(vector.tolist()) for vector in vectors),
    )


def _directions(names: tuple[str, ...], known: LatentProfile) -> np.ndarray:
    """Return a model's directions (K, D) of these names, zeros where it has none."""
    own = dict(zip(known.direction_names, known.directions, strict=True))
    none = np.zeros(known.latent_dim, np.float32)
    return np.stack([own.get(name, none) for name in names])


def linked_values(bounds: tuple[tuple[float, float], ...]) -> tuple[float, ...]:
    """Return the sliders' values in the address, zeros if they are missing or invalid."""
    written = st.query_params.get("strengths", "")
    zeros = (0.0,) * len(bounds)
    try:
        values = tuple(float(word) for word in written.split(",")) if written else zeros
        if len(values) != len(bounds) or not all(
            low <= value <= high for value, (low, high) in zip(values, bounds, strict=True)
        ):
            raise ValueError
    except ValueError:
        low, high = min(low for low, _ in bounds), max(high for _, high in bounds)
        words = {"count": len(bounds), "low": round(low, 2), "high": round(high, 2)}
        notice.error(text("latent.directions.bad", written=written[:40], **words))
        return zeros
    return values
