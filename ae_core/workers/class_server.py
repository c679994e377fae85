"""One command for a class: web servers behind Caddy, and one cluster of workers for all of them."""

import logging
import os
import re
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from ae_core.errors import UserError
from ae_core.storage.files import atomic_write, data_dir, runs_dir
from ae_core.workers import caddy
from ae_core.workers.addresses import HTTP_SETTING, HTTPS_SETTING, own_address
from ae_core.workers.parts import LOOPBACK, Part, kept
from ae_core.workers.web_server import ended_by_signals, web_server

NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")  # of a computer, or an IPv4 address

HTTP_PORT, HTTPS_PORT = 8501, 8443
READY_SECONDS = 90  # for all parts to answer; on a busy machine
LOOK_SECONDS = 0.2
MAX_WEB = 4  # web servers: with more, workers and trainings have too little
LEVEL_SETTING = "AE_LOG"
LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Settings:
    """What a teacher may choose.

    Attributes:
        http_port: the port of http.
        https_port: the port of https.
        hosts: further names of this computer that students may use, the most usual one first.
        level: what gets into the log, one of `LEVELS`.
    """

    http_port: int = HTTP_PORT
    https_port: int = HTTPS_PORT
    hosts: tuple[str, ...] = ()
    level: str = "warning"

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise UserError("one_of", name=LEVEL_SETTING, value=self.level, choices=LEVELS)
        for host in self.hosts:
            if not NAME.fullmatch(host):
                raise UserError("host_name", name=host)
        if self.http_port == self.https_port:
            raise UserError("ports_alike", number=str(self.http_port))

    @property
    def addresses(self) -> tuple[str, str]:
        """The app's addresses for students, by https and by http."""
        host = next(iter(self.hosts), "") or own_address() or "localhost"
        return f"https://{host}:{self.https_port}", f"http://{host}:{self.http_port}"


def serve(settings: Settings, on_ready: Callable[[bool], None]) -> None:
    """Serve a class until Ctrl-C or SIGTERM.

    Args:
        settings: the teacher's.
        on_ready: called when everything answers, with whether there is https.

    Raises:
        UserError: a port or the folder of the runs cannot be used, or the parts do not answer.
    """
    logging.basicConfig(level=settings.level.upper(), format="%(levelname)s %(name)s: %(message)s")
    program = caddy.find()
    for port in (settings.http_port, *([settings.https_port] if program else [])):
        _must_be_free(port)
    workers, ending = free_port(), threading.Event()
    environment = {
        **os.environ,
        "AE_SCHEDULER": f"tcp://{LOOPBACK}:{workers}",
        "AE_SCHEDULER_ENDS": "1",
        "AE_RUNS_DIR": str(runs_dir().resolve()),  # parts start in another folder
        "AE_DATA_DIR": str(data_dir().resolve()),
    }
    parts = _behind(program, settings, environment) if program else _alone(settings, environment)
    with ended_by_signals(ending), kept(parts, workers, ending):
        if not _ready(parts, workers, ending):
            raise UserError("class_not_ready", seconds=READY_SECONDS)
        if not ending.is_set():
            on_ready(program is not None)
        ending.wait()


def web_servers(cores: int) -> int:
    """Return how many web servers the cores carry: two at least, so that one may end."""
    return min(MAX_WEB, max(2, cores // 2))


def hosts(more: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names and addresses of this computer, that of its network first."""
    name = socket.gethostname()
    found = [own_address(), *more, name, f"{name}.local" if "." not in name else ""]
    for addresses in psutil.net_if_addrs().values():
        found += [each.address for each in addresses if each.family == socket.AF_INET]
    return tuple(dict.fromkeys(filter(NAME.fullmatch, [*found, "localhost", LOOPBACK])))


def _behind(program: Path, settings: Settings, environment: dict[str, str]) -> list[Part]:
    """Return Caddy and the web servers behind it."""
    ports = {
        HTTPS_SETTING: str(settings.https_port),
        HTTP_SETTING: str(settings.http_port),
    }
    servers = [
        web_server(
            f"web server {number}", free_port(), environment | ports, settings.level, LOOPBACK
        )
        for number in range(1, web_servers(os.cpu_count() or 1) + 1)
    ]
    folder = Path(environment["AE_RUNS_DIR"]) / "caddy"
    front = caddy.Front(
        hosts(settings.hosts),
        settings.https_port,
        settings.http_port,
        tuple(each.port for each in servers),
        folder,
        "error" if settings.level == "warning" else settings.level,  # it warns of what is meant
    )
    path = folder / f"Caddyfile-{settings.https_port}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)  # the authority's key is in it
        atomic_write(path, front.text().encode())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise UserError("file_unwritable", name=str(path), reason=reason) from error
    command = (str(program), "run", "--adapter", "caddyfile", "--config", str(path))
    return [*servers, Part("Caddy", command, settings.http_port, caddy.HEALTH, environment)]


def _alone(settings: Settings, environment: dict[str, str]) -> list[Part]:
    """Return the one web server that there is without Caddy."""
    return [web_server("web server", settings.http_port, environment, settings.level)]


def _ready(parts: list[Part], workers: int, ending: threading.Event) -> bool:
    """Wait until parts and scheduler answer; return whether they do, or the end has come."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if ending.wait(LOOK_SECONDS):
            return True
        if _listens(workers) and all(part.answers() for part in parts):
            return True
    return False


def _listens(port: int) -> bool:
    with socket.socket() as asking:
        asking.settimeout(LOOK_SECONDS)
        return asking.connect_ex((LOOPBACK, port)) == 0


def _must_be_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or "a port is a number up to 65535"
            raise UserError("port_refused", number=str(port), reason=reason) from error


def free_port() -> int:
    """Return a port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
