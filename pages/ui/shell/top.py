"""Lets a page begin at its top when it shows something else.

The button that leads to the next step of a lesson, or to another run, stands at the end of what was
there before.
"""

from pages.ui.widgets.component import component

_TOP = component(__file__, "<i></i>", styled=False)


def top(*shown: str) -> None:
    """Let the browser go to the top of the page when it shows something else.

    Args:
        shown: what it shows, such as a lesson and a step.
    """
    _TOP(key="top", data={"at": " ".join(shown)})
