"""A menu whose entries have a picture and a line of text, in groups."""

from collections.abc import Callable
from typing import NamedTuple

from pages.ui.widgets.component import component, sent

_HTML = """
<div class="menu">
  <span class="label" id="label"></span>
  <button type="button" class="open" id="open" aria-labelledby="label open"></button>
  <div class="list" popover></div>
</div>
"""
_MENU = component(__file__, _HTML)


class Entry(NamedTuple):
    """An entry of a menu: a tuple, as Streamlit imports pandas to see whether a dict is a table.

    Attributes:
        id: what is returned for it.
        group: the heading that it stands under; entries of a group follow each other.
        title: its name.
        about: one line about it, may be empty.
        picture: its address, empty for none.
    """

    id: str
    group: str
    title: str
    about: str
    picture: str = ""


def picture_menu(
    key: str, label: str, entries: tuple[Entry, ...], chosen: str, on_pick: Callable[[str], None]
) -> None:
    """Show the chosen entry; a click on it opens the list.

    Args:
        key: the key of the component.
        label: the text above it.
        entries: all entries.
        chosen: the id of the chosen one.
        on_pick: called with the id of another entry that was clicked, before the page reruns.
    """

    def take() -> None:
        picked = sent(key, "picked")
        if isinstance(picked, str) and picked in {each.id for each in entries}:
            on_pick(picked)

    data = {"label": label, "entries": entries, "chosen": chosen}
    _MENU(key=key, data=data, on_picked_change=take)
