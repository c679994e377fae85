"""The app as the README starts it, and a real Chromium in front of it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Request,
    expect,
    sync_playwright,
)

from ae_core.storage import ROOT

START_SECONDS = 60
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


@dataclass(frozen=True)
class Server:
    """A running app."""

    url: str
    pid: int
    runs: Path


@contextmanager
def serving(runs: Path) -> Iterator[Server]:
    """Start the app with a run store of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    environment = {**os.environ, "AE_RUNS_DIR": str(runs)}
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        url = f"http://localhost:{port}"
        wait_for(f"{url}/_stcore/health")
        yield Server(url, process.pid, runs)
        process.terminate()


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    """One server for all tests that do not end it."""
    with serving(tmp_path_factory.mktemp("runs")) as found:
        yield found


@pytest.fixture
def fresh_server(tmp_path) -> Iterator[Server]:
    """A server that nobody has visited."""
    with serving(tmp_path) as found:
        yield found


def wait_for(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except (urllib.error.URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    with sync_playwright() as playwright:
        if path is None and not Path(playwright.chromium.executable_path).exists():
            message = "no Chromium: `make browser` installs one"
            if os.environ.get("CI"):
                pytest.fail(message)
            pytest.skip(message)
        chromium = playwright.chromium.launch(executable_path=path, args=list(SILENT))
        yield chromium
        chromium.close()


LAPTOP = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
PHONE = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


@pytest.fixture(scope="session")
def visitors(browser, server) -> Iterator[BrowserContext]:
    """What all visitors share: the files of Streamlit's own that a browser has got by now."""
    context = browser.new_context(**LAPTOP, base_url=server.url)
    context.set_default_timeout(60_000)
    context.add_init_script("localStorage.clear()")
    yield context
    context.close()


@pytest.fixture(scope="session")
def phones(browser, server) -> Iterator[BrowserContext]:
    """The same for visitors with a phone."""
    context = browser.new_context(**PHONE, base_url=server.url, is_mobile=True, has_touch=True)
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def page(visitors, server) -> Iterator[Page]:
    """The page of a new visitor; leaving the server's address fails the test."""
    yield from _visit(visitors, server, LAPTOP)


@pytest.fixture
def phone(phones, server) -> Iterator[Page]:
    """The page of a new visitor with a phone, in dark colours."""
    yield from _visit(phones, server, PHONE)


def _visit(context: BrowserContext, server: Server, screen: dict[str, Any]) -> Iterator[Page]:
    """Visitors come one after the other in one tab: in a new one, a page costs twice as much."""
    context.clear_cookies()  # by which the app knows a visitor again
    tab = context.pages[0] if context.pages else context.new_page()
    elsewhere: list[str] = []
    local = (server.url, server.url.replace("http", "ws"), "data:", "blob:")

    def note(request: Request) -> None:
        if not request.url.startswith(local):
            elsewhere.append(request.url)

    tab.on("request", note)
    yield tab
    if not tab.is_closed():
        tab.evaluate("location.origin === 'null' || sessionStorage.clear()")
        tab.remove_listener("request", note)
        tab.unroute_all(behavior="ignoreErrors")
        tab.goto("about:blank")
        tab.set_viewport_size(screen["viewport"])
        tab.emulate_media(color_scheme=screen["color_scheme"])
    assert elsewhere == [], "the page asked the internet"
