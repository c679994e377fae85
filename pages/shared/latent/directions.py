"""Directions in which pictures change in one respect, and sums of codes."""

import numpy as np
import streamlit as st

from ae_core import code_figures
from ae_core.disentanglement import FOLLOWS, correlations, gaps, information
from ae_core.latent import order
from ae_core.paths import code_to_text, combine
from pages.shared import notice
from pages.shared.latent.sliders import Slider, moving_sliders
from pages.shared.latent.stage import Stage, linked_code
from pages.shared.latent.start import code_choice
from pages.shared.links import put
from pages.shared.tiles import tiles

STRENGTH = 2.0  # the largest, in both directions
NAMES = ("a", "b", "c")
MOST_NUMBERS = 16  # of the code in the chart
MIG = (
    "Mutual information gap: 1 if each factor is known to one number alone, 0 if always two know "
    "as much (arXiv 1802.04942)."
)
FOUND = "Factors of which one number alone tells more than half: of their ranks' variance."


def direction_view(stage: Stage) -> None:
    """Show one strength slider for each attribute, and A + B − C."""
    known = stage.atlas
    if known.direction_names:
        _strengths(stage)
    else:
        notice.info("The pictures of this set have no labels: no direction has a name.")
    _factors(stage)
    st.markdown("##### A + B − C")
    codes = [
        linked_code(stage.model, known, name, f"picture:{usual}")
        for usual, name in enumerate(NAMES)
    ]
    result = combine(*codes)
    shown = stage.decoded(np.stack([*codes, result])) / 255
    words = ("A", "+ B", "− C", "= A + B − C")
    tiles(tuple(shown), tuple(f"<b>{word}</b>" for word in words), least=110)
    st.button("Go on from there", on_click=lambda: put(z=code_to_text(result), view=""))
    code_choice(stage, "sum", NAMES, ("A", "B", "C"))


def _factors(stage: Stage) -> None:
    """Show which number of the code follows which known factor, where there are any."""
    known = stage.atlas
    if known.labels is None or known.labels.ndim == 1:
        return
    dimensions = order(known.importance)[:MOST_NUMBERS]
    found = correlations(known.codes[:, dimensions], known.labels)
    gap = gaps(information(known.codes, known.labels))
    st.markdown("##### Which number knows what")
    left, right = st.columns([10, 3], gap="medium")
    with left:
        names = tuple(name.replace("_", " ") for name in known.label_names)
        numbers = tuple(f"z{dimension + 1}" for dimension in dimensions)
        st.plotly_chart(code_figures.factor_map(found, names, numbers), key="directions.factors")
    with right:
        st.metric("Disentanglement", f"{gap.mean():.2f}", help=MIG)
        alone = int((np.square(found).max(axis=1) > FOLLOWS).sum())
        st.metric("Factors found", f"{alone} of {len(names)}", help=FOUND)


def _strengths(stage: Stage) -> None:
    known = stage.atlas
    values = _written(len(known.direction_names))
    lengths = np.linalg.norm(known.directions, axis=1)
    sliders = tuple(
        Slider(
            label=name.replace("_", " "),
            note=f"Towards more {name.replace('_', ' ')}",
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
        stage,
        "directions",
        sliders,
        values,
        lambda text: put(strengths=text),
        code=stage.code + np.array(values, np.float32) @ known.directions,
        reset="None",
    )
    st.caption("They start from the code of the sliders.")


def _written(count: int) -> tuple[float, ...]:
    """Return the strengths of the address, zeros where it says none or something else."""
    text = st.query_params.get("strengths", "")
    try:
        values = tuple(float(word) for word in text.split(",")) if text else (0.0,) * count
        if len(values) != count or not all(abs(value) <= STRENGTH for value in values):
            raise ValueError
    except ValueError:
        notice.error(
            f"strengths={text[:40]} must be {count} numbers between {-STRENGTH:g} and "
            f"{STRENGTH:g}. Shown instead: none."
        )
        return (0.0,) * count
    return values
