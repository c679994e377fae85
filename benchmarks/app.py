"""The app in a process of its own, and a real Chromium in front of it."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


@contextmanager
def running_server() -> Iterator[tuple[int, int]]:
    """Start the app with an empty run store; give its port and its process number."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as runs:
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
        environment = {**os.environ, "AE_RUNS_DIR": runs}
        with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
            try:
                _wait_until_up(port, process)
                yield port, process.pid
            finally:
                process.terminate()


@contextmanager
def running_app() -> Iterator[tuple[Page, int, float]]:
    """Give a browser's page, the server's process number and when it was started."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
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
