"""The lock has every pin, with its hashes, for every system; nothing is asked of a registry.

Plain pytest, so that `make test` runs it as any other; `make lint` runs it, too, because a pin
without a new lock is a slip to be told at once. It reads files only, hence offline.
"""

import json
from itertools import product
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {
    "requirements.lock": ("requirements.txt",),
    "requirements-class.lock": ("requirements-class.txt",),
    "requirements-dev.lock": ("requirements.txt", "requirements-class.txt", "requirements-dev.txt"),
    "requirements-gpu.lock": ("requirements-gpu.txt",),
}
SYSTEMS = (
    {"platform_system": "Linux", "sys_platform": "linux", "platform_machine": "x86_64"},
    {"platform_system": "Linux", "sys_platform": "linux", "platform_machine": "aarch64"},
    {"platform_system": "Darwin", "sys_platform": "darwin", "platform_machine": "arm64"},
)
COMPUTERS = [
    {**system, "python_version": version, "python_full_version": f"{version}.9"}
    for system, version in product(SYSTEMS, ("3.11", "3.12", "3.13"))
]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def statements(text):
    """The lines of a requirements file, continued ones joined, without comments and -r."""
    lines = (line.partition(" #")[0].strip() for line in text.replace("\\\n", " ").splitlines())
    return [line for line in lines if line and not line.startswith(("#", "-r "))]


def installed(requirements, computer):
    """What a computer installs: a version specifier by package."""
    return {
        canonicalize_name(each.name): str(each.specifier)
        for each in requirements
        if each.marker is None or each.marker.evaluate(computer)
    }


def faults(pins, lock):
    """What is wrong with the text of a lock for the text of pins, a sentence each."""
    hashes = {line.partition(" --hash=")[0].strip(): line for line in statements(lock)}
    locked = [Requirement(each) for each in hashes]
    asked = [Requirement(each) for each in statements(pins)]
    found = [f"{each} must be pinned with ==" for each in asked if not exact(each)]
    found += [f"{each} is not exact in the lock" for each in locked if not exact(each)]
    found += [
        f"{requirement} has no hash in the lock"
        for requirement, line in hashes.items()
        if not line.count(" --hash=sha256:")
    ]
    for computer in COMPUTERS:
        there = installed(locked, computer)
        found += [
            f"{name}{version} is {name}{there.get(name, ' missing')} in the lock: run make lock"
            for name, version in installed(asked, computer).items()
            if there.get(name) != version
        ]
    return sorted(set(found))


@pytest.mark.parametrize("image", ["web", "worker"])
@pytest.mark.parametrize("computer", COMPUTERS)
def test_an_image_has_the_versions_that_the_app_runs_with(image, computer):
    locks = [statements(read(f"requirements{part}.lock")) for part in ("", f"-{image}")]
    assert all(line.count(" --hash=sha256:") for line in locks[1])
    app, own = (
        installed([Requirement(line.partition(" --hash=")[0]) for line in lock], computer)
        for lock in locks
    )
    assert own.items() <= app.items()
    assert names(f"requirements-{image}.txt") & app.keys() <= own.keys()


def test_the_images_have_together_what_the_app_needs():
    # They do without setuptools: the app is not installed there.
    parts = names("requirements-web.txt") | names("requirements-worker.txt") | {"setuptools"}
    assert parts == names("requirements.txt")


def names(file):
    return {canonicalize_name(Requirement(each).name) for each in statements(read(file))}


def exact(requirement):
    return [each.operator for each in requirement.specifier] == ["=="]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_in_the_lock_with_its_hashes(lock):
    pins = "\n".join(read(name) for name in LOCKS[lock])
    assert statements(pins)
    assert faults(pins, read(lock)) == []


def test_the_tests_and_the_gpu_have_the_versions_that_the_app_runs_with():
    app, _, tests, gpu = (set(statements(read(name))) for name in LOCKS)
    assert app <= tests
    others = {line for line in gpu if not line.startswith(("nvidia-", "tensorflow=="))}
    assert others <= app


def test_typescript_is_in_npm_s_lock_with_its_hash():
    asked = json.loads(read("package.json"))["devDependencies"]
    locked = json.loads(read("package-lock.json"))["packages"]
    assert asked
    for name, version in asked.items():
        assert locked[f"node_modules/{name}"]["version"] == version
    for each in filter(None, locked):
        assert locked[each]["integrity"].startswith("sha512-")
        assert "resolved" not in locked[each]  # the address of a registry


@pytest.mark.parametrize("name", LOCKS)
def test_the_lock_names_no_registry_and_no_path(name):
    assert not [line for line in read(name).splitlines() if "/" in line or line.startswith("-")]


PINS = 'quick==1.2  # a comment\nslow[extra]==2.0 ; platform_system != "Linux"\n'
HASH = "    --hash=sha256:" + "0" * 64
LOCK = f"quick==1.2 \\\n{HASH}\nslow==2.0 ; sys_platform == 'darwin' \\\n{HASH} \\\n{HASH}\n"


@pytest.mark.parametrize(
    ("there", "instead", "fault"),
    [
        ("", "", None),
        ("quick==1.2", "quick==1.3", "quick==1.2 is quick==1.3 in the lock: run make lock"),
        ("quick==1.2", "other==1.2", "quick==1.2 is quick missing in the lock: run make lock"),
        ("darwin", "win32", "slow==2.0 is slow missing in the lock: run make lock"),
        (f"quick==1.2 \\\n{HASH}", "quick==1.2", "quick==1.2 has no hash in the lock"),
        ("quick==1.2", "quick>=1.2", "quick>=1.2 is not exact in the lock"),
    ],
)
def test_what_is_wrong_with_a_lock_is_said(there, instead, fault):
    found = faults(PINS, LOCK.replace(there, instead) if there else LOCK)
    assert found == [] if fault is None else fault in found


def test_a_requirement_that_is_no_pin_is_said():
    assert faults("quick>1", LOCK)[-1] == "quick>1 must be pinned with =="
