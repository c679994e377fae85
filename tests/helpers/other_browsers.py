"""Firefox and WebKit at a page of the app, for what is tested with both of them in the same way."""

import io
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

PATIENCE = 60  # seconds: the first picture waits for TensorFlow
# What the page's own security policy forbids is an error, too.
WATCH = """addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) =>
  console.error("against the content security policy:", effectiveDirective, blockedURI))"""
EDGE = 0.1  # of a picture's width and height: rounded corners show what is below
# Of all that is to be seen, shadow roots included; a picture has arrived.
SEEN = """(selector, words) => {
  const within = (root) => [
    ...root.querySelectorAll(selector),
    ...[...root.querySelectorAll("*")].flatMap(({ shadowRoot }) =>
      shadowRoot ? within(shadowRoot) : []),
  ];
  return within(document).filter((each) =>
    each.checkVisibility({ visibilityProperty: true }) && each.getBoundingClientRect().width &&
    each.textContent.includes(words) && each.naturalWidth !== 0);
}"""
BOX = f"""(selector, words) => {{
  const [found] = ({SEEN})(selector, words);
  if (!found) return null;
  found.scrollIntoView({{ block: "center", behavior: "instant" }});
  const {{ left, top, width, height }} = found.getBoundingClientRect();
  return [left, top, width, height];
}}"""
DRAWN = f"(selector) => ({SEEN})(selector, '')[0].toDataURL()"
TEXTS = f"(selector) => ({SEEN})(selector, '').map((each) => each.textContent)"


@dataclass(frozen=True)
class Box:
    """Where something is in the window, in CSS pixels."""

    left: float
    top: float
    width: float
    height: float

    def at(self, x: float, y: float) -> tuple[int, int]:
        """Return a place in it by shares of its width and height."""
        return round(self.left + x * self.width), round(self.top + y * self.height)


class Tab(ABC):
    """A browser's only tab. Points are CSS pixels from the window's upper left corner."""

    pointers: tuple[str, ...]  # of a driver

    @abstractmethod
    def open(self, path: str) -> None:
        """Go to a page of the app."""

    @abstractmethod
    def run(self, function: str, *values: str) -> Any:
        """Call a function of JavaScript in the page."""

    @abstractmethod
    def screen(self) -> bytes:
        """Return what the window shows, as PNG."""

    @abstractmethod
    def press(self, x: int, y: int, pointer: str = "mouse") -> None:
        """Put one of the `pointers` down at a point."""

    @abstractmethod
    def move(self, x: int, y: int, pointer: str = "mouse") -> None:
        """Move a pointer to a point."""

    @abstractmethod
    def release(self, pointer: str = "mouse") -> None:
        """Lift a pointer."""

    @abstractmethod
    def choose_file(self, path: Path) -> None:
        """Choose a file in the page's field for one."""

    @abstractmethod
    def complaints(self) -> list[str]:
        """Return the errors that scripts of the page had or wrote, since this was asked last."""

    def until(self, question: Callable[[], Any], what: str) -> Any:
        """Ask until the answer is true and return it."""
        deadline = time.monotonic() + PATIENCE
        while not (answer := question()):
            assert time.monotonic() < deadline, what
            time.sleep(0.02)
        return answer

    def texts(self, selector: str) -> list[str]:
        """Return the texts of all that is to be seen of a selector."""
        return list(self.run(TEXTS, selector))

    def drawn(self, canvas: str) -> str:
        """Return what is on a canvas that is to be seen, as an address of data."""
        return str(self.run(DRAWN, canvas))

    def box(self, selector: str, words: str = "") -> Box:
        """Scroll to the first of a selector with these words and return its place at rest."""
        before: list[float] | None = None

        def rests() -> list[float] | None:
            nonlocal before
            last, before = before, self.run(BOX, selector, words)
            # Where the middle is between two pixels, each scrolling may end at the other one.
            near = (
                last and before and all(abs(a - b) <= 1 for a, b in zip(last, before, strict=True))
            )
            return before if near else None

        return Box(*self.until(rests, f"{selector} {words} is not to be seen"))

    def click(self, selector: str, words: str = "") -> None:
        """Click on the middle of what is to be seen."""
        self.press(*self.box(selector, words).at(0.5, 0.5))
        self.release()

    def upload(self, path: Path) -> None:
        """Choose a file when the page has a field for one."""
        there = "() => !!document.querySelector('input[type=file]')"
        self.until(lambda: self.run(there), "there is no field for a file")
        self.choose_file(path)

    def pixels(self, selector: str) -> np.ndarray:
        """Return what the window shows of something, without its edges: (H, W, 3) uint8."""
        box = self.box(selector)
        image = Image.open(io.BytesIO(self.screen())).convert("RGB")
        corners = (*box.at(EDGE, EDGE), *box.at(1 - EDGE, 1 - EDGE))
        return np.asarray(image)[max(corners[1], 0) : corners[3], max(corners[0], 0) : corners[2]]

    def picture(self, selector: str) -> np.ndarray:
        """Return the same when it is a picture, which has more than one colour."""

        def found() -> list[np.ndarray]:
            pixels = self.pixels(selector)
            return [pixels] if pixels.size and np.ptp(pixels) > 30 else []

        return self.until(found, f"{selector} is of one colour")[0]


@contextmanager
def a_display() -> Iterator[str]:
    """A screen that nobody sees, for a browser that cannot do without one; its name."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("no Xvfb: `make browser` installs it")
    command = [program, "-displayfd", "1", "-screen", "0", "1400x1300x24", "-nolisten", "tcp"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield f":{process.stdout.readline().strip()}"
        finally:
            process.terminate()
