"""The browser obeys the headers of the server, and every page works under them."""

import re

import pytest
from playwright.sync_api import expect

from ae_core.storage.files import ROOT
from tests.browser.conftest import VIOLATION
from tests.helpers.lab_page import open_page

PAGES = ("", *sorted(script.stem for script in (ROOT / "pages").glob("*.py")))


@pytest.mark.samples(3)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_needs_nothing_that_the_policy_forbids(page, name):
    """The fixture of the page fails at a violation, here and in all tests of pages."""
    open_page(page, f"/{name}")
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_violation_is_noticed(page):
    """The fixture of the page would notice nothing if the policy did not reach the browser."""
    open_page(page, "/lessons")
    with page.context.new_page() as other:  # of this one, the fixture would fail the test
        open_page(other, "/lessons")
        with other.expect_console_message(lambda message: message.text.startswith(VIOLATION)):
            other.evaluate("new Image().src = 'http://elsewhere.example/x.png'")


@pytest.mark.thorough
def test_a_run_is_watched(page):
    open_page(page, "/train?preset=digits-dense&image_size=8&epochs=200&latent_dim=2")
    page.get_by_test_id("stBaseButton-primary").click()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    expect(page.get_by_test_id("stMetricValue").first).to_contain_text(
        re.compile(r"[1-9]\d* / 200")
    )
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("Stopped in epoch"))).to_be_visible()
