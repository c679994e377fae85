"""The app as the README starts it, and a real Chromium in front of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Route,
    expect,
    sync_playwright,
)

from ae_core.runs.store import RunStore
from pages.ui.shell.protection import ISOLATION, protective_headers
from pages.ui.widgets.component import MEDIA_TYPES, address, browser_files
from tests.helpers.chromium import chromium_path
from tests.helpers.engines import Engines
from tests.helpers.lab_server import LAPTOP, PHONE, Server, serving
from tests.helpers.trainings import Trainings

expect.set_options(timeout=60_000)  # the first training waits for TensorFlow
# Chromium of its own accord asks Google's servers this and that; a test must not.
SILENT = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
VIOLATION = "against the content security policy:"
WATCH = f"""addEventListener("securitypolicyviolation", (event) => console.error(
  "{VIOLATION}", event.effectiveDirective, event.blockedURI, event.sourceFile, event.sample))"""
# The instruction that a browser without relaxed SIMD does not know.
WITHOUT_FUSED = """const validate = WebAssembly.validate;
WebAssembly.validate = (bytes) => !bytes.join().includes("253,133,2") && validate(bytes);"""
NOWHERE = "http://lab.test"  # there is no such server: `scripts` answers
ISOLATED = "https://lab.test"  # by http a browser isolates no page
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    """One server for all tests that do not end it."""
    with serving(tmp_path_factory.mktemp("runs")) as found:
        yield found


@pytest.fixture(scope="session")
def trained(server) -> Trainings:
    """Ended runs for all tests that need some; those that stop or delete one have their own."""
    return Trainings(RunStore(server.runs))


@pytest.fixture
def fresh_server(tmp_path) -> Iterator[Server]:
    """A server that nobody has visited."""
    with serving(tmp_path) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium_path()
    with sync_playwright() as playwright:
        if path is None and not Path(playwright.chromium.executable_path).exists():
            pytest.skip("no Chromium: `make browser` installs one")
        chromium = playwright.chromium.launch(executable_path=path, args=[*SILENT, *CAMERA])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def scripts(browser) -> Iterator[Page]:
    """An empty page that can import the app's scripts by their addresses, without its server."""
    with browser.new_page() as tab:
        yield importing(tab)


@pytest.fixture(scope="session")
def scripts_isolated(browser) -> Iterator[Page]:
    """The same as by https, where threads may share memory."""
    with browser.new_page() as tab:
        yield importing(tab, ISOLATED)


@pytest.fixture(scope="session")
def scripts_without_fused(browser) -> Iterator[Page]:
    """The same in a browser without relaxed SIMD."""
    with browser.new_page() as tab:
        tab.add_init_script(WITHOUT_FUSED)
        yield importing(tab)


@pytest.fixture(scope="session")
def scripts_without_wasm(browser) -> Iterator[Page]:
    """The same in a browser that has no WebAssembly."""
    with browser.new_page() as tab:
        tab.add_init_script("delete globalThis.WebAssembly")
        yield importing(tab)


@pytest.fixture(scope="session")
def engines(scripts, scripts_isolated, scripts_without_fused, scripts_without_wasm) -> Engines:
    return Engines(scripts, scripts_isolated, scripts_without_fused, scripts_without_wasm)


def importing(tab: Page, origin: str = NOWHERE) -> Page:
    """Let a page import the app's scripts; it has their server's address, and there is none."""
    folder = f"{origin}{address('')}"

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(folder)
        kind = MEDIA_TYPES[Path(path).suffix] if path in browser_files() else "text/html"
        isolation = ISOLATION if origin == ISOLATED else {}
        headers = {**protective_headers(), **isolation, "Content-Type": kind}
        route.fulfill(body=browser_files().get(path, b""), headers=headers)

    tab.route(f"{origin}/**", answer)
    tab.goto(origin)
    return tab


@pytest.fixture(scope="session")
def visitors(browser, server) -> Iterator[BrowserContext]:
    """What all visitors share: the files of Streamlit's own that a browser has got by now."""
    context = browser.new_context(**LAPTOP, base_url=server.url)
    context.set_default_timeout(60_000)
    context.add_init_script("localStorage.clear()")
    context.add_init_script(WATCH)
    yield context
    context.close()


@pytest.fixture(scope="session")
def strangers(browser, server) -> Iterator[BrowserContext]:
    """The same for a second visitor at the same time: with other cookies, so in another context."""
    context = browser.new_context(**LAPTOP, base_url=server.url)
    context.set_default_timeout(60_000)
    context.add_init_script(WATCH)
    yield context
    context.close()


@pytest.fixture(scope="session")
def phones(browser, server) -> Iterator[BrowserContext]:
    """The same for visitors with a phone."""
    context = _phones(browser, server)
    yield context
    context.close()


def _phones(browser: Browser, server: Server) -> BrowserContext:
    context = browser.new_context(**PHONE, base_url=server.url, is_mobile=True, has_touch=True)
    context.set_default_timeout(60_000)
    context.add_init_script(WATCH)
    return context


@pytest.fixture
def page(visitors, server) -> Iterator[Page]:
    """The page of a new visitor; leaving the server's address, or its policy, fails the test."""
    yield from _visit(visitors, server, LAPTOP)


@pytest.fixture
def stranger(strangers, server) -> Iterator[Page]:
    """The page of another new visitor at the same time."""
    yield from _visit(strangers, server, LAPTOP)


@pytest.fixture
def phone(phones, server) -> Iterator[Page]:
    """The page of a new visitor with a phone, in dark colours."""
    yield from _visit(phones, server, PHONE)


@pytest.fixture
def first_phone(browser, fresh_server) -> Iterator[Page]:
    """The page of the first visitor to a server, with a phone."""
    context = _phones(browser, fresh_server)
    yield from _visit(context, fresh_server, PHONE)
    context.close()


def _visit(context: BrowserContext, server: Server, screen: dict[str, Any]) -> Iterator[Page]:
    """Visitors come one after the other in one tab: in a new one, a page costs twice as much."""
    context.clear_cookies()  # by which the app knows a visitor again
    tab = context.pages[0] if context.pages else context.new_page()
    elsewhere: list[str] = []
    local = (server.url, server.url.replace("http", "ws"), "data:", "blob:")

    def note(request: Request) -> None:
        if not request.url.startswith(local):
            elsewhere.append(request.url)

    violations: list[str] = []

    def note_violation(message: ConsoleMessage) -> None:
        if message.text.startswith(VIOLATION):
            violations.append(message.text)

    tab.on("request", note)
    tab.on("console", note_violation)
    yield tab
    if not tab.is_closed():
        tab.mouse.up()
        tab.evaluate("location.origin === 'null' || sessionStorage.clear()")
        tab.remove_listener("request", note)
        tab.remove_listener("console", note_violation)
        tab.unroute_all(behavior="ignoreErrors")
        tab.goto("about:blank")
        tab.set_viewport_size(screen["viewport"])
        tab.emulate_media(color_scheme=screen["color_scheme"])
    assert elsewhere == [], "the page asked the internet"
    assert violations == []
