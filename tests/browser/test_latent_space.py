"""The Latent space page as a visitor uses it: what the hand moves is decoded in the browser."""

import io
import re
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

VIEWS = ("Sliders", "Map", "Walk", "Directions", "Samples", "Posterior")
READY = "[data-testid=stApp][data-test-script-state=notRunning]"


def open_view(page: Page, view: str = "Sliders", query: str = "") -> list[int]:
    """Open a view of the cartoon faces; the lengths of later websocket messages are returned."""
    sent: list[int] = []
    page.on("websocket", lambda ws: ws.on("framesent", lambda data: sent.append(len(data))))
    page.goto(f"/latent_space?model=toy-faces-vae&view={view}{query}")
    page.wait_for_selector(READY)
    if view in ("Sliders", "Map", "Walk", "Directions"):
        expect(page.locator(".latent .status").first).to_have_text("")
        page.wait_for_function("() => window.autoencoderLab?.decoders.size > 0")
    page.wait_for_selector(READY)
    sent.clear()
    return sent


def picture(page: Page) -> str:
    """Return the pixels on the canvas, after the next frame."""
    page.evaluate("() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")
    return page.locator(".pictures canvas").first.evaluate("(canvas) => canvas.toDataURL()")


def linked(page: Page, name: str) -> list[str]:
    return parse_qs(urlparse(page.url).query).get(name, [])


def slider(page: Page, place: int):
    return page.locator(".rows input").nth(place)


def values(page: Page) -> list[str]:
    return page.locator(".rows output").all_text_contents()


def drag(page: Page, element, start: float, end: float) -> None:
    box = element.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + end * box["width"], y, steps=12)


def wait_for_link(page: Page, name: str) -> None:
    page.wait_for_function(
        "(name) => new URL(location.href).searchParams.has(name)", arg=name, timeout=20_000
    )


# --- sliders ---------------------------------------------------------------------------------


def test_the_picture_follows_the_hand_and_the_server_hears_of_it_once(page):
    sent = open_view(page)
    before, others = picture(page), values(page)[1:]
    drag(page, slider(page, 0), 0.5, 0.9)
    assert picture(page) != before
    assert sent == []
    page.mouse.up()
    wait_for_link(page, "z")
    page.wait_for_selector(READY)
    assert len(sent) == 1
    assert values(page)[1:] == others
    after, shown = picture(page), values(page)
    page.reload()
    expect(page.locator(".rows output").first).to_have_text(shown[0])
    expect(page.locator(".latent .status").first).to_have_text("")
    assert values(page) == shown
    assert picture(page) == after


def test_sliders_go_by_keyboard_and_one_is_reset_alone(page):
    open_view(page)
    mean = values(page)
    for place in (0, 3):
        slider(page, place).focus()
        for _ in range(5):
            page.keyboard.press("ArrowRight")
    moved = values(page)
    assert [i for i, (a, b) in enumerate(zip(mean, moved, strict=True)) if a != b] == [0, 3]
    page.keyboard.press("Delete")
    assert values(page) == [moved[0], *mean[1:]]
    page.locator(".rows .row").first.locator("label").dblclick()
    assert values(page) == mean


def test_random_codes_obey_the_temperature_and_mean_goes_back(page):
    open_view(page)
    mean, face = values(page), picture(page)
    page.get_by_role("button", name="Random").click()
    assert sum(a != b for a, b in zip(values(page), mean, strict=True)) >= 10
    assert picture(page) != face
    page.get_by_label(re.compile("^Temperature")).fill("0")
    expect(page.get_by_text("Temperature 0.00")).to_be_visible()
    page.get_by_role("button", name="Random").click()
    assert {float(value) for value in values(page)} == {0.0}  # the mean of N(0, I)
    page.get_by_role("button", name="Mean").click()
    assert values(page) == mean
    assert picture(page) == face


def test_a_test_picture_sets_all_sliders(page):
    open_view(page)
    before = picture(page)
    page.locator(".picker button").nth(2).click()
    wait_for_link(page, "z")
    page.wait_for_selector(READY)
    expect(page.locator(".rows output").first).not_to_have_text("")
    assert picture(page) != before
    assert linked(page, "z") == ["picture:2"]


def test_the_same_code_counts_again_after_another_one(page):
    open_view(page)
    for _ in range(2):
        page.get_by_role("button", name="Mean").click()
        page.wait_for_function("() => /z=-?[0-9]/.test(location.search)")
        page.wait_for_selector(READY)
        mean = values(page)
        page.locator(".picker button").nth(2).click()
        page.wait_for_function("() => location.search.includes('z=picture')")
        page.wait_for_selector(READY)
        expect(page.locator(".rows output").first).not_to_have_text(mean[0])


def test_an_answer_that_is_late_does_not_move_the_sliders_back(page):
    open_view(page)
    slider(page, 0).focus()
    shown = []
    for _ in range(8):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(170)  # longer than a view waits, shorter than an answer takes
        shown.append(float(values(page)[0]))
    page.wait_for_selector(READY)
    shown.append(float(values(page)[0]))
    assert shown == sorted(shown)
    assert shown[-1] == shown[-2]


def test_another_model_follows_the_same_hands(page):
    page.goto("/train?preset=toy-faces-vae&epochs=1&steps_per_epoch=2&seed=5")
    page.get_by_test_id("stBaseButton-primary").click()
    page.get_by_role("link", name="Move through its codes").wait_for()
    run = linked(page, "run")[0]
    sent = open_view(page, "Sliders", f"&also={run}")
    canvases = page.locator(".pictures canvas")
    expect(canvases).to_have_count(2)
    page.wait_for_function("() => window.autoencoderLab?.decoders.size === 2")
    picture(page)
    before = [canvas.evaluate("(c) => c.toDataURL()") for canvas in canvases.all()]
    drag(page, slider(page, 0), 0.5, 0.95)
    picture(page)
    after = [canvas.evaluate("(c) => c.toDataURL()") for canvas in canvases.all()]
    assert all(a != b for a, b in zip(after, before, strict=True))
    assert sent == []
    page.mouse.up()


# --- the other views -------------------------------------------------------------------------


def test_the_map_decodes_under_the_pointer_and_keeps_a_click(page):
    sent = open_view(page, "Map")
    kept = picture(page)
    box = page.locator("canvas.map").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
    hovered = picture(page)
    assert hovered != kept
    assert sent == []
    page.mouse.move(5, 5)
    assert picture(page) == kept
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.up()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"])
    wait_for_link(page, "z")
    page.wait_for_selector(READY)
    assert len(sent) == 1
    page.mouse.move(5, 5)
    assert picture(page) == hovered
    page.get_by_text("Sliders", exact=True).click()
    expect(page.locator(".rows input")).to_have_count(12)
    other = pixels(page, picture(page)).astype(int) - pixels(page, hovered)
    assert np.abs(other).max() <= 2  # the address says a code in four digits


def test_the_map_goes_by_keyboard(page):
    open_view(page, "Map")
    before = picture(page)
    page.get_by_role("application").focus()
    for _ in range(10):
        page.keyboard.press("ArrowUp")
    assert picture(page) != before
    wait_for_link(page, "z")


def test_neighbours_are_worked_out_when_asked_for(page):
    open_view(page, "Map", "&layout=t-SNE")
    before = picture(page)
    box = page.locator("canvas.map").bounding_box()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"])
    assert picture(page) != before


def test_a_walk_ends_at_the_reconstructions_and_can_be_kept(page):
    open_view(page, "Walk", "&from=picture:3&to=picture:5")
    strip = [
        image.get_attribute("src") for image in page.locator("figure:not(:has(canvas)) img").all()
    ]
    assert len(strip) == 9
    ends = [slider_end(page, key) for key in ("Home", "End")]
    for canvas, tile in zip(ends, (strip[0], strip[-1]), strict=True):
        difference = pixels(page, canvas).astype(int) - pixels(page, tile)
        assert np.abs(difference).max() <= 1
    for name, kind, frames in (("Strip (PNG)", "PNG", 1), ("Animation (GIF)", "GIF", 46)):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        with Image.open(download.value.path()) as image:
            assert (image.format, getattr(image, "n_frames", 1)) == (kind, frames)


def slider_end(page: Page, key: str) -> str:
    slider(page, 0).focus()
    page.keyboard.press(key)
    return picture(page)


def pixels(page: Page, address: str) -> np.ndarray:
    data = page.evaluate(
        "async (u) => Array.from(new Uint8Array(await (await fetch(u)).arrayBuffer()))", address
    )
    with Image.open(io.BytesIO(bytes(data))) as image:
        return np.asarray(image.convert("L"))


def test_directions_change_the_picture_and_stay_in_the_address(page):
    sent = open_view(page, "Directions")
    before = picture(page)
    drag(page, page.get_by_label("smile"), 0.5, 0.9)
    assert picture(page) != before
    assert sent == []
    page.mouse.up()
    wait_for_link(page, "strengths")
    assert len(linked(page, "strengths")[0].split(",")) == 8


def test_new_random_codes_are_new_and_the_same_seed_gives_the_same(page):
    open_view(page, "Samples")
    image = page.locator("[data-testid=stImage] img").first
    expect(image).to_be_visible()
    first = pixels(page, image.get_attribute("src"))
    page.get_by_role("button", name="New random codes").click()
    wait_for_link(page, "seed")
    page.wait_for_selector(READY)
    expect(image).to_be_visible()
    again = pixels(page, image.get_attribute("src"))
    assert (first != again).any()
    page.reload()
    page.wait_for_selector(READY)
    expect(image).to_be_visible()
    np.testing.assert_array_equal(pixels(page, image.get_attribute("src")), again)


def test_resampling_draws_other_codes_of_the_same_picture(page):
    open_view(page, "Posterior")
    formula = page.locator(".katex").first
    before = formula.inner_text()
    page.get_by_role("button", name="Resample").click()
    wait_for_link(page, "seed")
    expect(formula).not_to_have_text(before)


@pytest.mark.parametrize("view", ["Walk", "Samples"])
def test_strips_and_grids_need_no_decoder_in_the_browser(page, view):
    page.add_init_script(
        "Object.defineProperty(window, 'autoencoderLab', "
        "{ get() { throw new Error('none'); }, set() { throw new Error('none'); } });"
    )
    page.goto(f"/latent_space?model=toy-faces-vae&view={view}")
    page.wait_for_selector(READY)
    shown = page.locator("[data-testid=stImage] img, figure:not(:has(canvas)) img")
    expect(shown.first).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0


# --- a phone ---------------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_fits_a_phone(browser, server, view):
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        base_url=server.url,
        has_touch=True,
        is_mobile=True,
        color_scheme="dark",
    )
    context.set_default_timeout(60_000)
    phone = context.new_page()
    open_view(phone, view)
    assert phone.evaluate("() => document.documentElement.scrollWidth") <= 390
    assert phone.get_by_test_id("stException").count() == 0
    if view == "Sliders":
        before = picture(phone)
        box = slider(phone, 0).bounding_box()
        phone.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
        assert picture(phone) != before
    if view == "Map":
        before = picture(phone)
        phone.locator("canvas.map").tap(position={"x": 60, "y": 60})
        assert picture(phone) != before
    context.close()
