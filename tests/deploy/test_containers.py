"""The images and compose.yaml with a real engine: built, driven by a browser, parts lost and found.

`make containers` runs it, as root on a Debian; it takes some ten minutes.
"""

import json
import re
import secrets
import ssl
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from socket import create_connection

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    expect,
    sync_playwright,
)
from skimage.data import astronaut

from ae_core.images import to_png
from ae_core.storage.files import ROOT
from ae_core.workers.class_server import free_port
from tests.helpers.chromium import chromium_path
from tests.helpers.containers import Engine, make_base_and_stand_ins, running_engine
from tests.helpers.lab_page import wait_until_drawn
from tests.helpers.lab_server import LAPTOP

pytestmark = [pytest.mark.containers, pytest.mark.timeout(900)]

ADDRESS = "127.0.0.2"  # a number, as in a classroom without names
# Bytes above the base image.
LARGEST = {"app": 2.1e9, "web": 0.65e9, "worker": 1.7e9}
PATIENCE = 120  # seconds on a busy machine
PROJECT = "ae-check"
NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED"
SMALL = "preset=digits-dense&epochs=2"
LONG = "preset=digits-dense&epochs=2000"
BARE = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL")
FAKE_CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
# The web server in its container, below the process that keeps it. The health check's processes
# come and go: one that ends while it is read has no command line, which is no error.
SERVER = (
    "[each] = [e for e in psutil.process_iter(['cmdline'])"
    " if 'streamlit' in (e.info['cmdline'] or [])]"
)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    # Not in pytest's folder, which is kept: the images take 8 GB.
    with (
        tempfile.TemporaryDirectory(prefix="ae-engine-") as folder,
        running_engine(Path(folder)) as running,
    ):
        make_base_and_stand_ins(running)
        for target in LARGEST:
            running.build(target, f"autoencoder-lab-{target}")
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-gpu", *FAKE_CAMERA]
        yield playwright.chromium.launch(executable_path=chromium_path(), args=options)


@pytest.fixture
def visitor(chromium) -> Iterator[BrowserContext]:
    """A new visitor, with a camera, who goes on in spite of Caddy's certificate.

    A visitor may have one run at a time, so each test has its own.
    """
    context = chromium.new_context(**LAPTOP, ignore_https_errors=True, permissions=["camera"])
    context.set_default_timeout(PATIENCE * 1000)
    yield context
    context.close()


class Composed:
    """The parts of compose.yaml, at work."""

    def __init__(self, engine: Engine) -> None:
        """Start them all, with two web servers and Prometheus."""
        self.engine = engine
        self.https, self.prometheus = free_port(), free_port()
        self.url = f"https://{ADDRESS}:{self.https}"
        self.variables = {
            "COOKIE_SECRET": secrets.token_hex(32),
            "DATABASE_PASSWORD": secrets.token_hex(32),
            "LAB_HOST": ADDRESS,
            "HTTP_PORT": str(free_port()),
            "HTTPS_PORT": str(self.https),
            "PROMETHEUS_PORT": str(self.prometheus),
        }
        self.do("up", "--detach", "--no-build", "--pull", "never")

    def do(self, *words: str | Path) -> str:
        """Return what ``docker compose`` says."""
        asked = ("compose", "--project-name", PROJECT, "--profile", "monitoring", *words)
        return self.engine.docker(*asked, **self.variables)

    def in_server(self, index: int, python: str) -> str:
        """Run Python in the container of a web server."""
        script = f"import os, psutil; {SERVER}; {python}"
        return self.do("exec", "-T", "--index", str(index), "web", "python", "-c", script)

    def asked(self, query: str) -> list[dict]:
        """Return what Prometheus finds, in the network of the parts."""
        return list(self.got("query", {"query": query})["result"])

    def got(self, what: str, about: dict[str, str]) -> dict:
        """Return what Prometheus says."""
        address = f"http://127.0.0.1:{self.prometheus}/api/v1/{what}?"
        with urllib.request.urlopen(address + urllib.parse.urlencode(about), timeout=10) as answer:
            return dict(json.load(answer)["data"])


@pytest.fixture(scope="module")
def composed(engine) -> Iterator[Composed]:
    parts = Composed(engine)
    yield parts
    parts.do("down", "--volumes")


def opened(visitor: BrowserContext, address: str) -> tuple[Page, list[str]]:
    """Open a page as soon as a server is there; return it and the errors that its console says.

    This machine's network changes whenever a container starts or ends: the browser then gives up
    what it is loading, and says so. A page that lost something in this way is opened again.
    """
    page, errors = visitor.new_page(), list[str]()
    lost = list[Request]()

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and NETWORK_CHANGED not in message.text:
            errors.append(message.text)

    def note_lost(request: Request) -> None:
        if request.failure == NETWORK_CHANGED:
            lost.append(request)

    until(lambda: visitor.request.get(address).ok)
    page.on("console", note)
    page.on("requestfailed", note_lost)
    while True:
        lost.clear()
        try:
            page.goto(address)
            wait_until_drawn(page)
        except Error:
            if not lost:
                raise
        else:
            return page, errors


def until(happens) -> float:
    """Wait until something is true; return the seconds that it took."""
    started = time.monotonic()
    while True:
        try:
            if happens():
                return time.monotonic() - started
        except Exception:
            if time.monotonic() > started + PATIENCE:
                raise
        assert time.monotonic() < started + PATIENCE, "it did not happen"
        time.sleep(0.2)


def train(page: Page) -> Locator:
    """Begin a training; return its epoch, once there is one."""
    page.get_by_role("button", name="Train", exact=True).click()
    epoch = page.get_by_test_id("stMetric").filter(has_text=re.compile("^Epoch")).first
    expect(epoch).to_contain_text(re.compile(r"[1-9]\d* / "), timeout=PATIENCE * 1000)
    return epoch


def stop(page: Page) -> None:
    """End the visitor's run, as one at a time is allowed, and close its page."""
    page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Stopped").first).to_be_visible(timeout=PATIENCE * 1000)
    page.close()


def goes_on(epoch: Locator) -> float:
    """Wait until another epoch is shown; return the seconds that it took."""
    started, before = time.monotonic(), epoch.inner_text()
    expect(epoch).not_to_have_text(before, timeout=PATIENCE * 1000)
    return time.monotonic() - started


# --- the images --------------------------------------------------------------------------------


@pytest.mark.parametrize("target", LARGEST)
def test_no_image_is_larger_than_it_needs_to_be(engine, target):
    size = engine.bytes_above_base(f"autoencoder-lab-{target}")
    print(f"{target}: {size / 1e9:.2f} GB above its base")
    assert size <= LARGEST[target]


@pytest.mark.parametrize(
    ("target", "there", "missing"),
    [
        ("app", ("streamlit", "tensorflow"), ("pytest",)),
        ("web", ("streamlit", "plotly"), ("tensorflow", "keras", "scipy", "sklearn", "pytest")),
        ("worker", ("tensorflow", "keras", "sklearn"), ("streamlit", "pandas", "pyarrow")),
    ],
)
def test_an_image_has_what_it_needs_and_nothing_else(engine, target, there, missing):
    script = f"""
import os
from importlib.util import find_spec
assert all(map(find_spec, {there})), "something is missing"
assert not any(map(find_spec, {missing})), "something is too much"
print(*sorted(os.listdir("/app")))
"""
    found = engine.docker("run", "--rm", f"autoencoder-lab-{target}", "python", "-c", script)
    locks = {each for each in found.split() if each.endswith(".lock")}
    assert set(found.split()) - locks == {
        *(".streamlit", "LICENSE", "README.md", "ae_core", "app.py", "assets", "pages"),
        "pyproject.toml",
    }


def test_the_app_runs_as_any_user_without_capabilities_and_ends_well(engine, visitor):
    port = str(free_port())
    published = ("--publish", f"127.0.0.1:{port}:8501")
    run = ("run", "--detach", "--user", "1000", *BARE, *published, "autoencoder-lab-app")
    container = engine.docker(*run)
    page, errors = opened(visitor, f"http://127.0.0.1:{port}/train?{SMALL}")
    train(page)
    expect(page.get_by_text("Finished").first).to_be_visible()
    assert errors == []
    page.close()
    engine.docker("stop", container)
    assert engine.docker("inspect", "-f", "{{.State.ExitCode}}", container) == "0"
    engine.docker("rm", "--volumes", container)


# --- all parts ---------------------------------------------------------------------------------


def test_a_visitor_trains_to_the_end_by_https(composed, visitor):
    page, errors = opened(visitor, f"{composed.url}/train?{SMALL}")
    train(page)
    expect(page.get_by_text("Finished").first).to_be_visible()
    assert errors == []
    page.close()


def test_a_device_that_trusts_caddy_s_authority_is_not_warned(composed, tmp_path):
    root = "caddy:/data/caddy/pki/authorities/local/root.crt"
    composed.do("cp", root, tmp_path / "root.crt")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "root.crt"))
    with (
        create_connection((ADDRESS, composed.https)) as connection,
        trusting.wrap_socket(connection, server_hostname=ADDRESS) as secured,
    ):
        assert secured.version() == "TLSv1.3"


def test_a_photo_is_uploaded_and_denoised_and_the_camera_works(composed, visitor):
    page, errors = opened(visitor, f"{composed.url}/denoise?source=Upload")
    photo = {"name": "me.png", "mimeType": "image/png", "buffer": to_png(astronaut())}
    page.locator("input[type=file]").set_input_files([photo])
    expect(page.get_by_role("button", name="Forget this photo")).to_be_visible()
    wait_until_drawn(page)
    expect(page.get_by_text(re.compile(r"[+-]?\d+\.\d dB")).first).to_be_visible()
    assert page.evaluate("navigator.mediaDevices.getUserMedia({video: true}).then(s => s.active)")
    assert errors == []
    page.close()


@pytest.mark.parametrize("path", ["/_stcore/metrics", "//_stcore/metrics", "/metrics"])
def test_the_metrics_are_hidden_outside(composed, visitor, path):
    assert visitor.request.get(f"{composed.url}{path}").status == 404


def test_prometheus_reads_the_metrics_of_both_servers_inside(composed):
    until(lambda: len(composed.asked('up{job="autoencoder-lab"} == 1')) == 2)
    assert len(composed.asked("ae_queue_length")) == 2
    # What the scrapes before could not have: both servers have seen a visitor.
    until(lambda: composed.asked("sum(ae_page_seconds_count) > 0"))
    for workers, count in {"train": 2, "infer": 1, "upload": 1}.items():
        (found,) = composed.asked(f'max(ae_workers{{does="{workers}"}})')
        assert int(found["value"][1]) == count


def test_prometheus_understands_every_alert_and_the_dashboard(composed):

    def evaluated():
        (group,) = composed.got("rules", {})["groups"]
        assert all(each["health"] != "err" for each in group["rules"])
        return all(each["health"] == "ok" for each in group["rules"])

    until(evaluated)
    dashboard = json.loads((ROOT / "deploy" / "monitoring" / "dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            composed.asked(target["expr"])


def test_a_class_is_told_the_address_that_browsers_use(composed, visitor):
    page, errors = opened(visitor, f"{composed.url}/classroom")
    page.get_by_role("button", name="Open a class").click()
    expect(page.get_by_text(f"{composed.url}/classroom").first).to_be_visible()
    assert errors == []
    page.close()


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGSTOP"])
def test_whoever_was_on_a_lost_server_goes_on_and_it_is_replaced(composed, visitor, signal):
    """Each server is lost once, so one of them was the student's."""
    page, _ = opened(visitor, f"{composed.url}/train?{LONG}")
    epoch = train(page)
    for index in (1, 2):
        lost = composed.in_server(
            index, f"import signal; print(each.pid); os.kill(each.pid, signal.{signal})"
        )
        replaced = until(
            lambda lost=lost, index=index: composed.in_server(index, "print(each.pid)") != lost
        )
        on = goes_on(epoch)
        print(f"{signal}: another process after {replaced:.1f} s, an epoch {on:.1f} s later")
        until(lambda: visitor.request.get(f"{composed.url}/_stcore/health").ok)
    stop(page)


def test_a_run_goes_on_when_the_scheduler_has_been_started_again(composed, visitor):
    page, _ = opened(visitor, f"{composed.url}/train?{LONG}")
    epoch = train(page)
    composed.do("restart", "--timeout", "2", "scheduler")
    started = time.monotonic()
    expect(page.get_by_text("The training service was lost")).to_be_visible(timeout=PATIENCE * 1000)
    goes_on(epoch)
    print(f"scheduler: on again {time.monotonic() - started:.1f} s after it was started again")
    stop(page)


def test_servers_come_and_go(composed, visitor):
    page, _ = opened(visitor, f"{composed.url}/train?{LONG}")
    epoch = train(page)
    for count in (3, 2):
        composed.do(
            "up", "--detach", "--no-build", "--no-recreate", "--scale", f"web={count}", "web"
        )
        goes_on(epoch)
    stop(page)
