"""Starts the app in a separate process, and opens it in a real Chromium."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from ae_core.workers import cluster
from tests.helpers.chromium import chromium_path

ROOT = Path(__file__).resolve().parent.parent
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


@contextmanager
def running_servers(count: int) -> Iterator[list[tuple[int, int]]]:
    """Start servers with a shared run store and cluster; yield their ports and process ids."""
    with ExitStack() as stack:
        if count == 1:
            yield [stack.enter_context(running_server())]
            return
        process, address = cluster.start()
        stack.callback(process.communicate)  # ends it by closing its input
        runs = stack.enter_context(tempfile.TemporaryDirectory())
        shared = {"AE_RUNS_DIR": runs, "AE_SCHEDULER": address}
        yield [stack.enter_context(running_server(**shared)) for _ in range(count)]


@contextmanager
def running_server(**settings: str) -> Iterator[tuple[int, int]]:
    """Start the app alone with an empty run store; yield its port and its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as runs:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        environment = {**os.environ, "AE_RUNS_DIR": runs, **settings}
        with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
            try:
                _wait_until_up(port, process)
                yield port, process.pid
            finally:
                process.terminate()


@contextmanager
def running_app() -> Iterator[tuple[Page, int, float]]:
    """Yield a browser page, the server's process id and its start time."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        started = time.perf_counter()
        with running_server() as (port, pid):
            page = browser.new_page(base_url=f"http://localhost:{port}")
            page.set_default_timeout(120_000)
            yield page, pid, started


def _wait_until_up(port: int, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
