"""The Share button: others reach the same page, and the sharer's secrets stay with the sharer."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.helpers.app_page import PAGES
from tests.helpers.lab_page import open_page, wait_until_drawn

FIELD = "input[readonly]"
LESSON = "/lessons?lesson=02-how-many-numbers&step=2"


def shared(page: Page) -> str:
    """Open the menu of a page, and return the address in it."""
    page.get_by_role("button", name="Share", exact=True).click()
    field = page.locator(FIELD)
    expect(field).not_to_have_value("")
    return field.input_value()


def path_of(address: str) -> str:
    return re.sub(r"^https?://[^/]+", "", address) or "/"


@pytest.mark.samples(2)
@pytest.mark.parametrize("path", ["/", *(f"/{page[6:-3]}" for page in PAGES)])
def test_every_page_has_it_and_its_code_is_beside_it(page, path):
    open_page(page, path)
    address = shared(page)
    assert path_of(address).partition("?")[0] == path
    assert "localhost" not in address or page.get_by_text("Only this computer").count()
    shown = page.get_by_role("img", name="QR code of the address")
    expect(shown).to_be_visible()
    image = Image.open(io.BytesIO(shown.screenshot())).convert("1")
    assert {0, 255} == set(image.get_flattened_data())


def test_another_visitor_comes_to_the_same_step_and_guesses_anew(page, stranger):
    open_page(page, LESSON)
    page.get_by_text("With 2 numbers").click()
    page.get_by_role("button", name="That is my guess").click()
    page.wait_for_url(re.compile("guess="))
    address = shared(page)
    assert path_of(address) == LESSON
    expect(page.get_by_text("at step 2. Everybody guesses")).to_be_visible()
    open_page(stranger, path_of(address))
    expect(stranger.get_by_role("button", name="That is my guess")).to_be_visible()


def test_it_copies(page):
    open_page(page, LESSON)
    address = shared(page)
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied.")).to_be_visible()
    page.evaluate(
        "() => document.body.prepend(Object.assign(document.createElement('textarea'), {id: 'x'}))"
    )
    page.locator("#x").focus()
    page.keyboard.press("ControlOrMeta+V")
    assert page.locator("#x").input_value() == address


def test_what_was_chosen_since_is_in_it(page):
    open_page(page, "/latent_space?model=toy-faces-vae")
    page.get_by_text("Walk", exact=True).click()
    page.wait_for_url(re.compile("view=Walk"))
    wait_until_drawn(page)
    assert "view=Walk" in shared(page)


def test_a_class_is_shared_without_its_teacher_s_secret(page, stranger):
    open_page(page, "/classroom")
    page.get_by_role("button", name="Open a class").click()
    page.wait_for_url(re.compile("class=[A-Z0-9]{5}"))
    wait_until_drawn(page)
    address = shared(page)
    assert re.fullmatch(r"/classroom\?class=[A-Z0-9]{5}", path_of(address))
    open_page(stranger, path_of(address))
    expect(stranger.get_by_role("button", name="Join")).to_be_visible()
