"""A grid of small pictures of which the visitor chooses one."""

from collections.abc import Callable

import streamlit as st

from pages.ui.i18n.text import text
from pages.ui.widgets.component import component

_PICKER = component(__file__, '<div class="picker" role="group"></div>')


def image_picker(
    key: str,
    sources: tuple[str, ...],
    names: tuple[str, ...],
    chosen: int,
    on_pick: Callable[[int], None],
) -> None:
    """Show pictures to choose from.

    Args:
        key: of the component.
        sources: addresses that hold the pictures, see `pages.ui.widgets.images.addresses`.
        names: what each shows, for screen readers and as a tooltip.
        chosen: index of the one that is marked, -1 for none.
        on_pick: is told the index of a picture that is clicked, before the page is drawn again.
    """

    def take() -> None:
        index = st.session_state[key]["picked"]
        # The value comes from the browser: anything may stand in it.
        if isinstance(index, int) and 0 <= index < len(sources):
            on_pick(index)

    # Tuples, not lists: for a list Streamlit imports pandas, 70 MB, to see whether it is a table.
    label = text("gallery.choose")
    data = {"pictures": sources, "names": names, "chosen": chosen, "label": label}
    _PICKER(key=key, data=data, on_picked_change=take)
