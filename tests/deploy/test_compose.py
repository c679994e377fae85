"""compose.yaml, as far as it can be checked without Docker."""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from unittest.mock import Mock

import pytest
import yaml
from sqlalchemy import make_url

from ae_core.storage.files import ROOT
from ae_core.workers import caddy
from ae_core.workers.cluster import RUNS_IN_TURNS
from pages.ui.backend.prometheus import Provider

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
WORKERS = ("train", "infer", "upload", "train-gpu")


def test_the_app_s_parts_are_there():
    assert set(SERVICES) == {"caddy", "web", "scheduler", "database", "prometheus", *WORKERS}
    profiles = {name: each["profiles"] for name, each in SERVICES.items() if "profiles" in each}
    assert profiles == {"train-gpu": ["gpu"], "prometheus": ["monitoring"]}


def test_only_caddy_is_published_and_only_workers_and_servers_reach_the_scheduler():
    assert [name for name in SERVICES if "ports" in SERVICES[name]] == ["caddy", "prometheus"]
    (port,) = SERVICES["prometheus"]["ports"]
    assert port.startswith("127.0.0.1:")  # for this machine alone
    assert COMPOSE["networks"]["cluster"] == {"internal": True}
    assert SERVICES["scheduler"]["networks"] == ["cluster"]
    assert all("cluster" not in SERVICES[name]["networks"] for name in ("caddy", "prometheus"))
    assert not any("network_mode" in service for service in SERVICES.values())


def test_the_servers_trust_what_caddy_says_of_its_visitors_addresses():
    (network,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    trusted = SERVICES["web"]["environment"]["AE_TRUSTED_PROXIES"]
    assert trusted == f"${{AE_TRUSTED_PROXIES:-{network['subnet']}}}"
    assert all("front" in SERVICES[name]["networks"] for name in ("caddy", "web"))


def test_all_share_what_is_trained_and_run_the_image_for_their_work():
    for name in ("web", "scheduler", *WORKERS):
        assert SERVICES[name]["volumes"] == ["data:/data", "runs:/runs"]
        assert SERVICES[name]["restart"] == "always"
        target = "web" if name == "web" else "worker"
        image = "gpu" if name == "train-gpu" else target
        assert SERVICES[name]["image"] == f"autoencoder-lab-{image}"
        assert SERVICES[name]["build"]["target"] == target
    assert "AE_DATA_DIR=/data AE_RUNS_DIR=/runs" in DOCKERFILE
    assert set(COMPOSE["volumes"]) == {"data", "database", "runs", "caddy", "prometheus"}


def test_every_network_and_dependency_exists():
    for service in SERVICES.values():
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        assert set(service.get("depends_on", [])) <= set(SERVICES)


@pytest.mark.parametrize("role", ["scheduler", "worker"])
def test_dask_knows_every_option_of_the_commands(role):
    quiet = {**os.environ, "COLUMNS": "200"}
    command = [sys.executable, "-m", "dask", role, "--help"]
    known = subprocess.run(command, capture_output=True, text=True, check=True, env=quiet).stdout
    commands = [s["command"] for s in SERVICES.values() if s.get("command", ["", ""])[1] == role]
    assert len(commands) == {"scheduler": 1, "worker": 4}[role]
    for command in commands:
        assert command[0] == "dask"
        for option in (word for word in command if word.startswith("--")):
            assert re.search(rf"{option}\b", known), option


@pytest.mark.parametrize("name", WORKERS)
def test_workers_preload_the_tasks_and_have_a_thread_for_each_of_their_slots(name):
    command = SERVICES[name]["command"]
    options = dict(zip(command[3::2], command[4::2], strict=False))
    assert find_spec(command[command.index("--preload") + 1]) is not None
    kind = name.removesuffix("-gpu")
    slots = RUNS_IN_TURNS if name == "train" else 1
    assert command[command.index("--nthreads") + 1] == str(slots)
    assert command[command.index("--resources") + 1] == f"{kind}={slots}"
    assert command[2] == SERVICES["web"]["environment"]["AE_SCHEDULER"]
    assert options


def test_the_servers_share_a_secret_that_is_not_in_the_file():
    secret = SERVICES["web"]["environment"]["STREAMLIT_SERVER_COOKIE_SECRET"]
    assert secret.startswith("${COOKIE_SECRET:?")


def test_servers_and_workers_share_a_database_whose_password_is_not_in_the_file():
    password = SERVICES["database"]["environment"]["POSTGRES_PASSWORD"]
    assert password.startswith("${DATABASE_PASSWORD:?")
    assert "openssl rand -hex" in password  # letters and digits need no escape in an address
    for name in ("web", *WORKERS):
        address = make_url(SERVICES[name]["environment"]["AE_DATABASE"].replace(password, "secret"))
        assert (address.get_backend_name(), address.host) == ("postgresql", "database")
        assert (address.username, address.password, address.database) == ("lab", "secret", "lab")
    assert SERVICES["database"]["networks"] == ["cluster"]
    assert SERVICES["database"]["volumes"] == ["database:/var/lib/postgresql/data"]
    assert SERVICES["database"]["environment"]["POSTGRES_USER"] == "lab"


def test_prometheus_may_read_the_metrics_and_asks_every_server():
    (network,) = COMPOSE["networks"]["front"]["ipam"]["config"]
    readers = SERVICES["web"]["environment"]["AE_METRICS_TO"]
    assert readers == f"${{AE_METRICS_TO:-{network['subnet']}}}"
    folder = ROOT / "deploy" / "monitoring"
    (job,) = yaml.safe_load((folder / "prometheus.yml").read_text())["scrape_configs"]
    assert job["metrics_path"] == "/_stcore/metrics"
    assert job["dns_sd_configs"][0]["names"] == ["web"]
    assert f"./{folder.relative_to(ROOT)}:/etc/prometheus:ro" in SERVICES["prometheus"]["volumes"]


def test_alerts_and_the_dashboard_ask_for_metrics_that_the_app_has():
    folder = ROOT / "deploy" / "monitoring"
    asked = re.findall(r"\b(ae_\w+)", (folder / "alerts.yml").read_text())
    asked += re.findall(r"\b(ae_\w+)", (folder / "dashboard.json").read_text())
    there = set(Provider(Mock()).stats_families)
    counted = re.compile("_(total|bucket|count|sum)$")
    assert asked
    assert {counted.sub("", each) for each in asked} <= there
    documented = (ROOT / "docs" / "operation.md").read_text(encoding="utf-8")
    assert {each for each in there if f"`{each}" not in documented} == set()


def test_the_proxy_is_sticky_and_keeps_the_metrics_inside():
    written = (ROOT / "Caddyfile").read_text(encoding="utf-8")
    assert re.search(r"dynamic a web 8501 ", written)
    assert "lb_policy cookie lab_server" in written
    assert re.search(r"@inside path /_stcore/metrics .*\n\s*respond @inside 404", written)
    assert "./Caddyfile:/etc/caddy/Caddyfile:ro" in SERVICES["caddy"]["volumes"]
    for name in re.findall(r"\{\$(\w+)", written):
        assert name in SERVICES["caddy"]["environment"]


def test_secrets_and_what_only_developers_need_are_not_in_the_image():
    everything, *rest = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert everything == "*"
    let_in = {line.removeprefix("!") for line in rest if line.startswith("!")}
    assert not let_in & {".env", ".git", "tests", "benchmarks", ".ci", "runs", "data", "deploy"}
    assert ".env" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


def test_the_app_s_containers_may_write_their_volumes_and_nothing_else():
    for name in ("web", "scheduler", *WORKERS):
        assert SERVICES[name]["read_only"] is True
        assert SERVICES[name]["tmpfs"] == ["/tmp"]
        assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert all("mem_limit" in each for each in SERVICES.values())
    assert all("max-size" in each["logging"]["options"] for each in SERVICES.values())


def test_caddy_takes_its_file_and_answers_browsers_that_name_no_host():
    caddyfile = ROOT / "Caddyfile"
    command = [caddy.find(), "adapt", "--adapter", "caddyfile", "--config", caddyfile]
    environment = {**os.environ, "LAB_HOST": "192.0.2.7", "HTTPS_PORT": "8443"}
    adapted = subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment
    ).stdout
    servers = json.loads(adapted)["apps"]["http"]["servers"]
    secure = next(each for each in servers.values() if each["listen"] == [":443"])
    assert {"default_sni": "192.0.2.7"} in secure["tls_connection_policies"]
    assert "https://192.0.2.7:8443{http.request.uri}" in adapted
