"""A real server whose PostgreSQL goes away under open pages, and comes back."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select

from ae_core.storage.database import Database
from ae_core.storage.tables import RUNS
from tests.helpers.lab_page import linked, open_page
from tests.helpers.lab_server import LAPTOP, serving
from tests.helpers.refusals import pattern

AWAY = pattern("database_unavailable")
# Enough steps that it still trains when all pages have been looked at.
LONG = "/train?preset=digits-dense&epochs=2000"
CURVES = ".js-plotly-plot .scatterlayer .trace"


@pytest.fixture
def visitor(browser, postgres_address, tmp_path) -> Iterator[BrowserContext]:
    """A browser in front of a server with that database."""
    with serving(tmp_path / "runs", AE_DATABASE=postgres_address) as server:
        context = browser.new_context(**LAPTOP, base_url=server.url)
        context.set_default_timeout(60_000)
        yield context
        context.close()


def open_pages(visitor) -> tuple[Page, Page, Page]:
    """A run in training, the wall of an empty class and a set of the visitor's own."""
    train, wall, own = (visitor.new_page() for _ in range(3))
    open_page(train, LONG)
    train.get_by_test_id("stBaseButton-primary").click()
    open_page(wall, "/classroom")
    wall.get_by_role("button", name="Open a class").click()
    expect(wall.get_by_text("Nobody is here yet")).to_be_visible()
    open_page(own, "/own_pictures")
    own.get_by_label("Name of the set").fill("Letters")
    own.get_by_role("button", name="Create set").click()
    expect(own.get_by_role("heading", name="Letters")).to_be_visible()
    train.wait_for_selector(CURVES)
    return train, wall, own


def said(page: Page):
    return page.get_by_test_id("stAlert").filter(has_text=AWAY)


@pytest.mark.thorough
def test_pages_say_that_the_database_is_away_and_go_on_when_it_is_back(
    visitor, postgres, postgres_address
):
    train, wall, own = open_pages(visitor)
    run, its_wall, its_set = linked(train, "run"), wall.url, own.url
    lists = {
        "/train?view=Compare": lambda: expect(own.get_by_role("table")).to_contain_text("digits"),
        "/own_pictures": lambda: expect(own.get_by_text("Letters")).to_be_visible(),
        its_set: lambda: expect(own.get_by_role("heading", name="Letters")).to_be_visible(),
        "/classroom": lambda: expect(own.get_by_text("Open a class").first).to_be_visible(),
        its_wall: lambda: expect(own.get_by_text("Nobody is here yet")).to_be_visible(),
        "/latent_space": lambda: expect(own.get_by_text("Walk").first).to_be_visible(),
    }
    postgres.stop()
    try:
        for page in (train, wall):  # they refresh by themselves
            expect(said(page)).to_have_count(1)
        train.get_by_role("button", name="Stop").click()
        expect(train.get_by_test_id("stToast")).to_contain_text(AWAY)
        for path in lists:
            open_page(own, path)
            expect(said(own)).to_have_count(1)
            expect(own.get_by_test_id("stException")).to_have_count(0)
    finally:
        postgres.start()
    for page in (train, wall, own):  # nobody loads them anew
        expect(said(page)).to_have_count(0)
        expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(wall.get_by_text("Nobody is here yet")).to_be_visible()
    for path, shows in lists.items():
        open_page(own, path)
        shows()
        expect(said(own)).to_have_count(0)
    train.get_by_role("button", name="Stop").click()
    expect(train.get_by_text(re.compile("Stopped in epoch"))).to_be_visible()
    database = Database(postgres_address)
    with database.reading() as connection:
        status = connection.execute(select(RUNS.c.status).where(RUNS.c.id == run)).scalar_one()
    database.close()
    assert status == "stopped"
