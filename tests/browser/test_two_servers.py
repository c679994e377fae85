"""Two real servers behind a sticky proxy, with one scheduler and one store, in a real browser."""

import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from ae_core.runs.store import RunStore
from ae_core.service.service import TrainingService
from ae_core.specs import change, preset
from ae_core.storage.files import ROOT
from ae_core.workers.class_server import free_port
from ae_core.workers.connection import Connection
from tests.helpers.dask_cluster import DaskCluster
from tests.helpers.lab_page import wait_until_drawn
from tests.helpers.lab_server import wait_for
from tests.helpers.sticky_proxy import COOKIE, StickyProxy

LONG = "/train?preset=digits-dense&epochs=2000"
CURVES = ".js-plotly-plot .scatterlayer .trace"


@dataclass(frozen=True)
class Servers:
    """The proxy's address, the folder of the runs, and the servers by their ports."""

    url: str
    runs: Path
    processes: dict[int, subprocess.Popen[bytes]]
    cluster: DaskCluster


@pytest.fixture(scope="module")
def servers(started_cluster, tmp_path_factory) -> Iterator[Servers]:
    started_cluster.restore()
    runs = tmp_path_factory.mktemp("shared-runs")
    environment = {
        **os.environ,
        "AE_RUNS_DIR": str(runs),
        "AE_SCHEDULER": started_cluster.address,
        "STREAMLIT_SERVER_COOKIE_SECRET": "the same at both",
    }
    with ExitStack() as stack:
        processes = {}
        for port in (free_port(), free_port()):
            command = [
                sys.executable,
                "-m",
                "streamlit",
                "run",
                "app.py",
                "--server.port",
                f"{port}",
            ]
            process = subprocess.Popen(command, cwd=ROOT, env=environment)
            stack.callback(process.wait)
            stack.callback(process.kill)
            processes[port] = process
        for port in processes:
            wait_for(f"http://localhost:{port}/_stcore/health")
        proxy = StickyProxy(list(processes))
        stack.callback(proxy.close)
        yield Servers(proxy.url, runs, processes, started_cluster)


@pytest.fixture
def without_pages(servers) -> Iterator[TrainingService]:
    """One more server on the same scheduler and store."""
    service = TrainingService(RunStore(servers.runs), Connection(servers.cluster.address))
    yield service
    service.close()


@pytest.fixture(scope="module")
def students(browser, servers) -> Iterator[BrowserContext]:
    """What the tabs of all tests share: the files of Streamlit's own that a browser has by now."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=servers.url)
    context.set_default_timeout(60_000)
    yield context
    context.close()


@pytest.fixture
def student(students) -> Iterator[Page]:
    """A page of a new visitor."""
    students.clear_cookies()
    page = students.new_page()
    yield page
    page.close()


def server_of(page: Page) -> int:
    return next(int(c["value"]) for c in page.context.cookies() if c["name"] == COOKIE)


def begin_a_run(page: Page) -> None:
    page.goto(LONG)
    page.get_by_test_id("stBaseButton-primary").click()
    page.wait_for_selector(CURVES)
    page.wait_for_url(re.compile("run=[0-9a-f]{12}"))


def epoch(page: Page) -> int:
    shown = page.get_by_test_id("stMetric").filter(has_text=re.compile("^Epoch")).first
    return int(shown.inner_text().rpartition(" / 2000")[0].split()[-1])


def trains_on(page: Page, beyond: int) -> None:
    """Wait for a later epoch than that."""
    page.wait_for_function(
        """beyond => [...document.querySelectorAll('[data-testid=stMetric]')].some(
            metric => Number((metric.innerText.match(/(\\d+) \\/ 2000/) || [])[1]) > beyond)""",
        arg=beyond,
    )


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text(re.compile("Stopped (in epoch|before it began)"))).to_be_visible()


@pytest.mark.thorough
def test_a_run_is_seen_on_the_other_server_and_a_lost_scheduler_is_said(servers, student):
    begin_a_run(student)
    here = server_of(student)
    there = next(port for port in servers.processes if port != here)
    classmate = student.context.browser.new_page()
    run = student.url.partition("?")[2]
    classmate.goto(f"http://localhost:{there}/train?{run}")
    classmate.wait_for_selector(CURVES)
    expect(classmate.get_by_role("button", name="Stop")).to_have_count(0)  # it is not theirs
    servers.cluster.kill_scheduler()
    for page in (student, classmate):
        expect(page.get_by_text("Training is not available").first).to_be_visible()
    servers.cluster.restore()
    for page in (student, classmate):  # by itself: nobody reloads
        expect(page.get_by_text("so the run went on from epoch")).to_be_visible()
        expect(page.get_by_text("Training is not available")).to_have_count(0)
        page.wait_for_selector(CURVES)
    stop(student)
    expect(classmate.get_by_text("Stopped in epoch")).to_be_visible()
    classmate.close()


@pytest.mark.thorough
def test_the_queue_shows_place_and_time_and_metrics_tell_of_it(servers, student, without_pages):
    spec = change(preset("digits-dense"), epochs=2000)
    trained = [without_pages.submit(spec, owner) for owner in ("ada", "bob")]
    for run in trained:  # both train workers are busy then
        without_pages.wait_until(run, lambda s: s.epoch > 0, 60)
    drawn_before = pages_drawn(servers)
    student.goto(LONG)
    student.get_by_test_id("stBaseButton-primary").click()
    expect(student.get_by_text(re.compile("place 1 in the queue, about"))).to_be_visible()
    for port in servers.processes:  # every server tells of all
        told = metrics(port)
        assert told["ae_queue_length"] == 1
        assert told["ae_runs_under_way"] == 2
        assert told["ae_queue_wait_seconds_count"] >= 2
        assert told['ae_queue_wait_seconds_bucket{le="+Inf"}'] >= 2
        assert told['ae_runs_ended_total{status="failed"}'] == 0
        assert told["ae_scheduler_up"] == 1
        assert told['ae_workers{does="train"}'] == 2
        assert told['ae_workers_memory_bytes{does="train"}'] > 1e8
    assert sum(metrics(port)["active_sessions"] for port in servers.processes) >= 1
    assert pages_drawn(servers) >= drawn_before + 2  # as it opened, and after the click
    stop(student)
    for run in trained:
        without_pages.stop(run)
    for run in trained:
        without_pages.wait_until(run, lambda s: not s.live, 60)


def pages_drawn(servers: Servers) -> float:
    """How often the servers have drawn the Train page."""
    name = 'ae_page_seconds_count{page="train"}'
    return sum(metrics(port).get(name, 0) for port in servers.processes)


def metrics(port: int) -> dict[str, float]:
    """What Prometheus would read: every line is a comment or a name and a number."""
    with urllib.request.urlopen(f"http://localhost:{port}/_stcore/metrics") as answer:
        lines = answer.read().decode().splitlines()
    assert lines[-1] == "# EOF"
    found = {}
    for line in lines:
        if not line.startswith("# "):
            match = re.fullmatch(r'([a-z_]+(?:\{(?:[a-z_]+="[^"]*",?)+\})?) (\S+)', line)
            assert match, line
            found[match[1]] = float(match[2])
    return found


@pytest.mark.thorough
def test_a_session_goes_on_at_the_other_server_when_its_own_is_killed(servers, student):
    begin_a_run(student)
    before, here = epoch(student), server_of(student)
    servers.processes[here].kill()
    trains_on(student, before)  # without a reload
    wait_until_drawn(student)  # all of the page is drawn anew
    stop(student)  # it is still this visitor's run
    assert server_of(student) != here
    student.goto("/train?view=Compare")
    expect(student.get_by_role("table")).to_contain_text("Stopped")
