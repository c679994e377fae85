"""Home, in a real browser: alive, in the hand of whoever touches it, and the ways on from it."""

from itertools import pairwise

import pytest
from playwright.sync_api import Page, expect

from ae_core.latent.profile import LatentProfile
from ae_core.models.pretrained import best_for
from tests.helpers.lab_page import (
    box_of,
    drag,
    linked,
    number_in,
    open_page,
    wait_until_drawn,
)

FACE = "canvas.face[width]"  # without this attribute, nothing is drawn on it yet
FRAMES = 12


def open_home(page: Page, path: str = "/") -> list[int]:
    """Open Home; the lengths of later websocket messages are returned."""
    sent: list[int] = []
    page.on("websocket", lambda ws: ws.on("framesent", lambda data: sent.append(len(data))))
    open_page(page, path)
    page.wait_for_selector(FACE)
    sent.clear()
    return sent


def drawn(page: Page) -> str:
    """Return the picture."""
    return page.locator(FACE).evaluate("(canvas) => canvas.toDataURL()")


def code(page: Page) -> list[float]:
    return [number_in(each) for each in page.locator(".numbers span").all_inner_texts()]


def pass_frames(page: Page) -> None:
    page.evaluate(
        """(frames) => new Promise((done) => {
          const next = (left) => left ? requestAnimationFrame(() => next(left - 1)) : done();
          next(frames);
        })""",
        FRAMES,
    )


def moves(page: Page) -> bool:
    before = drawn(page), code(page)
    pass_frames(page)
    return (drawn(page), code(page)) != before


def wait_until_it_moves(page: Page) -> None:
    before = code(page)
    page.wait_for_function(
        "(before) => document.body && "
        "[...document.querySelectorAll('.st-key-home *')].some((host) => {"
        "const shown = [...host.shadowRoot?.querySelectorAll('.numbers span') ?? []];"
        "return shown.some((each, i) => "
        "Number(each.textContent.replace('\\u2212', '-')) !== before[i]); })",
        arg=before,
    )


def test_the_picture_moves_by_itself_until_somebody_touches_it(page):
    sent = open_home(page)
    wait_until_it_moves(page)
    first = page.get_by_role("slider").first
    first.focus()
    assert not moves(page)
    held, picture = code(page), drawn(page)
    before = float(first.input_value())
    step = -1 if before > 0 else 1
    first.press("ArrowRight" if step > 0 else "ArrowLeft")
    pass_frames(page)
    known = LatentProfile.from_bytes(best_for("home").profile_path.read_bytes())
    assert float(first.input_value()) == pytest.approx(before + step * 0.01, abs=0.006)
    # One step further, and no jump.
    most = 0.016 * float(abs(known.directions).max()) + 0.01
    assert code(page) == pytest.approx(held, abs=most)
    drag(page, first, 0.5, 0.95)
    page.mouse.up()
    pass_frames(page)
    assert drawn(page) != picture
    assert first.get_attribute("aria-valuetext") == page.locator("output").first.inner_text()
    assert not moves(page)
    page.get_by_role("button", name="Let it move").click()
    wait_until_it_moves(page)
    page.get_by_role("button", name="Pause").click()
    assert not moves(page)
    assert sent == []  # all of it is the browser's own work


def test_the_picture_says_what_it_shows_and_so_do_the_sliders(page):
    open_home(page)
    page.get_by_role("button", name="Pause").click()
    face = page.locator(FACE)
    names = page.locator(".rows label").all_text_contents()
    assert 4 <= len(names) <= 5
    for name in names:
        value = page.get_by_role("slider", name=name, exact=True).get_attribute("aria-valuetext")
        assert f"{name} {value}" in (face.get_attribute("aria-label") or "")
    assert len(code(page)) == best_for("home").spec.autoencoder.latent_dim


def test_another_picture_has_another_code_and_goes_there(page):
    open_home(page)
    shown = page.locator(".given img")
    before = shown.get_attribute("src")
    page.get_by_role("button", name="Another picture").click()
    expect(shown).not_to_have_attribute("src", before)
    # The bars come to rest where the lines are, which mark the picture's own code.
    page.wait_for_function(
        """() => [...document.querySelectorAll(".st-key-home *")].some((host) => {
          const cells = [...host.shadowRoot?.querySelectorAll(".room") ?? []];
          return cells.length && cells.every((cell) => {
            const [bar, own] = [...cell.children].map((each) => each.getBoundingClientRect());
            const { top, height } = cell.getBoundingClientRect();
            const line = (own.top + own.bottom) / 2;
            const end = line < top + height / 2 ? bar.top : bar.bottom;
            return Math.abs(end - line) < 1.5;
          });
        })"""
    )
    while moves(page):  # the last pixel of the way
        pass
    assert not moves(page)


def test_less_motion_is_none_until_it_is_asked_for(page):
    page.emulate_media(reduced_motion="reduce")
    try:
        open_home(page)
        assert not moves(page)
        celebration = "<p data-testid=stBalloons>!</p>"  # as Streamlit's own
        page.evaluate("(html) => document.body.insertAdjacentHTML('beforeend', html)", celebration)
        expect(page.get_by_test_id("stBalloons")).to_be_hidden()
        page.get_by_role("button", name="Let it move").click()
        wait_until_it_moves(page)
    finally:
        page.emulate_media(reduced_motion="no-preference")


def test_all_that_matters_is_in_sight_and_leads_on(page):
    open_home(page, "/?lang=de")
    ways = page.locator(".st-key-home-ways a")
    expect(ways).to_have_count(3)
    height = page.viewport_size["height"]
    for part in (page.get_by_role("heading", level=1), page.locator(FACE), *ways.all()):
        box = box_of(part)
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height
    assert box_of(page.locator(FACE))["width"] >= 300
    addresses = [each.get_attribute("href") for each in ways.all()]
    assert [each.split("?")[0].split("/")[-1] for each in addresses] == [
        "lessons",
        "train",
        "denoise",
    ]
    assert all("lang=de" in each for each in addresses)
    ways.nth(1).click()
    expect(page).to_have_title("Trainieren · Autoencoder Lab")
    wait_until_drawn(page)
    assert linked(page, "lang") == "de"


def test_a_phone_shows_the_picture_and_its_sliders_at_once(phone):
    open_home(phone)
    height = phone.viewport_size["height"]
    for part in (phone.locator(FACE), *phone.get_by_role("slider").all()):
        box = box_of(part)
        assert box["y"] + box["height"] <= height
    # The way of a picture reads as a text does: each part is to the right of the last, or below.
    way = (".given img", ".encoder", ".code", ".decoder", ".drawn canvas")
    for before, after in pairwise([box_of(phone.locator(part)) for part in way]):
        beside = after["x"] >= before["x"] + before["width"] and after["y"] >= before["y"] - 1
        assert beside or after["y"] >= before["y"] + before["height"]
