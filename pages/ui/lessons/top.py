"""Shows each step of a lesson from its top: the button that leads there ends the step before."""

from pages.ui.widgets.component import component

_TOP = component(__file__, '<i class="top"></i>', styled=False)


def top(lesson: str, step: str) -> None:
    """Mark the top of the page; the browser goes there when the lesson or the step changes."""
    _TOP(key="lesson-top", data={"at": f"{lesson} {step}"})
