"""By what a real browser is known again: in other tabs, after a restart, and no more once left."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from ae_core.runs.record import RunRecord
from ae_core.runs.store import RunStore
from ae_core.specs import preset
from pages.ui.state.identity import DAYS, SECONDS_PER_DAY, earlier_identity
from pages.ui.streamlit_adapter import XSRF_COOKIE
from tests.helpers.lab_page import linked, open_page, wait_until_drawn
from tests.helpers.lab_server import LAPTOP, Server, serving

NO_COOKIE = "This browser keeps no cookie"
RUN = "c0ffee000001"


class SchoolPage(BaseHTTPRequestHandler):
    """A page of another site, which has in a frame what its address names."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        framed = unquote(urlsplit(self.path).query)
        self.wfile.write(f"<iframe src='{framed}' width=1200 height=700></iframe>".encode())


@pytest.fixture(scope="module")
def school() -> Iterator[str]:
    """The origin of a site at another host than the app's."""
    with ThreadingHTTPServer(("127.0.0.1", 0), SchoolPage) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()


@pytest.fixture(scope="module")
def server(school, tmp_path_factory) -> Iterator[Server]:
    """A server whose pages the school may show in a frame."""
    with serving(tmp_path_factory.mktemp("runs"), AE_EMBED_FROM=school) as found:
        yield found


@contextmanager
def started(
    browser: Browser, server: Server, kept: StorageState | None = None
) -> Iterator[BrowserContext]:
    """Start a browser with what another one kept when it was closed."""
    context = browser.new_context(**LAPTOP, base_url=server.url, storage_state=kept)
    context.set_default_timeout(60_000)
    yield context
    context.close()


def kept_when_closed(context: BrowserContext) -> StorageState:
    """Return what is left when a browser is closed: session cookies are not."""
    state = context.storage_state()
    state["cookies"] = [each for each in state.get("cookies", []) if each.get("expires", -1) != -1]
    return state


def own_cookie(context: BrowserContext):
    (found,) = [each for each in context.cookies() if each["name"].startswith("autoencoder_lab_")]
    return found


def open_class(page: Page) -> tuple[str, str]:
    """Open a class; return its code and its teacher's address."""
    open_page(page, "/classroom")
    page.get_by_role("button", name="Open a class").click()
    expect(page.get_by_text("Nobody is here yet")).to_be_visible()
    expect(page.get_by_text(NO_COOKIE)).to_have_count(0)  # already at the first visit
    return linked(page, "class"), page.url


def teaches(page: Page, code: str):
    return page.get_by_role("button", name=f"{code} · you teach it")


def press(page: Page, name: str) -> None:
    """Press one of the browser's buttons and wait until the page is open anew."""
    with page.expect_event("load"):
        page.get_by_role("button", name=name).click()
    wait_until_drawn(page)


@pytest.mark.thorough
def test_a_teacher_finds_the_class_again_in_the_same_browser_and_nobody_else_does(browser, server):
    with started(browser, server) as mine, started(browser, server) as other:
        tab = mine.new_page()
        code, _ = open_class(tab)
        cookie = own_cookie(mine)
        assert cookie.get("httpOnly")
        assert (cookie.get("sameSite"), cookie.get("expires")) == ("Lax", -1)
        tab.close()
        again = mine.new_page()
        open_page(again, "/classroom")
        assert own_cookie(mine) == cookie
        teaches(again, code).click()
        expect(again.get_by_role("button", name="Pause all")).to_be_visible()
        assert linked(again, "teacher") == ""
        again.reload()
        expect(again.get_by_role("button", name="Pause all")).to_be_visible()
        expect(again.get_by_text(NO_COOKIE)).to_have_count(0)
        stranger = other.new_page()
        open_page(stranger, f"/classroom?class={code}&view=Teacher")
        expect(stranger.get_by_role("button", name="Pause all")).to_have_count(0)
        expect(teaches(stranger, code)).to_have_count(0)


@pytest.mark.thorough
def test_a_browser_is_known_after_a_restart_only_if_its_visitor_said_so(browser, server):
    with started(browser, server) as first:
        page = first.new_page()
        code, _ = open_class(page)
        assert kept_when_closed(first)["cookies"] == []
        press(page, "Remember on this device")
        expect(page.get_by_text("This device knows your runs")).to_be_visible()
        expect(page.get_by_role("button", name="Remember on this device")).to_have_count(0)
        now = page.evaluate("Date.now()") / 1000
        ends = own_cookie(first).get("expires", 0)
        assert abs(ends - now - DAYS * SECONDS_PER_DAY) < 3600
        kept = kept_when_closed(first)
    with started(browser, server, kept) as second:
        page = second.new_page()
        open_page(page, "/classroom")
        expect(teaches(page, code)).to_be_visible()


@pytest.mark.thorough
def test_who_leaves_the_browser_is_somebody_new_in_every_tab(browser, server):
    with started(browser, server) as context:
        page, other = context.new_page(), context.new_page()
        code, address = open_class(page)
        press(page, "Remember on this device")
        open_page(other, "/classroom")
        expect(teaches(other, code)).to_be_visible()
        press(page, "Leave this browser")
        assert page.url == f"{server.url}/classroom"
        expect(page.get_by_role("button", name="Open a class")).to_be_visible()
        expect(teaches(page, code)).to_have_count(0)
        other.reload()
        expect(other.get_by_role("button", name="Open a class")).to_be_visible()
        wait_until_drawn(other)
        expect(teaches(other, code)).to_have_count(0)
        assert own_cookie(context).get("expires") == -1
        open_page(page, address)  # its class stays where it is
        expect(page.get_by_role("button", name="Pause all")).to_be_visible()


@pytest.mark.thorough
def test_a_forged_cookie_is_replaced(browser, server):
    with started(browser, server) as context:
        page = context.new_page()
        code, _ = open_class(page)
        cookie = own_cookie(context)
        value = cookie.get("value", "")
        forged = value[:-1] + ("A" if value[-1] != "A" else "B")
        place = {"domain": "localhost", "path": "/", "httpOnly": True}
        context.add_cookies([{"name": cookie.get("name", ""), "value": forged, **place}])
        open_page(page, "/classroom")
        expect(page.get_by_role("button", name="Open a class")).to_be_visible()
        expect(teaches(page, code)).to_have_count(0)
        assert own_cookie(context).get("value") not in (value, forged)


@pytest.mark.thorough
def test_who_visited_the_earlier_version_keeps_the_runs(browser, server):
    token = bytes(range(16))
    record = RunRecord(
        RUN, preset("digits-dense"), "", earlier_identity(token).name, 1e9, "stopped"
    )
    RunStore(server.runs).begin([record])
    RunStore(server.runs).finish(record, {})
    with started(browser, server) as context:
        value = generate_xsrf_token_string(token)
        context.add_cookies([{"name": XSRF_COOKIE, "value": value, "url": server.url}])
        page = context.new_page()
        open_page(page, "/train?view=Compare")
        run = page.locator(f"a[href*='{RUN}']")
        expect(run).to_be_visible()
        press(page, "Leave this browser")
        open_page(page, "/train?view=Compare")
        expect(page.get_by_text("No runs yet")).to_be_visible()
        expect(run).to_have_count(0)


@pytest.mark.thorough
def test_in_another_site_s_frame_the_page_says_that_all_ends_with_the_tab(browser, server, school):
    with started(browser, server) as context:
        page = context.new_page()
        page.goto(f"{school}/?{server.url}/classroom")
        inside = page.frame_locator("iframe")
        expect(inside.get_by_text(NO_COOKIE)).to_be_visible()
        inside.get_by_role("button", name="Open a class").click()  # and all works meanwhile
        expect(inside.get_by_role("button", name="Pause all")).to_be_visible()
        expect(inside.get_by_role("button", name="Leave this browser")).to_have_count(0)
        assert context.cookies() == []
