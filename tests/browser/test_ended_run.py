"""An ended run in a real browser: the part of its page that refreshes itself draws the buttons."""

import pytest
from playwright.sync_api import expect

from tests.helpers.lab_page import open_page
from tests.helpers.trainings import SMALL


@pytest.mark.thorough
def test_a_run_is_deleted_and_brought_back(page, trained):
    run = trained(page, SMALL)
    trained.let_own(page)
    open_page(page, f"/train?run={run}")
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("The run is deleted")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Delete")).to_be_visible()
    expect(page.get_by_text("The run is deleted")).to_have_count(0)
