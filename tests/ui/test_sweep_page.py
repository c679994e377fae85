"""Sweeps and replays on the Train page."""

import pytest
from sqlalchemy import select, update

from ae_core.specs import change, preset
from ae_core.storage.tables import RUNS
from ae_core.training.sweep import specs_of
from tests.helpers.app_page import metric, opened, texts
from tests.helpers.refusals import says

pytestmark = pytest.mark.usefixtures("own_runs")


@pytest.fixture(scope="module")
def swept():
    """A sweep of two sizes, ended, and the ids of its runs."""
    from pages.ui.backend.service import service

    spec = change(preset("digits-dense"), image_size=8, epochs=2)
    sweep = service().submit_sweep(specs_of(spec, (2, 8)), "sweeper", "digits-dense")
    ids = service().sweep(sweep)
    service().wait_until(ids[-1], lambda s: not s.live, 90)
    return sweep, ids


def test_a_sweep_is_set_up_trained_and_watched():
    from pages.ui.backend.service import service

    page = opened("pages/train.py", preset="digits-dense", image_size="8", epochs="1", sizes="2, 4")
    page.text_input(key="train.sizes").set_value("3, banana").run()
    assert says(texts(page.error), "sizes", value="banana")
    assert page.button(key="train.start_all").disabled
    assert page.text_input(key="train.sizes").value == "3, banana"
    page.text_input(key="train.sizes").set_value("3, 6").run()
    assert not page.error
    page.button(key="train.start_all").click().run()
    assert not page.exception
    ids = service().sweep(page.query_params["sweep"])
    service().wait_until(ids[-1], lambda s: not s.live, 90)
    page.run()
    assert metric(page, "Trained") == "2 of 2"
    captions = texts(page.caption)
    assert "3 numbers: " in captions
    assert "6 numbers: " in captions
    again = opened("pages/train.py", sweep=page.query_params["sweep"], view="Watch", size="6")
    assert "**6 numbers: " in texts(again.caption)


def test_a_sweep_shows_pca_s_pictures_and_leads_to_its_runs(swept):
    sweep, ids = swept
    page = opened("pages/train.py", sweep=sweep, view="Watch", pca="1")
    assert "PCA, 2 numbers: " in texts(page.caption)
    one = opened("pages/train.py", run=ids[0])
    assert metric(one, "Epoch") == "2 / 2"


def test_a_set_up_whose_code_is_a_map_has_no_sizes_and_no_error():
    page = opened("pages/train.py", preset="mnist-conv", sizes="2, 4")
    assert not page.error
    assert page.button(key="train.start_all").disabled
    assert not page.button(key="train.start").disabled


@pytest.mark.parametrize(
    ("query", "key", "values"),
    [
        ({"sweep": "000000000000"}, "unknown_sweep", {"id": "000000000000"}),
        ({"sweep": "../../etc"}, "unknown_sweep", {"id": "../../etc"}),
        ({"sizes": "<b>2</b>", "view": "Set up"}, "sizes", {"value": "<b>2</b>"}),
    ],
)
def test_a_bad_link_to_a_sweep_is_one_sentence(query, key, values):
    page = opened("pages/train.py", **{"view": "Watch"} | query)
    assert says(texts(page.error), key, **values)


@pytest.mark.parametrize(
    ("query", "key", "values"),
    [
        ({"replay": "abc"}, "whole", {"name": "replay", "value": "abc", "low": 1, "high": 2}),
        ({"replay": "3"}, "whole", {"name": "replay", "value": 3, "low": 1, "high": 2}),
        ({"replay": "1", "with": "000000000000"}, "unknown_run", {"id": "000000000000"}),
    ],
)
def test_a_bad_link_to_a_replay_is_one_sentence(swept, query, key, values):
    page = opened("pages/train.py", run=swept[1][0], **query)
    assert says(texts(page.error), key, **values)
    assert "2 of 2 epochs are kept" in texts(page.caption)


def test_a_run_is_replayed_beside_another_and_one_of_before_says_so(swept):
    from ae_core.runs.timeline import FILE
    from pages.ui.backend.service import replay_sheet, service

    first, second = swept[1]
    page = opened("pages/train.py", run=first, replay="1", **{"with": second})
    assert not page.error
    assert page.selectbox(key=f"replay.with.{first}").value == second
    (service().store.folder(second) / FILE).unlink()
    replay_sheet.clear()
    assert "There is nothing to replay" in texts(
        opened("pages/train.py", run=second, replay="1").info
    )
    assert not opened("pages/train.py", run=second).exception


@pytest.mark.parametrize("key", ["run_parts_damaged", "run_end_damaged"])
def test_a_sweep_says_what_is_damaged_and_shows_the_rest(swept, key):
    from pages.ui.backend.service import service

    sweep, ids = swept
    store, damaged = service().store, RUNS.c.id == ids[0]
    path = store.folder(ids[0]) / "preview.png"
    preview, history = path.read_bytes(), select(RUNS.c.history_json).where(damaged)
    with store.database.changing() as connection:
        whole = connection.execute(history).scalar_one()
        if key == "run_end_damaged":
            connection.execute(update(RUNS).where(damaged).values(history_json=whole[:20]))
        else:
            path.write_bytes(preview[:20])
    service()._ended._kept.cache_clear()  # as after a restart
    try:
        page = opened("pages/train.py", sweep=sweep, view="Watch")
    finally:
        path.write_bytes(preview)
        with store.database.changing() as connection:
            connection.execute(update(RUNS).where(damaged).values(history_json=whole))
        service()._ended._kept.cache_clear()
    assert "8 numbers: " in texts(page.caption)
    assert says(texts(page.warning), key)
    assert not texts(page.error)
