"""A grid of small images from which the visitor chooses one."""

from collections.abc import Callable
from dataclasses import dataclass

from pages.ui.i18n.text import text
from pages.ui.widgets.addressed import Addressed
from pages.ui.widgets.component import component, sent
from pages.ui.widgets.images import file_url

_PICKER = component(__file__, '<div class="picker" role="group"></div>')


@dataclass(frozen=True)
class Strip:
    """Images side by side in one PNG file, which the browser loads by its address and keeps."""

    file: Addressed


def image_picker(
    key: str,
    sources: tuple[str, ...] | Strip,
    names: tuple[str, ...],
    chosen: int,
    on_pick: Callable[[int], None],
) -> None:
    """Show images to choose from.

    Args:
        key: the key of the component.
        sources: data URLs of the images, see `pages.ui.widgets.images.data_urls`, or a strip of as
            many as there are names.
        names: a description of each image, for screen readers and as a tooltip.
        chosen: index of the marked image, -1 for none.
        on_pick: called with the index of a clicked image, before the page reruns.
    """

    def take() -> None:
        index = sent(key, "picked")
        if isinstance(index, int) and 0 <= index < len(names):
            on_pick(index)

    label = text("gallery.choose")
    strip = ""
    if isinstance(sources, Strip):
        where = sources.file.address()
        # It is not there if another server answered the browser: then a message has it.
        missing = sent(key, "gone") == where
        strip, sources = file_url(sources.file.content) if missing else where, ()
    # Tuples, not lists: for a list, Streamlit imports pandas, 70 MB, to check if it is a table.
    data = {"pictures": sources, "strip": strip, "names": names, "chosen": chosen, "label": label}
    _PICKER(key=key, data=data, on_picked_change=take, on_gone_change=lambda: None)
