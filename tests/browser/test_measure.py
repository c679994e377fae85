"""The Measure page as a visitor uses it: curves, a point that is chosen, a threshold."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.helpers.lab_page import linked, metric, wait_until_drawn


def open_view(page: Page, query: str) -> None:
    page.goto(f"/measure?{query}")
    expect(page.locator(".js-plotly-plot .trace").first).to_be_attached(timeout=120_000)
    expect(page.locator("figure img").first).to_be_attached(timeout=120_000)
    wait_until_drawn(page)


def wait_for_link(page: Page, name: str, old: str = "") -> None:
    page.wait_for_function(
        "([name, old]) => ![null, old].includes(new URL(location.href).searchParams.get(name))",
        arg=[name, old],
    )
    wait_until_drawn(page)


def captions(page: Page) -> str:
    return " ".join(page.locator("figcaption").all_inner_texts())


def test_curves_appear_and_a_point_that_is_clicked_shows_its_pictures(page):
    open_view(page, "model=digits-dense")
    expect(page.locator(".js-plotly-plot .scatterlayer .trace")).to_have_count(5)
    before = captions(page)
    assert "Autoencoder" in before
    assert "JPEG without its header" in before
    point = page.locator(".scatterlayer .trace").first.locator(".point").first
    point.scroll_into_view_if_needed()
    box = point.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for_link(page, "bytes")
    assert float(linked(page, "bytes")) < 5  # the autoencoder's smallest code of digits
    expect(page.locator("figcaption", has_text="(the smallest)").first).to_be_visible()
    assert captions(page) != before
    shown = captions(page)
    page.reload()
    expect(page.locator("figcaption", has_text="(the smallest)").first).to_be_visible()
    wait_until_drawn(page)
    assert captions(page) == shown


def test_a_picture_of_another_kind_is_kept_badly_and_the_page_says_so(page):
    open_view(page, "model=digits-dense&bytes=300")
    page.get_by_role("radio", name="Another kind").click()
    wait_for_link(page, "source")
    expect(page.get_by_text(re.compile(r"is \d+\.\d dB ahead of the autoencoder"))).to_be_visible()


def test_the_threshold_changes_the_shares_and_the_chart_stays(page):
    open_view(page, "model=digits-dense&view=Unknown&with=toy-faces")
    assert metric(page, "False alarms").inner_text() in ("4%", "5%", "6%")
    charts = page.locator(".js-plotly-plot")
    expect(charts).to_have_count(2)
    charts.first.evaluate("(chart) => { chart.dataset.kept = 'yes'; }")
    threshold = page.locator("[data-testid=stSlider] [role=slider], [data-testid=stSlider] input")
    threshold.first.focus()
    page.keyboard.press("Home")
    wait_for_link(page, "threshold")
    expect(page.get_by_text("Finds 100% of the unknown, false alarm on 100%")).to_be_visible()
    first = linked(page, "threshold")
    mark = page.locator(".threshold-mark").first
    plane = charts.first.locator(".nsewdrag").first.bounding_box()
    assert mark.bounding_box()["x"] < plane["x"] + 0.1 * plane["width"]
    page.keyboard.press("End")
    wait_for_link(page, "threshold", first)
    expect(page.get_by_text("Finds 0% of the unknown, false alarm on 0%")).to_be_visible()
    assert charts.first.evaluate("(chart) => chart.dataset.kept") == "yes"
    page.wait_for_function(
        "([mark, edge]) => mark.getBoundingClientRect().x > edge",
        arg=[mark.element_handle(), plane["x"] + 0.9 * plane["width"]],
    )


@pytest.mark.thorough
@pytest.mark.parametrize("view", ["Bytes", "Unknown"])
def test_on_a_phone_nothing_scrolls_sideways(page, view):
    page.set_viewport_size({"width": 390, "height": 844})
    open_view(page, f"model=digits-dense&view={view}")
    wide = "() => document.documentElement.scrollWidth <= window.innerWidth"
    assert page.evaluate(wide)
    main = page.locator("[data-testid=stMain]")
    assert main.evaluate("(element) => element.scrollWidth <= element.clientWidth")
