"""A run that goes wrong, the doctor's word for it, and its remedy, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.helpers.lab_page import box_of, open_page

COLLAPSING = (
    "/train?preset=digits-dense&image_size=8&bottleneck=variational&loss=bernoulli-nll"
    "&beta=100&epochs=2000&steps_per_epoch=2"  # so slow that the time before is seen, too
)


def places(page):
    """Where the pictures and the ways on stand."""
    ways = page.get_by_test_id("stMain").get_by_test_id("stPageLink-NavLink")
    return [box_of(each) for each in (page.locator(".st-key-run-pictures img"), *ways.all())]


@pytest.mark.thorough
def test_a_collapsing_network_is_found_while_it_trains_and_its_remedy_is_set_up(page):
    open_page(page, COLLAPSING)
    page.get_by_test_id("stBaseButton-primary").click()
    expect(page.get_by_text("Healthy: it is learning")).to_be_visible()
    before = places(page)
    expect(page.get_by_text("0 of 16 numbers of the code are in use")).to_be_visible()
    assert places(page) == before

    page.get_by_role("button", name="Try it: β = 1").click()
    beta = page.get_by_label("β, weight of the KL divergence", exact=True)
    expect(beta).to_have_value("1")
    expect(page).to_have_url(re.compile("view=Set[+ ]up"))
    assert "beta=" not in page.url  # 1 is the preset's own
    assert "bottleneck=variational" in page.url  # the rest is as the run had it
    page.reload()
    expect(beta).to_have_value("1")
    page.get_by_text("Learning", exact=True).click()  # the address does not hold it back
    expect(page.get_by_label("Learning rate", exact=True)).to_be_visible()

    page.get_by_text("Watch", exact=True).click()  # still the same run
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("Stopped in epoch"))).to_be_visible()
    expect(page.get_by_text("0 of 16 numbers of the code are in use")).to_be_visible()
