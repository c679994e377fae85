"""What `autoencoder-lab serve` starts, as far as one sees it without starting it."""

import signal
import socket
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.workers import caddy, class_server, keeper
from ae_core.workers.addresses import own_address
from ae_core.workers.class_server import LEVELS, Settings, hosts, serve, web_servers
from tests.helpers.refusals import refused

STUBBORN = (
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(flush=True); time.sleep(60)"
)


@pytest.mark.parametrize("folder", ["runs", "a folder with spaces"])
def test_caddy_takes_its_settings(tmp_path, folder):
    names = ("192.0.2.7", "pc-7.school.example", "localhost")
    front = caddy.Front(names, 8443, 8501, (1001, 1002), tmp_path / folder)
    path = tmp_path / "Caddyfile"
    path.write_text(front.text())
    command = [caddy.find(), "validate", "--adapter", "caddyfile", "--config", path]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    ("printed", "found"), [("v2.11.7 h1:x", True), ("v2.6.2", False), ("3.0.0", True), ("", False)]
)
def test_a_caddy_that_is_too_old_is_none(tmp_path, monkeypatch, printed, found):
    program = tmp_path / "caddy"
    program.write_text(f"#!/bin/sh\necho {printed}\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    assert caddy.find() == (program if found else None)


def test_where_there_is_no_caddy_none_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert caddy.find() is None


@given(st.integers(1, 256))
def test_one_web_server_may_always_end(cores):
    assert 2 <= web_servers(cores) <= web_servers(cores + 1) <= max(2, cores)


def test_the_app_is_reached_by_all_names_of_this_computer():
    found = hosts(("lab.example", "localhost"))
    assert found[0] == (own_address() or "lab.example")
    assert {"lab.example", "localhost", "127.0.0.1"} <= set(found)
    assert len(set(found)) == len(found)


def test_students_get_the_name_that_the_teacher_gave():
    named = Settings(80, 443, hosts=("lab.example", "other.example"))
    assert named.addresses == ("https://lab.example:443", "http://lab.example:80")


def test_a_port_that_another_program_has_is_named():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with refused("port_refused", number=str(port), reason="Address already in use"):
            serve(Settings(http_port=port), print)


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_number_that_is_no_port_is_named(port):
    with refused("port_refused", number=str(port), reason="a port is a number up to 65535"):
        serve(Settings(http_port=port), print)


def test_a_level_of_the_log_that_there_is_not_is_named():
    with refused("one_of", name="AE_LOG", value="loud", choices=LEVELS):
        Settings(level="loud")


@pytest.mark.parametrize("name", ["https://lab.example", "lab:8443", "", "a b", "{$HOME}", "-x"])
def test_what_is_no_name_of_a_computer_is_refused(name):
    with refused("host_name", name=name):
        Settings(hosts=("lab.example", name))


def test_one_port_is_not_for_both():
    with refused("ports_alike", number="8443"):
        Settings(http_port=8443)


def test_a_folder_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("AE_RUNS_DIR", str(tmp_path / "file"))
    with refused("file_unwritable", reason="Not a directory"):
        serve(Settings(class_server.free_port(), class_server.free_port()), print)


def test_servers_that_never_answer_are_said(monkeypatch, tmp_path):
    monkeypatch.setenv("AE_RUNS_DIR", str(tmp_path))
    monkeypatch.setattr(class_server, "READY_SECONDS", 1)
    monkeypatch.setattr(class_server, "kept", lambda *_: threading.Lock())
    before = signal.getsignal(signal.SIGINT)
    with refused("class_not_ready", seconds=1):
        serve(Settings(class_server.free_port(), class_server.free_port()), print)
    assert signal.getsignal(signal.SIGINT) is before


def test_processes_end_together_also_one_that_does_not_want_to(monkeypatch):
    monkeypatch.setattr(keeper, "SECONDS", 0.3)
    willing = subprocess.Popen(["sleep", "60"], start_new_session=True)
    stubborn = subprocess.Popen(
        [sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, start_new_session=True
    )
    with willing, stubborn:
        stubborn.stdout.readline()  # it has said that it does not want to
        keeper.end([willing.pid, stubborn.pid, 2**22 + 1])
        assert (willing.wait(), stubborn.wait()) == (-signal.SIGTERM, -signal.SIGKILL)
