"""The notebook of a run: a file that Jupyter reads, and the script when its cells are run."""

import json
import re

import nbformat
import pytest

from ae_core.export.keras_script import source
from ae_core.export.notebook import notebook
from ae_core.models.compatibility import image_shape
from ae_core.specs import PRESETS, change
from tests.helpers.exported import (
    FAMILIES,
    SMALL,
    assert_reproduces,
    in_a_fresh_process,
)

COMMON = {"id", "cell_type", "metadata", "source"}
OF_KIND = {"markdown": COMMON, "code": COMMON | {"execution_count", "outputs"}}
SPECS = dict(PRESETS) | FAMILIES


def cells_of(spec):
    return json.loads(notebook(spec, image_shape(spec)))["cells"]


def code_of(spec):
    return "\n\n".join("".join(c["source"]) for c in cells_of(spec) if c["cell_type"] == "code")


@pytest.mark.parametrize("name", SPECS)
def test_it_is_what_the_format_asks_for(name):
    """Nbformat 4.5: its required keys and no others, and ids as it allows them."""
    spec = SPECS[name]
    document = json.loads(notebook(spec, image_shape(spec)).decode())
    assert set(document) == {"cells", "metadata", "nbformat", "nbformat_minor"}
    assert (document["nbformat"], document["nbformat_minor"]) == (4, 5)
    assert {"name", "display_name"} <= set(document["metadata"]["kernelspec"])
    assert document["metadata"]["language_info"]["name"] == "python"
    cells = document["cells"]
    ids = [cell["id"] for cell in cells]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell_id) for cell_id in ids)
    for cell in cells:
        assert set(cell) == OF_KIND[cell["cell_type"]]
        assert cell["source"]
        assert all(line.endswith("\n") for line in cell["source"][:-1])
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None


def test_nbformat_itself_accepts_it():
    for spec in SPECS.values():
        document = notebook(spec, image_shape(spec)).decode()
        nbformat.validate(nbformat.reads(document, as_version=4))


@pytest.mark.parametrize("name", SPECS)
def test_its_cells_are_the_script_in_its_order(name):
    spec = SPECS[name]
    script = source(spec, image_shape(spec))
    places = [
        script.index("".join(cell["source"]))
        for cell in cells_of(spec)
        if cell["cell_type"] == "code"
    ]
    assert places == sorted(places)
    kinds = [cell["cell_type"] for cell in cells_of(spec)]
    assert kinds == ["markdown"] + ["markdown", "code"] * (len(kinds) // 2)


@pytest.mark.thorough
def test_its_cells_run_as_a_whole_and_reproduce_the_history(tmp_path):
    spec = change(SMALL, bottleneck="variational", loss="gaussian-nll", total_correlation=2.0)
    (tmp_path / "cells.py").write_text(code_of(spec), encoding="utf-8")
    assert_reproduces(in_a_fresh_process("cells.py", cwd=tmp_path), spec)


def test_it_says_what_the_loss_is():
    words = ["".join(c["source"]) for c in cells_of(FAMILIES["variational"])]
    (loss,) = (text for text in words if text.startswith("## The loss"))
    assert loss.count("$$") == 2
    assert r"\mathcal{L} &= " in loss
    assert "KL divergence" in loss
    assert "total correlation" not in loss
