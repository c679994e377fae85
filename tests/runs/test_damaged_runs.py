"""The readers of a run folder: whatever the files hold, the outcome is a run or one sentence."""

import json
import shutil
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.errors import UnknownThing, UserError
from ae_core.runs.ended_runs import EndedRuns
from ae_core.runs.record import ALWAYS, ENDED
from ae_core.runs.store import RunStore
from ae_core.sentences import languages, sentence
from ae_core.storage.files import LAST_SECOND, ROOT

ID = "42ee999ae340"  # two epochs, a code of two dimensions
FOLDER = ROOT / "tests" / "fixtures" / "store" / ID
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=9)
    | st.sampled_from(["digits", "finished", "diverged", "dense16", 10**400]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=6,
)
MESSAGES = st.fixed_dictionaries(
    {"key": st.sampled_from(["stopped", "stopped_paused", "failed", "diverged", "verbatim", "no"])},
    optional={"values": st.dictionaries(st.sampled_from(["epoch", "minutes", "text"]), JSON)},
)
EPOCHS = st.lists(
    st.dictionaries(st.sampled_from(["loss", "psnr", "seconds", "val_loss"]), JSON), max_size=3
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    shutil.copytree(FOLDER, root / ID)
    return RunStore(root)


def check_run(store):
    """The run reads as pages need it, or is refused."""
    with suppress(UnknownThing):
        origin = store.read(ID)
        assert type(origin.preset) is type(origin.owner) is type(origin.sweep) is str
        assert 0 <= origin.created <= LAST_SECOND
        assert len(store.refs([ID])) == 1
        run = EndedRuns(store).snapshot(ID)
        assert run.status in ENDED
        assert len(run.history) <= run.spec.epochs
        for epoch in run.history:
            assert ALWAYS <= set(epoch) == set(run.history[0])
            assert all(type(value) is float for value in epoch.values())
        if run.reason is not None:
            assert all(sentence(run.reason, language) for language in languages())


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_any_value_of_any_field_is_read_or_refused(store, data):
    name = data.draw(st.sampled_from(["spec.json", "run.json", "history.json"]))
    whole = (FOLDER / name).read_text()
    field = data.draw(st.sampled_from([*json.loads(whole), "message", "sweep", "other"]))
    known = {"message": MESSAGES | JSON, "epochs": EPOCHS | JSON}
    value = data.draw(known.get(field, JSON))
    (store.folder(ID) / name).write_text(json.dumps(json.loads(whole) | {field: value}))
    try:
        check_run(store)
    finally:
        (store.folder(ID) / name).write_text(whole)


@given(st.data())
@settings(deadline=None, max_examples=150)
def test_any_bytes_in_any_file_are_read_or_refused(store, data):
    name = data.draw(st.sampled_from(sorted(path.name for path in FOLDER.iterdir())))
    whole = (FOLDER / name).read_bytes()
    place = data.draw(st.integers(0, len(whole)))
    end = place + data.draw(st.sampled_from([0, 1, 4, 100, len(whole)]))
    damaged = whole[:place] + data.draw(st.binary(max_size=9)) + whole[end:]
    (store.folder(ID) / name).write_bytes(damaged)
    try:
        check_run(store)
        with suppress(UserError):
            assert all(frame.output.dtype == "uint8" for frame in EndedRuns(store).frames(ID))
    finally:
        (store.folder(ID) / name).write_bytes(whole)


def test_without_damage_it_reads(store):
    run = EndedRuns(store).snapshot(ID)
    assert (run.status, run.epoch, run.damaged, run.saved) == ("finished", 2, (), True)
    assert run.has_reconstructions
    assert run.map is not None
    assert len(EndedRuns(store).frames(ID)) == 2


def test_the_log_names_the_file(store, caplog):
    path = store.folder(ID) / "history.json"
    whole = path.read_text()
    path.write_text("[" * 100_000)
    try:
        store.read(ID)
    finally:
        path.write_text(whole)
    assert f"{path} is damaged: RecursionError" in caplog.text
