"""The web server of a container, as its engine starts it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack

import psutil

from ae_core.storage.files import ROOT
from ae_core.workers.class_server import free_port
from ae_core.workers.web_server import web_server

PATIENCE = 120  # seconds; an idle machine starts a server in three


def wait_until(holds: Callable[[], bool]) -> None:
    """Ask again and again, as nothing tells that a process has ended."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_server_that_hangs_is_started_again_and_all_ends_with_sigterm(tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "ae_core.workers.web_server", str(port)]
    environment = {**os.environ, "AE_RUNS_DIR": str(tmp_path)}
    server = web_server("web server", port, environment)
    with ExitStack() as stack:
        started = stack.enter_context(subprocess.Popen(command, cwd=ROOT, env=environment))
        stack.callback(started.kill)  # if this test fails; the rest ends with it
        wait_until(server.answers)
        everything = psutil.Process(started.pid).children(recursive=True)
        [hanging] = [each for each in everything if "streamlit" in each.cmdline()]
        hanging.suspend()
        wait_until(lambda: not hanging.is_running() and server.answers())
        everything += psutil.Process(started.pid).children(recursive=True)
        started.send_signal(signal.SIGTERM)
        assert started.wait(PATIENCE) == 0
    wait_until(lambda: not any(each.is_running() for each in everything))
