"""How a page finds its server, and what it says when it does not, in a real browser."""

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlparse

import pytest
from playwright.sync_api import Page, expect

from ae_core.text.sentences import say
from pages.ui.shell.page_limit import MAX_PAGES
from tests.helpers.lab_page import open_page, wait_until_drawn
from tests.helpers.lab_server import LAPTOP, PHONE, serving
from tests.helpers.sticky_proxy import StickyProxy

STREAM = re.compile("/_stcore/stream")
PREFIX = "/hub/user/proxy"
SOON = 8_000  # ms
FACE = "canvas.face[width]"  # on Home; without this attribute, nothing is drawn on it yet
# Counts Streamlit's dialogs, and the frames in which one is painted or the page is inert.
WATCH_DIALOGS = """
addEventListener("DOMContentLoaded", () => {
  window.dialogs = window.disturbed = 0;
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) if (node.dataset?.testid === "stDialog") window.dialogs++;
  }).observe(document.body, { childList: true });
  const everyFrame = () => {
    const dialogs = [...document.querySelectorAll("[data-testid=stDialog]")];
    const painted = dialogs.some((dialog) => getComputedStyle(dialog).display !== "none");
    if (painted || document.getElementById("root").inert) window.disturbed++;
    requestAnimationFrame(everyFrame);
  };
  everyFrame();
});
"""


@pytest.fixture(scope="module")
def prefixed(server) -> Iterator[str]:
    """The server's address behind a proxy that takes a prefix off every path."""
    port = urlparse(server.url).port
    assert port
    proxy = StickyProxy([port], PREFIX)
    yield proxy.url
    proxy.close()


@pytest.fixture(scope="module")
def based(tmp_path_factory) -> Iterator[str]:
    """The address of a server with a base path."""
    runs = tmp_path_factory.mktemp("runs")
    with serving(runs, "--server.baseUrlPath", "school/lab", base="/school/lab") as found:
        yield found.url


@pytest.fixture(params=["prefixed", "based"])
def below(request, browser) -> Iterator[tuple[Page, str]]:
    """A page, and the address below which the app is."""
    context = browser.new_context(**LAPTOP)
    context.set_default_timeout(60_000)
    yield context.new_page(), request.getfixturevalue(request.param)
    context.close()


@pytest.mark.thorough
def test_all_that_a_page_asks_for_is_below_its_prefix(below):
    page, url = below
    failed: list[str] = []
    page.on("response", lambda got: got.status < 400 or failed.append(f"{got.status} {got.url}"))
    page.on(
        "request", lambda it: it.url.startswith((url, "blob:", "data:")) or failed.append(it.url)
    )
    open_page(page, f"{url}/")
    expect(page.locator(FACE)).to_be_visible()
    assert page.get_by_test_id("stSidebarLogo").evaluate("logo => logo.naturalWidth") > 0
    icon = page.locator("link[rel='shortcut icon']").get_attribute("href") or ""
    assert page.request.get(urljoin(f"{url}/", icon)).headers["content-type"] == "image/png"
    open_page(page, f"{url}/latent_space?model=toy-faces-vae")  # a component
    expect(page.locator(".rows input").first).to_be_visible()
    page.get_by_test_id("stSidebar").get_by_role("link", name="Reconstruct").click()
    page.wait_for_url(f"{url}/reconstruct*")
    wait_until_drawn(page)
    page.reload()
    expect(page.locator(".picker button").first).to_be_visible()
    assert failed == []


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_page_without_websockets_says_so(browser, server, language):
    with browser.new_context(**LAPTOP, base_url=server.url, locale=language) as context:
        page = context.new_page()
        page.route_web_socket(STREAM, lambda socket: socket.close())
        page.goto("/train")
        page.wait_for_selector("[data-testid=stApp]", state="attached")
        alert = page.locator(".no-connection")
        expect(alert).to_have_text(say("connection.blocked", language), timeout=SOON)
        expect(alert).to_be_visible()
        assert "websocket" in alert.inner_text().lower()


@pytest.mark.thorough
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_page_without_room_says_so(browser, server, language):
    """Its websocket is refused; `tests/ui/test_address_bounds.py` has the server refuse it."""
    with browser.new_context(**LAPTOP, base_url=server.url, locale=language) as context:
        page = context.new_page()
        page.route_web_socket(STREAM, lambda socket: socket.close())
        page.route(STREAM, lambda route: route.fulfill(status=429))
        page.goto("/train")
        alert = page.locator(".no-connection")
        words = say("connection.crowded", language, most=MAX_PAGES)
        expect(alert).to_have_text(words, timeout=SOON)


def test_a_page_that_goes_offline_says_so_and_keeps_what_it_shows(browser, server):
    with browser.new_context(**LAPTOP, base_url=server.url) as context:
        page = context.new_page()
        open_page(page, "/")
        picture = page.locator(FACE)
        expect(picture).to_be_visible()
        alert = page.locator(".no-connection")
        expect(alert).to_be_hidden()
        context.set_offline(True)
        expect(alert).to_have_text(say("connection.offline"), timeout=5_000)
        expect(picture).to_be_visible()
        context.set_offline(False)
        expect(alert).to_be_hidden()


@pytest.mark.thorough
def test_a_page_whose_server_ends_says_so_and_keeps_what_it_shows(browser, tmp_path):
    with browser.new_context(**LAPTOP) as context:
        page = context.new_page()
        with serving(tmp_path) as server:
            open_page(page, f"{server.url}/lessons")
            expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator(".no-connection")).to_have_text(
            say("connection.unreachable"), timeout=5_000
        )
        expect(page.get_by_role("heading", level=1)).to_be_visible()


@pytest.mark.thorough
def test_streamlits_own_dialog_does_not_lie_over_the_sentence(browser, tmp_path):
    with browser.new_context(**PHONE, locale="de") as context:
        page = context.new_page()
        page.add_init_script(WATCH_DIALOGS)
        with serving(tmp_path) as server:
            open_page(page, f"{server.url}/")
            picture = page.locator(FACE)
            expect(picture).to_be_visible()
        page.wait_for_function("window.dialogs >= 1", timeout=60_000)
        expect(page.locator(".no-connection")).to_have_text(say("connection.unreachable", "de"))
        expect(page.get_by_test_id("stDialog")).to_have_count(0)
        expect(picture).to_be_visible()
        picture.click()  # nothing lies above it
        assert page.evaluate("window.disturbed") == 0
