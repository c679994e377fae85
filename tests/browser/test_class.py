"""A class in real browsers: a teacher and two students, each with cookies of their own."""

import csv
import io
import re
from contextlib import contextmanager

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.helpers.lab_page import linked, open_page
from tests.helpers.lab_server import LAPTOP
from tests.helpers.refusals import pattern

MARKUP, BOLD = "<img src=x onerror=alert(1)>", "**bold**"
DIGITS = "preset=digits-dense&image_size=8&view=Set up"


@contextmanager
def visitor(browser, server):
    """A browser of its own: another visitor to the app."""
    context = browser.new_context(**LAPTOP, base_url=server.url)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


@contextmanager
def no_dialogs(*pages: Page):
    """Nothing that is shown on these pages is run as a script."""
    dialogs: list[str] = []

    def note(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    for page in pages:
        page.on("dialog", note)
    yield
    for page in pages:
        page.remove_listener("dialog", note)
    assert dialogs == [], "a nickname was run as a script"


def open_class(page: Page) -> str:
    open_page(page, "/classroom")
    page.get_by_role("button", name="Open a class").click()
    expect(page.get_by_text("Nobody is here yet")).to_be_visible()
    return linked(page, "class")


def join(page: Page, code: str, nickname: str) -> None:
    open_page(page, f"/classroom?class={code.lower()}")
    page.get_by_role("textbox", name="Nickname").fill(nickname)
    page.get_by_role("button", name="Join").click()


def train(page: Page, settings: str) -> None:
    open_page(page, f"/train?{DIGITS}&{settings}")
    page.get_by_role("button", name="Train", exact=True).click()


def card(page: Page, nickname: str):
    named = page.get_by_role("button", name=nickname, exact=True)
    return page.locator(".card").filter(has=named)


def order(page: Page) -> list[str]:
    return page.locator(".card .name").all_text_contents()


@pytest.mark.thorough
def test_a_class_from_its_code_to_its_table(page, stranger, browser, server):
    code = open_class(page)
    secret = linked(page, "teacher")
    main = page.get_by_test_id("stMain")
    expect(page.locator("[data-testid=stImage] img").first).to_be_visible()  # the QR code
    one = stranger
    with visitor(browser, server) as two, no_dialogs(one, two):
        join(one, code, MARKUP)
        expect(one.get_by_text(f"Class {code}: you are {MARKUP}")).to_be_visible()
        join(two, code, MARKUP)
        expect(two.get_by_text(pattern("nickname_taken", code=code))).to_be_visible()
        two.get_by_role("textbox", name="Nickname").fill(BOLD)
        two.get_by_role("button", name="Join").click()
        expect(two.get_by_text(f"you are {BOLD}")).to_be_visible()
        expect(card(page, MARKUP)).to_contain_text("No run yet")
        expect(card(page, BOLD)).to_contain_text("No run yet")
        assert secret not in one.content()
        assert secret not in main.inner_text()

        page.get_by_role("button", name="Limits").click()
        page.get_by_label("Runs per student, at most").fill("1")
        page.get_by_role("button", name="Set these limits").click()
        expect(page.get_by_text("Runs each: at most 1")).to_be_visible()
        page.keyboard.press("Escape")

        page.get_by_role("button", name="Challenge").click()
        page.get_by_role("combobox", name="Size").click()
        page.get_by_role("option", name="8×8", exact=True).click()
        page.get_by_role("button", name="Start the challenge").click()
        expect(page.get_by_text("Nobody is in the race yet.")).to_be_visible()
        page.keyboard.press("Escape")

        one.get_by_role("link", name="Take part").click()
        one.get_by_text("Set up").first.wait_for()
        one.wait_for_function("() => new URL(location.href).searchParams.has('latent_dim')")
        assert (linked(one, "latent_dim"), linked(one, "image_size")) == ("4", "8")
        train(one, "latent_dim=8&epochs=8")
        train(two, "latent_dim=1&epochs=2000")
        expect(card(page, MARKUP)).to_contain_text(re.compile(r"Finished.*\d\d\.\d dB"))
        expect(card(page, MARKUP)).to_contain_text("8 numbers · loss 0.")
        expect(card(page, BOLD)).to_contain_text(re.compile(r"Training [1-9]\d*/2000"))
        for nickname in (MARKUP, BOLD):
            pixels = card(page, nickname).locator("canvas.pictures").evaluate(PAINTED)
            assert pixels > 100
        assert page.locator("canvas.plot").first.evaluate(PAINTED) > 1000
        assert page.locator(".wall img, .wall strong, .wall em").count() == 0
        expect(page.get_by_text(re.compile(r"^1\. "))).to_be_visible()

        sort_and_highlight(page)

        page.get_by_role("button", name="Pause all").click()
        expect(card(page, BOLD)).to_contain_text("Paused")
        expect(two.get_by_role("button", name="Resume")).to_be_disabled()
        train(one, "latent_dim=4&epochs=3")
        expect(one.get_by_text(pattern("class_paused", code=code))).to_be_visible()
        page.get_by_role("button", name="Go on").click()
        expect(card(page, BOLD)).to_contain_text("Training")
        train(one, "latent_dim=4&epochs=3")
        expect(one.get_by_text(pattern("class_runs", most=1, count=2))).to_be_visible()

        card(page, BOLD).get_by_role("button", name="Stop").click()
        expect(card(page, BOLD)).to_contain_text("Stopped")
        expect(two.get_by_text("Stopped").first).to_be_visible()

        rows = table(page)
        assert {row["nickname"] for row in rows} == {MARKUP, BOLD}
        figures = {row["nickname"]: row for row in rows}
        assert (figures[MARKUP]["numbers"], figures[MARKUP]["epochs"]) == ("8", "8")
        assert figures[BOLD]["status"] == "stopped"
        shown = re.findall(r"(\S+) dB", card(page, MARKUP).inner_text())
        # The table has a digit more: rounded twice, 16.95 may differ from the card's.
        assert [float(each) for each in shown] == [
            pytest.approx(float(figures[MARKUP]["psnr"]), abs=0.0551)
        ]

        page.get_by_role("button", name="Clear", exact=True).click()
        page.get_by_role("button", name="Clear the wall").click()
        expect(card(page, MARKUP)).to_contain_text("No run yet")
        assert [row["run"] for row in table(page)] == [row["run"] for row in rows]
        open_page(two, "/train?view=Compare")
        expect(
            two.get_by_role("link", name=re.compile("Tiny digits, small and quick: code size 1"))
        ).to_be_visible()


PAINTED = """async canvas => {  // what has just arrived is painted with the next frame
  for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
  const data = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  return data.filter((value, i) => i % 4 === 3 && value > 0).length;
}"""


def sort_and_highlight(page: Page) -> None:
    """Sort the cards and light one by keyboard; a refresh of the wall changes neither."""
    page.get_by_role("button", name="Code size", exact=True).click()
    assert order(page) == [BOLD, MARKUP]
    page.get_by_role("button", name="PSNR", exact=True).click()
    assert order(page) == [MARKUP, BOLD]
    name = card(page, BOLD).locator(".name")
    name.focus()
    page.keyboard.press("Enter")
    expect(name).to_have_attribute("aria-pressed", "true")
    expect(card(page, BOLD).get_by_role("link", name="Open run")).to_be_visible()
    before = card(page, BOLD).locator(".state").inner_text()
    expect(card(page, BOLD).locator(".state")).not_to_have_text(before)  # it was drawn anew
    expect(name).to_have_attribute("aria-pressed", "true")
    expect(name).to_be_focused()
    assert order(page) == [MARKUP, BOLD]
    page.keyboard.press("Enter")
    expect(name).to_have_attribute("aria-pressed", "false")


def table(page: Page) -> list[dict[str, str]]:
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as kept:
        page.get_by_role("button", name="All runs (CSV)").click()
    text = kept.value.path().read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.thorough
def test_the_projector_page_fits_a_phone_and_knows_no_secret(page, phone):
    code = open_class(page)
    secret = linked(page, "teacher")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Projector page").click()
    projector = opened.value
    projector.get_by_text(code, exact=True).wait_for()
    assert secret not in projector.url
    assert secret not in projector.content()
    expect(projector.get_by_role("button", name="Pause all")).to_have_count(0)
    projector.close()
    with no_dialogs(phone):
        join(phone, code, "Ada")
        expect(card(phone, "Ada")).to_be_visible()
        main = phone.get_by_test_id("stMain")
        assert main.evaluate("element => element.scrollWidth <= element.clientWidth")
        expect(card(page, "Ada")).to_be_visible()
        # From the code to the first curve: the nickname, Join and one more tap.
        phone.get_by_role("button", name="Start my first training").click()
        expect(phone.get_by_text("Finished").first).to_be_visible()
        open_page(phone, f"/classroom?class={code}")
        expect(phone.get_by_role("link", name="Set up a training")).to_be_visible()
        expect(phone.get_by_role("button", name="Start my first training")).to_have_count(0)
        page.get_by_role("button", name="Ada", exact=True).click()
        page.get_by_role("button", name="Remove").click()
        expect(phone.get_by_text(f"Join class {code}")).to_be_visible()
        expect(page.get_by_text("Nobody is here yet")).to_be_visible()


@pytest.mark.thorough
@pytest.mark.parametrize(("width", "height", "letter"), [(1280, 720, 28), (1920, 1080, 40)])
def test_the_back_row_reads_the_projector(page, stranger, width, height, letter):
    code = open_class(page)
    page.set_viewport_size({"width": width, "height": height})
    open_page(page, f"/classroom?class={code}&view=Projector")
    expect(page.get_by_text("Nobody is here yet")).to_be_visible()
    join(stranger, code, "Ada")
    stranger.get_by_role("button", name="Start my first training").click()
    best = page.locator(".podium .place")
    expect(best).to_contain_text(re.compile(r"^1\. Ada\s*\d+\.\d dB"))
    assert best.locator("canvas").evaluate(PAINTED) > 100
    for name in (best.locator(".name"), card(page, "Ada").locator(".name")):
        assert name.evaluate("e => parseFloat(getComputedStyle(e).fontSize)") >= letter
    wall = page.locator(".wall").bounding_box()
    assert wall is not None
    assert wall["height"] >= 0.75 * height
    assert wall["y"] + wall["height"] <= height
    assert wall["width"] >= 0.95 * width
    expect(page.get_by_text(code, exact=True)).to_be_in_viewport()
    expect(page.get_by_test_id("stSidebar")).to_have_count(0)
