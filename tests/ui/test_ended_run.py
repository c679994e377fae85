"""An ended run on its page: kept, deleted and brought back, by those who may."""

import time
from dataclasses import replace

import pytest

from ae_core.runs import store as store_module
from ae_core.runs.housekeeping import Retention
from ae_core.runs.record import RunOutcome, new_record
from ae_core.specs import preset
from pages.ui.backend.service import service
from tests.helpers.app_page import opened, ran, texts

pytestmark = pytest.mark.usefixtures("own_runs")


@pytest.fixture
def run_id(own_runs):
    store = service().store
    begun = replace(new_record(preset("digits-dense"), "digits-dense", "owner"))
    store.begin([begun])
    store.finish(begun.ended(RunOutcome("finished")), {})
    return begun.id


def buttons(page):
    return {button.key for button in page.button} & {"run.keep", "run.delete", "run.undo"}


def test_the_owner_deletes_a_run_and_brings_it_back(run_id):
    page = opened("pages/train.py", "owner", run=run_id)
    assert buttons(page) == {"run.keep", "run.delete"}
    page.button(key="run.delete").click()
    assert "The run is deleted" in texts(ran(page).info)
    assert run_id not in service().runs("owner")
    page.button(key="run.undo").click()
    assert buttons(ran(page)) == {"run.keep", "run.delete"}
    assert run_id in service().runs("owner")


def test_after_a_minute_it_is_too_late(run_id, monkeypatch):
    page = opened("pages/train.py", "owner", run=run_id)
    page.button(key="run.delete").click()
    ran(page)
    later = time.time() + store_module.UNDO_SECONDS + 1
    monkeypatch.setattr(store_module.time, "time", lambda: later)
    page.button(key="run.undo").click()
    assert "too late" in texts(ran(page).toast)
    assert run_id not in service().runs("owner")


def test_a_run_is_kept_and_no_longer(run_id):
    page = opened("pages/train.py", "owner", run=run_id)
    for label, kept in (("Keep", True), ("Do not keep", False)):
        assert page.button(key="run.keep").label == label
        page.button(key="run.keep").click()
        ran(page)
        assert service().store.is_kept(run_id) is kept


def test_others_may_do_neither(run_id):
    assert buttons(opened("pages/train.py", "somebody else", run=run_id)) == set()


def test_the_list_says_beforehand_that_the_oldest_will_go(run_id, monkeypatch):
    assert "Your runs take" not in texts(opened("pages/train.py", "owner", view="Compare").caption)
    store = service().store
    begun = new_record(preset("digits-dense"), "digits-dense", "owner")
    store.begin([begun])
    store.finish(begun.ended(RunOutcome("finished")), {"weights.npz": bytes(900_000)})
    monkeypatch.setattr(service().housekeeping, "retention", Retention(visitor_mb=1.0))
    page = opened("pages/train.py", "owner", view="Compare")
    assert "Your runs take 1 of 1 MB" in texts(page.caption)
