"""A grid of small images from which the visitor chooses one."""

from collections.abc import Callable

from pages.ui.i18n.text import text
from pages.ui.widgets.component import component, sent

_PICKER = component(__file__, '<div class="picker" role="group"></div>')


def image_picker(
    key: str,
    sources: tuple[str, ...],
    names: tuple[str, ...],
    chosen: int,
    on_pick: Callable[[int], None],
) -> None:
    """Show images to choose from.

    Args:
        key: the key of the component.
        sources: data URLs of the images, see `pages.ui.widgets.images.data_urls`.
        names: a description of each image, for screen readers and as a tooltip.
        chosen: index of the marked image, -1 for none.
        on_pick: called with the index of a clicked image, before the page reruns.
    """

    def take() -> None:
        index = sent(key, "picked")
        if isinstance(index, int) and 0 <= index < len(sources):
            on_pick(index)

    # Tuples, not lists: for a list, Streamlit imports pandas, 70 MB, to check if it is a table.
    label = text("gallery.choose")
    data = {"pictures": sources, "names": names, "chosen": chosen, "label": label}
    _PICKER(key=key, data=data, on_picked_change=take)
