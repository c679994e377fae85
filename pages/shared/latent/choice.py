"""The choice of a picture as the starting point of something: a test picture, or the code at hand.

In the address it is the number of a test picture, or a code's numbers with commas between them.
"""

from collections.abc import Callable

import numpy as np
import streamlit as st

from ae_core.paths import code_from_text, code_to_text
from pages.shared import notice
from pages.shared.answers import gallery, test_code
from pages.shared.latent.stage import Stage
from pages.shared.links import linked_choice, put
from pages.shared.picture_picker import picture_picker

A_PAGE = 24  # pictures
HERE = "code:"  # what a code begins with in the address, a number of a test picture does not


def picked_code(stage: Stage, name: str, usual: int) -> np.ndarray:
    """Return the code (D,) of what the address says under a name.

    Args:
        stage: whose test pictures are meant.
        name: in the address.
        usual: the number of the test picture if it says nothing.

    Raises:
        ServiceUnavailable, ImageSetUnavailable, ImageSetCorrupt: the pictures cannot be had.
    """
    written = st.query_params.get(name, str(usual))
    try:
        if written.startswith(HERE):
            return code_from_text(written.removeprefix(HERE), stage.atlas.latent_dim)
        available = gallery(stage.model.file.spec_json, 0, 1).available
        if not written.isdecimal() or int(written[:9]) >= available:
            raise ValueError(
                f"{name}={written[:40]} must be the number of a test picture, 0 to {available - 1}"
            )
        number = int(written)
    except ValueError as error:
        notice.error(f"{error}. Shown instead: test picture {usual}.")
        number = usual
    return test_code(stage.model.file, number)[0]


def picture_choice(stage: Stage, key: str, chosen: int, take: Callable[[int], None]) -> None:
    """Offer test pictures, some at a time.

    Args:
        stage: whose test pictures are offered.
        key: of the widgets.
        chosen: the number of the one that is marked, -1 for none.
        take: is told the number of one that is clicked.
    """
    start = linked_page(stage)
    shown = gallery(stage.model.file.spec_json, start, A_PAGE)
    labels = tuple(
        f"Test picture {start + i}" + (f": {label}" if label else "")
        for i, label in enumerate(shown.labels)
    )
    picture_picker(
        f"{key}-{stage.model.id}-{start}",
        shown.images,
        labels,
        chosen - start,
        lambda index: take(start + index),
    )
    back, forward = max(0, start - A_PAGE), start + A_PAGE
    with st.container(horizontal=True):
        st.button("Back", on_click=lambda: put(page=str(back)), disabled=start == 0, key=f"{key}-")
        last = forward >= shown.available
        st.button("More", on_click=lambda: put(page=str(forward)), disabled=last, key=f"{key}+")


def code_choice(stage: Stage, key: str, names: tuple[str, ...], titles: tuple[str, ...]) -> None:
    """Let the visitor choose what `picked_code` reads, for one name of the address at a time.

    Args:
        stage: whose test pictures are offered.
        key: of the widgets.
        names: in the address.
        titles: of these, for people.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        target = names[titles.index(linked_choice("choose", "Choose", titles, key))]
        here = HERE + code_to_text(stage.code)
        st.button(
            "Use the code of the sliders", on_click=lambda: put(**{target: here}), key=f"{key}.here"
        )
    written = st.query_params.get(target, "")
    chosen = int(written[:9]) if written.isdecimal() else -1
    picture_choice(stage, f"{key}-{target}", chosen, lambda number: put(**{target: str(number)}))


def linked_page(stage: Stage) -> int:
    """Return the number of the first test picture that is offered, as the address says."""
    written = st.query_params.get("page", "0")
    available = gallery(stage.model.file.spec_json, 0, 1).available
    number = int(written[:9]) if written.isdecimal() else 0
    return min(number, available - 1) // A_PAGE * A_PAGE


def linked_picture(stage: Stage) -> int:
    """Return the number of the test picture that the address says, the first one if none."""
    written = st.query_params.get("picture", "0")
    available = gallery(stage.model.file.spec_json, 0, 1).available
    return min(int(written[:9]) if written.isdecimal() else 0, available - 1)
