"""The app in a process of its own, as the README starts it, and the screens of its visitors."""

import os
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

from ae_core.storage.files import ROOT

START_SECONDS = 60
LAPTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"}


@dataclass(frozen=True)
class Server:
    """A running app."""

    url: str
    pid: int
    runs: Path


@contextmanager
def serving(
    runs: Path, *options: str, base: str = "", descriptors: int = 0, **variables: str
) -> Iterator[Server]:
    """Start the app with a run store of its own.

    Args:
        runs: the folder of its runs.
        options: further options of ``streamlit run``.
        base: the base path that they set, e.g. ``/lab``.
        descriptors: how many files it may have open, unless it asks for more; 0 for as many as this
            process.
        variables: further variables of its environment.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    if descriptors:
        command = ["sh", "-c", f'ulimit -S -n {descriptors} && exec "$@"', "sh", *command]
    environment = {**os.environ, "AE_RUNS_DIR": str(runs), **variables}
    with subprocess.Popen([*command, *options], cwd=ROOT, env=environment) as process:
        try:
            url = f"http://localhost:{port}{base}"
            wait_for(f"{url}/_stcore/health")
            yield Server(url, process.pid, runs)
        finally:
            process.terminate()


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
