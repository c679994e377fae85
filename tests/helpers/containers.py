"""A container engine, started as root on a Debian 12, and images that it has without pulling any.

It installs what is missing. The base image has Debian's own Python; beside it there are stand-ins
for the other images of compose.yaml (``tests/deploy/stand_ins``).
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from ae_core.storage.files import ROOT
from ae_core.workers import caddy

DEBIAN = "bookworm"
PACKAGES = ("docker.io", "iptables", "tini", "mmdebstrap")
# Debian 12 has neither; those of Debian 13 run there, too.
PLUGINS = ("docker-compose", "docker-buildx")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
IN_BASE = ("ca-certificates", "python3", "python3-venv", "postgresql", "prometheus")
STAND_INS = ROOT / "tests" / "deploy" / "stand_ins"
CERTIFICATES = Path("/usr/local/share/ca-certificates")
START_SECONDS = 60
BASE = "local/base"


def output(
    *command: str | Path, cwd: Path = ROOT, variables: Mapping[str, str] | None = None
) -> str:
    """Run a command; return what it printed. If it fails, say what it said."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(variables or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = f"{done.stdout}\n{done.stderr}"[-3000:]
        raise AssertionError(f"{' '.join(map(str, command))}: {done.returncode}\n{said}")
    return done.stdout.strip()


@dataclass(frozen=True)
class Engine:
    """A running engine.

    Attributes:
        folder: its files.
        variables: what its command line needs in its environment.
    """

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    def docker(self, *words: str | Path, **variables: str) -> str:
        """Return what the command line answers."""
        return output("docker", *words, variables={**self.variables, **variables})

    def build(self, target: str, name: str, context: Path = ROOT) -> None:
        """Build an image of a Dockerfile."""
        based = ("--build-arg", f"BASE={BASE}") if context == ROOT else ()
        self.docker("build", "--quiet", "--target", target, *based, "--tag", name, context)

    def bytes_above_base(self, image: str) -> int:
        """Return how large an image's own layers are."""
        size = "{{.Size}}"
        sizes = [int(self.docker("image", "inspect", "-f", size, each)) for each in (image, BASE)]
        return sizes[0] - sizes[1]


@contextmanager
def running_engine(folder: Path) -> Iterator[Engine]:
    """Install and start an engine with all its files in a folder; stop it in the end."""
    engine = Engine(folder, {"DOCKER_CONFIG": str(folder / "config"), "DOCKER_BUILDKIT": "1"})
    _install(folder)
    places = {"--data-root": "data", "--exec-root": "exec", "--pidfile": "pid"}
    command = ["dockerd", *(f"{option}={folder / name}" for option, name in places.items())]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_until_up(engine, process)
        yield engine
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _wait_until_up(engine: Engine, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            engine.docker("version")
        except AssertionError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((engine.folder / "log").read_text()[-3000:]) from None
            time.sleep(0.2)
        else:
            return


def _install(folder: Path) -> None:
    apt = {"DEBIAN_FRONTEND": "noninteractive"}
    output("apt-get", "update", "-qq", variables=apt)
    options = ("-y", "-qq", "--no-install-recommends")
    output("apt-get", "install", *options, *PACKAGES, variables=apt)
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True)
    newer = folder / "newer.list"
    newer.write_text(f"deb [signed-by={KEYRING}] {_mirror()} trixie main\n")
    here = (
        "-o",
        "Dir::Etc::sourceparts=/dev/null",
        "-o",
        f"Dir::Etc::sourcelist={newer}",
        "-o",
        f"Dir::State::lists={lists}",
    )
    output("apt-get", *here, "update", "-qq", variables=apt)
    output("apt-get", *here, "download", *PLUGINS, cwd=folder, variables=apt)
    for package in folder.glob("*.deb"):
        output("dpkg", "-x", package, folder / "unpacked")
    plugins = folder / "config" / "cli-plugins"
    plugins.parent.mkdir()
    shutil.copytree(folder / "unpacked" / "usr" / "libexec" / "docker" / "cli-plugins", plugins)


def _mirror() -> str:
    return output("apt-get", "indextargets", "--format", "$(SITE)", "Codename: bookworm").split()[0]


def make_base_and_stand_ins(engine: Engine) -> None:
    """Make the base image, and images under the names that compose.yaml asks for."""
    root = engine.folder / "root.tar"
    include = f"--include={','.join(IN_BASE)}"
    output("mmdebstrap", "--quiet", "--variant=minbase", include, DEBIAN, root, _mirror())
    engine.docker("import", root, "debian-with-all")
    root.unlink()
    context = engine.folder / "stand_ins"
    shutil.copytree(STAND_INS, context)
    (context / "certificates").mkdir()
    for file in CERTIFICATES.glob("*.crt"):
        shutil.copy(file, context / "certificates")
    (context / "pip.conf").write_text("[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n")
    program = caddy.find()
    assert program is not None, "make class installs Caddy"
    shutil.copy(program, context / "caddy")
    engine.build("base", BASE, context)
    for name, image in stand_ins().items():
        engine.build(name, image, context)


def stand_ins() -> dict[str, str]:
    """Return the images of compose.yaml that are not the project's own, by their stages here."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    foreign = [each["image"] for each in services.values() if "build" not in each]
    return {image.rpartition("/")[2].partition(":")[0]: image for image in foreign}
