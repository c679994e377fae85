"""README, ARCHITECTURE and docs/: what they name is there, and what they tell to type works."""

import re
import shlex
import subprocess
import sys

import numpy as np
import pytest

from ae_core.__main__ import main
from ae_core.storage.files import ROOT
from ae_core.storage.tables import TABLES

DOCUMENTS = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs").glob("*.md"))]
PATH = re.compile(r"`((?:ae_core|pages|assets|tests|benchmarks|docs)/[\w./*{},-]*)`")
LINK = re.compile(r"\]\(([^)#:]+)\)")
BLOCK = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)


def expanded(path: str) -> list[str]:
    """``a/{b,c}.py`` is two paths."""
    braces = re.search(r"\{([^}]*)\}", path)
    if braces is None:
        return [path]
    return [path.replace(braces[0], part) for part in braces[1].split(",")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_that_a_document_names_is_there(document):
    text = document.read_text(encoding="utf-8")
    for path in (each for found in PATH.findall(text) for each in expanded(found)):
        assert list(ROOT.glob(path)), path
    for link in LINK.findall(text):
        assert (document.parent / link).exists(), link


def commands(program: str) -> list[str]:
    """The lines of the documents that begin with a program, and those said in a sentence."""
    found: list[str] = []
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8").replace("\\\n", " ")
        lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
        lines += re.findall(rf"`({re.escape(program)}[^`]*)`", text)
        found += [line.split("#")[0].strip() for line in lines if line.startswith(program)]
    return sorted(set(found))


TARGETS = [command.split()[1] for command in commands("make ")]
WORDS = sorted(
    {command.replace("python -m ae_core", "autoencoder-lab")
     for command in (*commands("python -m ae_core"), *commands("autoencoder-lab"))}
)  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_every_make_target_that_a_document_names_can_be_made(target):
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", WORDS)
def test_every_command_that_a_document_names_works(command, tmp_path, monkeypatch, photo):
    """With one epoch where it trains, and on a photo and arrays of the test's own."""
    words = shlex.split(command.replace("[", "").replace("]", ""))[1:]
    if words in ([], ["pretrain", "NAME"]):  # the program's name alone; it takes minutes
        with pytest.raises(SystemExit) as ended:
            main([*words[:1], "--help"])
        assert ended.value.code == 0
        return
    replaced = {
        **{"photo.jpg": str(photo), "clean.png": str(tmp_path / "clean.png")},
        **{"DIR": str(tmp_path / "run"), "my-run": str(tmp_path / "run")},
        **{"NAME": "face-denoiser", "20": "1"},
    }
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AE_RUNS_DIR", str(tmp_path / "runs"))
    (tmp_path / "run").mkdir()
    np.save("pictures.npy", np.zeros((2, 64, 64, 3), np.float32))
    np.save("codes.npy", np.zeros((2, 128), np.float32))
    assert main([replaced.get(word, word) for word in words]) == 0


@pytest.fixture
def photo(tmp_path):
    """A small photo with a face, which scikit-image ships."""
    from PIL import Image
    from skimage import data

    path = tmp_path / "photo.jpg"
    Image.fromarray(data.astronaut()).resize((128, 128)).save(path)
    return path


def test_the_benchmarks_start():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--help"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_what_is_stored_of_whom_names_every_table():
    told = (ROOT / "docs" / "data-protection.md").read_text(encoding="utf-8")
    assert [name for name in TABLES.tables if f"`{name}`" not in told] == []
