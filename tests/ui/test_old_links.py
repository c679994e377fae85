"""Links that 30b02cd wrote lead to the same figures, on the runs and classes that it wrote.

The toy faces' model has been trained in colour since then: of its links, only those figures are the
same that do not depend on its weights.
"""

import json
import shutil
import struct
import time
from dataclasses import replace

import pytest
import streamlit as st

from ae_core.service.service import TrainingService
from ae_core.storage.database import database_in
from ae_core.storage.files import ROOT
from ae_core.takeover.visitors import take_over_sets
from pages.ui.backend.service import service
from tests.helpers.app_page import decimal_points, metric, opened

FIXTURES = ROOT / "tests" / "fixtures"
OWNER = "fd79b58188563bca"
LINKS = json.loads((FIXTURES / "pages.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def old_store(own_runs, connection, tmp_path_factory):
    """A server on a copy of that version's store; its class was opened just now."""
    folder = tmp_path_factory.mktemp("old") / "runs"
    shutil.copytree(FIXTURES / "store", folder)
    (classroom,) = folder.glob("classes/*/class.json")
    classroom.write_text(json.dumps(json.loads(classroom.read_text()) | {"created": time.time()}))
    # The workers look for visitors' images beside the runs of all other tests, whoever starts them.
    connection.client()
    shutil.copytree(FIXTURES / "store" / "own", own_runs / "own", dirs_exist_ok=True)
    take_over_sets(own_runs, database_in(own_runs))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AE_RUNS_DIR", str(folder))
        st.cache_resource.clear()
        yield folder
        st.cache_resource.clear()


def test_a_negative_loss_is_explained_where_it_stands(old_store, monkeypatch):
    run = service().snapshot("369ac0683694")
    below = replace(run, history=[*run.history[:-1], run.history[-1] | {"val_loss": -2770.0}])
    monkeypatch.setattr(TrainingService, "snapshot", lambda *_: below)
    page = opened("pages/train.py", OWNER, run=run.id, view="Watch")
    assert metric(page, "Validation loss") == "−2770"
    (loss,) = (each for each in page.metric if each.label == "Validation loss")
    assert "minus the logarithm of a density" in loss.proto.help


def on_the_projector(page):
    """The figures of a class's best, which a script draws."""
    walls = [each.proto for each in page.get("bidi_component") if "wall" in each.proto.id]
    packed = [bytes(wall.bytes) for wall in walls]
    said = [json.loads(data[4 : 4 + struct.unpack("<I", data[:4])[0]]) for data in packed]
    return [f"{each['psnr']:.1f} dB" for wall in said for each in wall["podium"]]


@pytest.mark.samples(20)
@pytest.mark.parametrize("link", LINKS, ids=lambda link: f"{link['page']} {link['query']}")
def test_a_link_shows_what_it_showed(old_store, link):
    page = opened(link["page"], link.get("visitor", OWNER), **link["query"])
    # A gain was that of the exact figures then; now it is that of the two that stand beside it.
    # And a hyphen stood for the minus sign.
    wanted = [each.replace("-", "−") for each in link.get("figures", []) if each[0] != "+"]
    shown = [figure.value for figure in page.metric] + on_the_projector(page)
    assert [figure for figure in shown if figure in wanted] == wanted
    assert bool(page.error) == link.get("refused", False)
    assert not page.exception
    if link["query"].get("lang") == "de":
        assert decimal_points(page) == []
        for chart in page.get("plotly_chart"):
            assert json.loads(chart.proto.spec)["layout"]["separators"] == ",."
