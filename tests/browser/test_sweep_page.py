"""Several code sizes by one button: a point and a row of pictures each, and PCA beside them."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.helpers.lab_page import open_page, wait_until_drawn


def start_sweep(page: Page, sizes: str, epochs: int, image_size: int = 8) -> None:
    open_page(page, f"/train?preset=digits-dense&image_size={image_size}&epochs={epochs}")
    page.get_by_text("Compare code sizes").click()
    field = page.get_by_label("Code sizes")
    field.fill(sizes)
    field.press("Enter")
    page.wait_for_function("() => new URL(location.href).searchParams.has('sizes')")
    wait_until_drawn(page)
    page.get_by_role("button", name="Train all").click()
    expect(page.get_by_text("squeezed into codes of different sizes")).to_be_visible()


def points(page: Page, line: int):
    """The points of a line of the chart: 0 is PCA's, 1 the networks'."""
    return page.locator(".js-plotly-plot .scatterlayer .trace").nth(line).locator("path.point")


@pytest.mark.thorough
def test_two_sizes_are_two_points_and_two_rows_and_a_click_chooses_one(page):
    start_sweep(page, "2, 8", 3)
    expect(page.get_by_text("2 of 2")).to_be_visible()
    for line in (0, 1):
        expect(points(page, line)).to_have_count(2)
    rows = page.get_by_test_id("stMain").locator("[data-testid=stImage] img")
    expect(rows).to_have_count(3)  # the originals, too
    for size in (2, 8):
        expect(page.get_by_text(re.compile(rf"^{size} numbers: \d"))).to_be_visible()
    wait_until_drawn(page)
    box = points(page, 1).nth(1).bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function("() => new URL(location.href).searchParams.get('size') === '8'")
    expect(page.get_by_text("Watch the run with 8 numbers")).to_be_visible()
    page.get_by_text("PCA's pictures too").click()
    expect(rows).to_have_count(5)
    page.reload()
    expect(page.get_by_text("Watch the run with 8 numbers")).to_be_visible()
    expect(rows).to_have_count(5)
    page.get_by_text("Watch the run with 8 numbers").click()
    expect(page.get_by_text("3 / 3")).to_be_visible()
    page.get_by_text("All sizes of this sweep").click()
    expect(page.get_by_text("2 of 2")).to_be_visible()


@pytest.mark.thorough
def test_a_sweep_is_stopped_as_a_whole(page):
    start_sweep(page, "2, 4, 8", 2000, 32)  # for minutes
    expect(points(page, 1)).to_have_count(1)
    address = page.url
    page.reload()  # it belongs to the service
    expect(page.get_by_text("0 of 3")).to_be_visible()
    assert page.url == address
    page.get_by_role("button", name="Stop all").click()
    expect(page.get_by_text("3 of 3")).to_be_visible()
    expect(page.get_by_text("Stopped before it began.")).to_have_count(2)
    expect(page.get_by_role("button", name="Stop all")).to_have_count(0)


@pytest.mark.thorough
def test_a_sweep_fits_a_phone(phone):
    start_sweep(phone, "2, 1024", 1)
    expect(phone.get_by_text("2 of 2")).to_be_visible()
    expect(points(phone, 1)).to_have_count(2)
    main = phone.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth")
    assert phone.get_by_test_id("stException").count() == 0
