"""Callbacks of widgets, when the visitor's hand is what calls them."""

from collections.abc import Callable

from pages.ui.streamlit_adapter import comes_with_a_tick


def by_hand(take: Callable[[], None]) -> Callable[[], None]:
    """Return a widget's ``on_change`` that does nothing when a fragment refreshes itself.

    With a fragment's tick, a browser sends the values of all widgets. One outside of the fragment,
    which the page has just set anew, may come with its former value, as if a hand had changed it.
    """

    def checked() -> None:
        if not comes_with_a_tick():
            take()

    return checked
