"""Back through a run's epochs: the slider moves pictures in the browser, not the server."""

import re

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.helpers.lab_page import drag, linked, wait_until_drawn
from tests.helpers.trainings import EPOCHS, MAPPED, NOISY


def open_replay(page: Page, query: str) -> list[int]:
    """Open a replay; the lengths of later websocket messages are returned."""
    sent: list[int] = []
    page.on("websocket", lambda ws: ws.on("framesent", lambda data: sent.append(len(data))))
    page.goto(f"/train?{query}&view=Watch")
    expect(page.locator("canvas.pictures").first).to_be_visible()
    wait_until_drawn(page)
    wait_for_pictures(page)
    sent.clear()
    return sent


def wait_for_pictures(page: Page) -> None:
    """Wait until the sheet is decoded: the canvas then has more than its first size."""
    page.wait_for_function(
        "() => { const all = [...document.querySelectorAll('[data-testid^=stBidiComponent]')]"
        ".flatMap((e) => [...(e.shadowRoot ?? e).querySelectorAll('canvas.pictures')]);"
        "return all.length && all.every((canvas) => canvas.height !== 150); }"
    )


def pixels(page: Page, kind: str = "pictures", place: int = 0) -> str:
    """Return what is on a canvas, after the next frame."""
    page.evaluate("() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")
    return page.locator(f"canvas.{kind}").nth(place).evaluate("(canvas) => canvas.toDataURL()")


def slider(page: Page):
    return page.get_by_role("slider", name="Epoch")


def test_the_pictures_follow_the_slider_and_the_server_hears_of_it_once(page, trained):
    run = trained(page, MAPPED)
    sent = open_replay(page, f"run={run}&replay={EPOCHS}")
    before = {kind: pixels(page, kind) for kind in ("pictures", "map", "curve")}
    expect(page.locator(".controls output")).to_have_text(f"Epoch {EPOCHS}")
    drag(page, slider(page), 0.99, 0.02)
    assert all(pixels(page, kind) != old for kind, old in before.items())
    expect(page.locator(".controls output")).to_have_text("Epoch 1")
    assert sent == []
    page.mouse.up()
    page.wait_for_function("() => new URL(location.href).searchParams.get('replay') === '1'")
    wait_until_drawn(page)
    assert len(sent) == 1
    first = pixels(page)
    page.reload()  # the epoch is in the address
    expect(page.locator(".controls output")).to_have_text("Epoch 1")
    wait_for_pictures(page)
    assert pixels(page) == first
    page.get_by_text("Now", exact=True).click()
    expect(page.locator("canvas.pictures")).to_have_count(0)
    wait_until_drawn(page)
    assert linked(page, "replay") == ""


@pytest.mark.thorough
def test_it_goes_by_keyboard_and_plays_to_the_end(page, trained):
    run = trained(page, NOISY)
    open_replay(page, f"run={run}&replay=1")
    assert page.locator("canvas.map").is_hidden()
    slider(page).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(slider(page)).to_have_attribute("aria-valuetext", "Epoch 3")
    third = pixels(page)
    page.get_by_role("button", name="Play", exact=True).focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(slider(page)).to_have_attribute("aria-valuetext", f"Epoch {EPOCHS}")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert pixels(page) != third
    page.wait_for_function(f"() => location.search.includes('replay={EPOCHS}')")
    page.goto(f"{page.url}&lang=de")
    expect(page.locator(".replay b")).to_have_text(re.compile(r"^Epoche \d+: \d+,\d dB$"))


@pytest.mark.thorough
def test_the_replay_can_be_kept_as_an_animation(page, trained):
    run = trained(page, NOISY)
    open_replay(page, f"run={run}&replay=1")
    page.get_by_role("button", name="Download the replay").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Animation (GIF)").click()
    with Image.open(download.value.path()) as image:
        assert (image.format, image.n_frames) == ("GIF", EPOCHS)
        assert image.width >= 500


@pytest.mark.thorough
def test_two_runs_follow_one_slider(page, trained):
    first, second = trained(page, MAPPED), trained(page, NOISY)
    trained.let_own(page)  # one's own runs are listed
    open_replay(page, f"run={first}&replay={EPOCHS}")
    page.get_by_label(re.compile("^Compare at the same epoch")).click()
    page.get_by_role("option", name=re.compile(second[:4])).click()
    expect(page.locator("canvas.pictures")).to_have_count(2)
    wait_until_drawn(page)
    wait_for_pictures(page)
    assert linked(page, "with") == second
    before = [pixels(page, "pictures", place) for place in (0, 1)]
    drag(page, slider(page), 0.99, 0.3)
    after = [pixels(page, "pictures", place) for place in (0, 1)]
    page.mouse.up()
    assert all(a != b for a, b in zip(after, before, strict=True))
    shown = page.locator(".run .title b").all_text_contents()
    assert len({words.split(":")[0] for words in shown}) == 1


@pytest.mark.thorough
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_replay_fits_a_phone_and_goes_by_finger(phone, scheme, trained):
    phone.emulate_media(color_scheme=scheme)
    run = trained(phone, MAPPED)
    open_replay(phone, f"run={run}&replay={EPOCHS}")
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390
    main = phone.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth")
    before = pixels(phone)
    slider(phone).scroll_into_view_if_needed()
    slider(phone).tap(position={"x": 20, "y": 20})
    assert pixels(phone) != before
