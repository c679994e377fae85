"""The app's own components without a mouse: Tab reaches each, one sees that, and keys work it."""

import io
import re
from dataclasses import dataclass

import pytest
from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page, expect

from tests.helpers.lab_page import STILL, box_of, open_page, wait_until_drawn
from tests.helpers.trainings import EPOCHS, MAPPED

MOST_STOPS = 60  # of Tab, from the top of a page
MARGIN = 6  # CSS pixels around what has the focus
# What has the focus, also inside of components; and whether it is what a selector finds.
FOCUSED = """(selector) => {
  let element = document.activeElement;
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  return Boolean(element?.matches(selector));
}"""
BLUR = """(element) => {
  element.blur();
  return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""
FOCUS = BLUR.replace("blur", "focus")
VALUE = "e => e.value"
TEXT = "e => e.textContent"
SAID = "e => e.getRootNode().querySelector('.said').textContent"
WIDTH = "e => e.style.width"
LESSON = "/lessons?lesson=01-what-is-an-autoencoder"


@dataclass(frozen=True)
class Kind:
    """A kind of component.

    Attributes:
        address: a page that has one.
        selector: what Tab must reach.
        keys: what is pressed then.
        says: JavaScript of it that returns something else afterwards.
    """

    address: str
    selector: str
    keys: tuple[str, ...]
    says: str = VALUE


KINDS = {
    "a menu with pictures": Kind("/reconstruct", ".open", ("Enter", "ArrowDown", "Enter"), TEXT),
    "a grid of pictures": Kind(
        "/reconstruct", ".picker button + button", ("Enter",), "e => e.className"
    ),
    "a slider of a code": Kind("/latent_space?view=Sliders", ".row input", ("ArrowRight",)),
    "a direction": Kind("/latent_space?view=Directions", ".row input", ("ArrowRight",)),
    "a map": Kind(
        "/latent_space?view=Map", "canvas.map", ("ArrowRight", "ArrowUp"), "e => e.ariaLabel"
    ),
    "Match": Kind("/latent_space?view=Match", ".row input", ("End",)),
    "a picture's pixels": Kind(
        LESSON,
        "[role=gridcell]",
        ("ArrowDown",),
        SAID,
    ),
    "the bars of a code": Kind(f"{LESSON}&step=2", ".room input", ("ArrowUp",)),
    "Home's sliders": Kind("/", ".rows input", ("ArrowLeft",)),
    "Home's button": Kind("/", ".play", ("Enter",), TEXT),
    "what JPEG does": Kind("/lessons?lesson=04-better-than-jpeg", ".quality input", ("End",)),
    "a line to compare": Kind("/denoise", ".wipe input", ("ArrowLeft",)),
    "the square on a photo": Kind("/denoise?source=Upload", ".square", ("-",), WIDTH),
    "a run's replay": Kind(f"/train?replay={EPOCHS}&run=", ".controls input", ("ArrowLeft",)),
}


def picture_of(page: Page, shown: Locator) -> bytes:
    """Return a picture of where something stands, with what is around it."""
    x, y, width, height = (box_of(shown)[side] for side in ("x", "y", "width", "height"))
    left, top = max(0, x - MARGIN), max(0, y - MARGIN)
    wide, high = x + width + MARGIN - left, y + height + MARGIN - top
    clip: FloatRect = {"x": left, "y": top, "width": wide, "height": high}
    return page.screenshot(clip=clip, animations="disabled")


def differ(one: bytes, two: bytes) -> bool:
    return Image.open(io.BytesIO(one)).tobytes() != Image.open(io.BytesIO(two)).tobytes()


@pytest.mark.samples(2)
@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_it_is_reached_and_worked_by_keyboard(page, trained, kind):
    run = trained(page, MAPPED) if kind.address.endswith("run=") else ""
    page.emulate_media(reduced_motion="reduce")
    try:
        open_page(page, kind.address + run)
        if "Upload" in kind.address:
            photo = io.BytesIO()
            Image.linear_gradient("L").save(photo, "PNG")
            file = {"name": "photo.png", "mimeType": "image/png", "buffer": photo.getvalue()}
            page.locator("input[type=file]").set_input_files(file)
        shown = page.locator(kind.selector).first
        expect(shown).to_be_visible()
        wait_until_drawn(page)
        page.wait_for_function(STILL)
        reached(page, kind.selector)
        lit = picture_of(page, shown)
        shown.evaluate(BLUR)
        assert differ(lit, picture_of(page, shown)), "the focus is not seen"
        shown.evaluate(FOCUS)
        before = shown.evaluate(kind.says)
        for key in kind.keys:
            page.keyboard.press(key)
        element = shown.element_handle()
        says = f"([element, before]) => ({kind.says})(element) !== before"
        page.wait_for_function(says, arg=[element, before])
        wait_until_drawn(page)
        assert page.evaluate(FOCUSED, kind.selector), "focus is lost"
        page.keyboard.press("Tab")
        assert element.evaluate("e => !e.matches(':focus')"), "it keeps the focus"
    finally:
        page.emulate_media(reduced_motion="no-preference")


def reached(page: Page, selector: str) -> None:
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED, selector):
            return
    pytest.fail("Tab never comes there")


# Keys in one task of the browser, which tells only after it that the list is open.
AT_ONCE = """button => {
  const root = button.getRootNode();
  button.focus();
  for (const key of ["Enter", "ArrowDown"])
    root.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  const entries = [...root.querySelectorAll(".list button")];
  const chosen = entries.findIndex((entry) => entry.ariaPressed === "true");
  return entries.indexOf(root.activeElement) - chosen;
}"""


def test_a_menu_follows_keys_that_are_faster_than_the_browser(page):
    open_page(page, "/reconstruct")
    menu = page.locator(".open").first
    expect(menu).to_be_visible()
    wait_until_drawn(page)
    assert menu.evaluate(AT_ONCE) == 1
    wait_until_drawn(page)
    assert page.locator(".list button:focus").count() == 1  # the same one, when the list is open
    assert page.locator(".list [aria-pressed=true]:focus").count() == 0
    page.keyboard.press("Escape")
    expect(page.locator(".list").first).to_be_hidden()
    menu.press(" ")
    expect(page.locator(".list [aria-pressed=true]").first).to_be_focused()


def test_a_word_says_what_it_means_when_it_has_the_focus(page):
    open_page(page, LESSON)
    reached(page, "abbr[title]")
    word = page.locator("abbr[title]").first
    shown = word.evaluate("(e) => getComputedStyle(e, '::after').content")
    assert shown.strip('"') == word.get_attribute("title")


def test_whoever_cannot_draw_is_told_what_does_the_same(page):
    open_page(page, "/reconstruct?source=Draw")
    expect(page.get_by_text(re.compile("cannot draw.*test picture or an upload"))).to_be_visible()
