"""`autoencoder-lab serve`, which `make class` calls: https, camera, servers that are lost."""

import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from skimage.data import astronaut

from ae_core.images import to_png
from ae_core.runs.store import RunStore
from ae_core.storage.files import ROOT
from ae_core.workers.class_server import free_port
from tests.helpers.lab_page import wait_until_drawn
from tests.helpers.lab_server import LAPTOP, PHONE

ADDRESS = "127.0.0.2"  # of this machine alone, but none that browsers take for their own
LOST_SECONDS = 60  # on a busy machine; on an idle one it is ten
WITHOUT_CADDY = "from ae_core.workers import caddy; caddy.find = lambda: None; "
COMMAND = "import sys; from ae_core.__main__ import main; sys.exit(main())"


@dataclass(frozen=True)
class Serving:
    """The command, and where its app is."""

    process: subprocess.Popen[str]
    runs: Path
    http: int
    https: int
    said: list[str]

    @property
    def parts(self) -> dict[str, psutil.Process]:
        """The processes that it keeps, by what they are: web servers by their ports."""
        found = {}
        for each in psutil.Process(self.process.pid).children():
            words = each.cmdline()
            port = next((word for word in words if word.startswith("--server.port=")), "")
            found[port or Path(words[0]).name] = each
        return found

    @property
    def web(self) -> dict[str, psutil.Process]:
        return {name: each for name, each in self.parts.items() if "port" in name}


def started(runs: Path, before: str = "") -> Serving:
    http, https = free_port(), free_port()
    options = ["serve", "--port", str(http), "--https-port", str(https), "--host", ADDRESS]
    with (runs / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", before + COMMAND, *options],
            cwd=ROOT,
            env={**os.environ, "AE_RUNS_DIR": str(runs)},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    said = []
    assert process.stdout is not None
    for line in process.stdout:
        said.append(line.strip())
        if "Ctrl-C" in line:
            return Serving(process, runs, http, https, said)
    raise AssertionError((runs / "log").read_text())


def ended(serving: Serving, how: signal.Signals) -> str:
    """End the command and all that it started; return what it logged meanwhile."""
    logged = len((serving.runs / "log").read_text())
    everything = psutil.Process(serving.process.pid).children(recursive=True)
    serving.process.send_signal(how)
    serving.process.wait(30)
    if serving.process.stdout is not None:
        serving.process.stdout.close()
    _, left = psutil.wait_procs(everything, 30)
    assert left == []
    return (serving.runs / "log").read_text()[logged:]


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Serving]:
    serving = started(tmp_path_factory.mktemp("class"))
    yield serving
    if serving.process.poll() is None:
        ended(serving, signal.SIGTERM)


@pytest.fixture
def school(browser: Browser, served) -> Iterator[BrowserContext]:
    """A browser that has been told to go on in spite of the certificate."""
    context = browser.new_context(
        **LAPTOP, ignore_https_errors=True, base_url=f"https://{ADDRESS}:{served.https}"
    )
    context.set_default_timeout(60_000)
    yield context
    context.close()


def opened(context: BrowserContext, path: str) -> tuple[Page, list[str]]:
    page, errors = context.new_page(), list[str]()

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    page.on("console", note)
    page.goto(path)
    wait_until_drawn(page)
    return page, errors


def test_it_says_where_the_class_is(served):
    assert f"The app for your class: https://{ADDRESS}:{served.https}" in served.said
    assert any(f"http://{ADDRESS}:{served.http}" in line for line in served.said)
    assert len(served.web) >= 2


@pytest.mark.parametrize(
    ("name", "at"),
    [(ADDRESS, ADDRESS), ("127.0.0.1", "127.0.0.1"), ("localhost", ADDRESS)],
)
def test_a_device_that_trusts_the_certificate_is_not_warned(served, name, at):
    """By address, for which browsers name no host, and by name."""
    authority = served.runs / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    trusting = ssl.create_default_context(cafile=str(authority))
    with (
        socket.create_connection((at, served.https)) as connection,
        trusting.wrap_socket(connection, server_hostname=name) as secured,
    ):
        assert secured.version() == "TLSv1.3"


def test_a_class_meets_by_https(served, school, browser):
    """The teacher opens a class by address, a student joins it with a phone, by plain http."""
    teacher, errors = opened(school, "/classroom")
    teacher.get_by_role("button", name="Open a class").click()
    expect(teacher.get_by_text("Nobody is here yet")).to_be_visible()
    teacher.get_by_role("button", name="Camera and certificate").click()
    plain = teacher.get_by_text(re.compile(rf"^http://\S+:{served.http}/classroom\?class="))
    expect(plain).to_be_visible()  # by this machine's address in its network, if it has one
    place = plain.inner_text().rpartition("/")[2]
    link = teacher.get_by_role("link", name="the certificate").get_attribute("href")
    sent = school.request.get(link)
    assert sent.headers["content-type"] == "application/x-x509-ca-cert"
    assert sent.body().startswith(b"-----BEGIN CERTIFICATE-----")
    with browser.new_context(**PHONE) as pocket:
        student, theirs = opened(pocket, f"http://{ADDRESS}:{served.http}/{place}")
        student.get_by_role("textbox", name="Nickname").fill("Ada")
        student.get_by_role("button", name="Join").click()
        expect(student.get_by_text("you are Ada")).to_be_visible()
        expect(teacher.get_by_text("Ada").first).to_be_visible()
        assert theirs == []
    assert errors == []


def test_a_browser_is_the_same_by_https_and_by_http(served, school):
    """Else whoever falls back to http would have left the class."""
    page, _ = opened(school, "/classroom")
    page.get_by_role("button", name="Open a class").click()
    expect(page.get_by_text("Nobody is here yet")).to_be_visible()
    code = page.get_by_role("heading", level=1).first.inner_text()
    page, _ = opened(school, f"http://{ADDRESS}:{served.http}/classroom")
    expect(page.get_by_role("button", name=f"{code} · you teach it")).to_be_visible()


def test_camera_and_uploads_work_by_https(served, school):
    school.grant_permissions(["camera"])
    page, errors = opened(school, "/denoise?source=Upload")
    photo = {"name": "me.png", "mimeType": "image/png", "buffer": to_png(astronaut())}
    page.locator("input[type=file]").set_input_files([photo])
    expect(page.get_by_role("button", name="Forget this photo")).to_be_visible()
    assert page.evaluate("navigator.mediaDevices.getUserMedia({video: true}).then(s => s.active)")
    assert errors == []


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/metrics"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_metrics_are_hidden(served, school, scheme, path):
    address = f"{scheme}://{ADDRESS}:{getattr(served, scheme)}{path}"
    assert school.request.get(address).status == 404


@pytest.mark.thorough
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_whoever_was_on_a_lost_server_goes_on(served, school, how):
    """Each server is lost once, so one of them was the student's."""
    page, _ = opened(school, "/train?preset=digits-dense&epochs=2000")
    page.get_by_role("button", name="Train", exact=True).click()
    epoch = page.get_by_test_id("stMetric").filter(has_text=re.compile("^Epoch")).first
    expect(epoch).to_be_visible()
    for lost, process in [*served.web.items()]:
        process.send_signal(how)
        assert psutil.wait_procs([process], LOST_SECONDS)[1] == []
        before = epoch.inner_text()
        expect(epoch).not_to_have_text(before, timeout=LOST_SECONDS * 1000)
        page.wait_for_function(
            "async (url) => (await fetch(url)).ok", arg="/_stcore/health", polling=500
        )
        while lost not in served.web:  # it is started again
            page.wait_for_timeout(100)
    main = page.get_by_test_id("stMainBlockContainer")
    main.get_by_role("button", name="Stop").click()


def test_in_the_end_runs_are_stored_and_everything_ends_quietly(served, school):
    page, _ = opened(school, "/train?preset=digits-dense&epochs=2000")
    page.get_by_role("button", name="Train", exact=True).click()
    epoch = page.get_by_test_id("stMetric").filter(has_text=re.compile("^Epoch")).first
    expect(epoch).to_contain_text(re.compile(r"[1-9]\d* / 2,?000"))
    run = re.search("run=([0-9a-f]+)", page.url)[1]
    page.close()
    log = ended(served, signal.SIGINT)
    assert served.process.returncode == 0
    assert "Traceback" not in log
    record = RunStore(served.runs).read(run)
    assert record.status == "stopped"
    assert record.history


@pytest.mark.thorough
def test_a_killed_command_leaves_nothing_behind_and_the_certificate_stays(served):
    authority = served.runs / "caddy" / "pki" / "authorities" / "local" / "root.crt"
    trusted = authority.read_bytes()
    again = started(served.runs)
    assert authority.read_bytes() == trusted
    ended(again, signal.SIGKILL)


@pytest.mark.thorough
def test_without_caddy_it_says_what_is_missing(tmp_path, browser):
    serving = started(tmp_path, WITHOUT_CADDY)
    assert any("no camera" in line for line in serving.said)
    assert not any("https" in line for line in serving.said[:-2])
    with browser.new_context(**LAPTOP) as context:
        page, errors = opened(context, f"http://{ADDRESS}:{serving.http}/")
        assert errors == []
        page.close()
    assert "Traceback" not in ended(serving, signal.SIGINT)
