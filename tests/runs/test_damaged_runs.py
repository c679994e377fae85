"""Whatever a run's files and its row hold, the outcome is a run or one sentence."""

import json
import shutil
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.errors import UnknownThing, UserError
from ae_core.runs.ended_runs import EndedRuns
from ae_core.runs.folder import read_run
from ae_core.runs.record import ALWAYS, ENDED
from ae_core.runs.store import RunStore
from ae_core.storage.files import LAST_SECOND, ROOT, DamagedFile
from ae_core.text.sentences import languages, sentence
from tests.helpers.damage import stored

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
    stored(root, root / ID)
    return RunStore(root)


def check_run(store):
    """The run reads as pages need it, or is refused."""
    with suppress(UnknownThing):
        origin = store.read(ID)
        assert 0 <= origin.created <= LAST_SECOND
        run = EndedRuns(store).snapshot(ID)
        assert run.status in ENDED
        assert len(run.history) <= run.spec.epochs
        for epoch in run.history:
            assert ALWAYS <= set(epoch) == set(run.history[0])
            assert all(type(value) is float for value in epoch.values())
        if run.reason is not None:
            assert all(sentence(run.reason, language) for language in languages())


@given(st.data())
@settings(max_examples=150)
def test_any_value_of_any_field_is_read_or_refused(store, data):
    name = data.draw(st.sampled_from(["spec.json", "history.json"]))
    whole = (FOLDER / name).read_text()
    field = data.draw(st.sampled_from([*json.loads(whole), "message", "sweep", "other"]))
    known = {"message": MESSAGES | JSON, "epochs": EPOCHS | JSON}
    value = data.draw(known.get(field, JSON))
    (store.folder(ID) / name).write_text(json.dumps(json.loads(whole) | {field: value}))
    try:
        stored(store.root, store.folder(ID))
        check_run(store)
        read_or_refused(store.folder(ID))
    finally:
        (store.folder(ID) / name).write_text(whole)
        stored(store.root, store.folder(ID))


@given(st.data())
@settings(max_examples=150)
def test_any_bytes_in_any_file_are_read_or_refused(store, data):
    name = data.draw(st.sampled_from(sorted(path.name for path in FOLDER.iterdir())))
    whole = (FOLDER / name).read_bytes()
    place = data.draw(st.integers(0, len(whole)))
    end = place + data.draw(st.sampled_from([0, 1, 4, 100, len(whole)]))
    damaged = whole[:place] + data.draw(st.binary(max_size=9)) + whole[end:]
    (store.folder(ID) / name).write_bytes(damaged)
    try:
        if name in ("spec.json", "history.json"):
            stored(store.root, store.folder(ID))
        check_run(store)
        read_or_refused(store.folder(ID))
        with suppress(UserError):
            assert all(frame.output.dtype == "uint8" for frame in EndedRuns(store).frames(ID))
    finally:
        (store.folder(ID) / name).write_bytes(whole)
        stored(store.root, store.folder(ID))


def read_or_refused(folder):
    """The folder of an earlier version reads, or is refused."""
    with suppress(DamagedFile):
        assert read_run(folder).status in ENDED


def test_without_damage_it_reads(store):
    run = EndedRuns(store).snapshot(ID)
    assert (run.status, run.epoch, run.damaged, run.saved) == ("finished", 2, (), True)
    assert run.has_reconstructions
    assert run.map is not None
    assert len(EndedRuns(store).frames(ID)) == 2


def test_the_log_names_the_run(store, caplog):
    (store.folder(ID) / "history.json").write_text("[" * 100_000)
    stored(store.root, store.folder(ID))
    try:
        store.read(ID)
    finally:
        shutil.copy(FOLDER / "history.json", store.folder(ID))
        stored(store.root, store.folder(ID))
    assert f"{ID}/end is damaged: RecursionError" in caplog.text
