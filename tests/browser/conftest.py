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

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

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


@pytest.fixture(scope="session")
def visitors(browser, server) -> Iterator[BrowserContext]:
    """What all visitors' tabs share: the files of Streamlit's own that a browser has got by now."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=server.url)
    context.set_default_timeout(60_000)
    context.add_init_script("localStorage.clear()")
    yield context
    context.close()


@pytest.fixture(scope="session")
def phones(browser, server) -> Iterator[BrowserContext]:
    """The same for visitors with a phone."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844},
        base_url=server.url,
        is_mobile=True,
        has_touch=True,
        color_scheme="dark",
    )
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def page(visitors, server) -> Iterator[Page]:
    """A page of a new visitor; leaving the server's address fails the test."""
    yield from _new_page(visitors, server)


@pytest.fixture
def phone(phones, server) -> Iterator[Page]:
    """A page of a new visitor with a phone, in dark colours."""
    yield from _new_page(phones, server)


def _new_page(context: BrowserContext, server: Server) -> Iterator[Page]:
    context.clear_cookies()  # by which the app knows a visitor again
    made = context.new_page()
    elsewhere: list[str] = []
    local = (server.url, server.url.replace("http", "ws"), "data:", "blob:")
    made.on("request", lambda r: None if r.url.startswith(local) else elsewhere.append(r.url))
    yield made
    made.close()
    assert elsewhere == [], "the page asked the internet"
