"""A run folder of an earlier version, or of the command line, reads or costs its own sentence."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ae_core.errors import Message, StorageError
from ae_core.runs.folder import INTERRUPTED, read_run, write_run
from ae_core.runs.record import END_DAMAGED, RunOutcome, new_record
from ae_core.specs import PRESETS, preset
from ae_core.storage.files import DamagedFile
from tests.helpers.full_disk import no_room
from tests.helpers.refusals import check, refused

HISTORY = ({"loss": 0.5, "psnr": 3.0, "seconds": 1.25}, {"loss": 0.3, "psnr": 4.0, "seconds": 1e-9})
FILES = {"weights.npz": b"weights", "preview.png": b"preview"}


def written(root, name="mnist-vae", **fields):
    """Write a folder, and return it with its run."""
    begun = replace(new_record(preset(name), name, "someone"), **fields)
    done = begun.ended(RunOutcome("finished", None, HISTORY))
    write_run(root / done.id, done, FILES, ended=True)
    return root / done.id, done


def names_in(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("name", PRESETS)
def test_a_run_comes_back(tmp_path, name):
    folder, done = written(tmp_path, name, sweep="0123456789ab")
    assert read_run(folder) == done
    kept = ["history.json", "preview.png", "run.json", "spec.json", "weights.npz"]
    assert names_in(folder) == kept


def test_a_run_without_an_end_was_interrupted(tmp_path):
    folder, done = written(tmp_path)
    (folder / "history.json").unlink()
    found = read_run(folder)
    assert (found.status, found.reason, found.history) == ("failed", INTERRUPTED, ())
    assert found.spec == done.spec
    check(INTERRUPTED, "interrupted")


def test_what_is_no_run_folder_is_none(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_run(tmp_path / "0123456789ab")


OLD_REASONS = {
    "": None,
    "Stopped in epoch 3.": Message.of("stopped", epoch=3),
    "Stopped before it began.": Message("stopped_waiting"),
    "Stopped after a pause of 15 minutes in epoch 2.": Message.of(
        "stopped_paused", epoch=2, minutes=15
    ),
    "Stopped in epoch 7: its time limit, max_seconds=60, was reached.": Message.of(
        "stopped_late", epoch=7, seconds=60
    ),
    "The loss became NaN (not a number) in epoch 1. The weights of the last good epoch are kept; "
    "try a smaller learning rate.": Message.of("diverged_at_once", epoch=1),
    "The worker process that trained this run died in epoch 12 (killed, or out of memory), as an "
    "earlier one had, and the run with it. A smaller network needs less memory: train again.": (
        Message.of("died", epoch=12)
    ),
    "The training service went away in epoch 4 for the second time, and the run with it. Train "
    "again.": Message.of("lost", epoch=4),
    "Training failed: MemoryError: no room": Message.of(
        "failed", kind="MemoryError", problem="no room"
    ),
    "mnist needs mnist.npz.": Message.of("verbatim", text="mnist needs mnist.npz."),
}


@pytest.mark.parametrize("sentence", OLD_REASONS)
def test_a_sentence_of_an_older_version_is_read_as_a_message(tmp_path, sentence):
    folder, _ = written(tmp_path)
    end = {"status": "stopped", "reason": sentence, "epochs": []}
    (folder / "history.json").write_text(json.dumps(end))
    reason = read_run(folder).reason
    assert reason == OLD_REASONS[sentence]
    if reason is not None:
        check(reason, reason.key)


@pytest.mark.parametrize("name", ["spec.json", "run.json", "history.json"])
@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b'{"epochs": 0}', b'{"created": 1}']
)
def test_a_file_that_does_not_read_costs_its_own_sentence(tmp_path, name, content):
    folder, done = written(tmp_path)
    (folder / name).write_bytes(content)
    if name == "history.json":
        found = read_run(folder)
        assert (found.status, found.reason, found.history) == ("failed", END_DAMAGED, ())
        assert found.spec == done.spec
        check(found.reason, "run_end_damaged")
    else:
        with pytest.raises(DamagedFile):
            read_run(folder)


@pytest.mark.parametrize("spec", ['{"beta": null}', '{"epochs": 1%s}' % ("0" * 400)])
def test_a_run_whose_spec_is_absurd_is_damaged(tmp_path, spec):
    folder, _ = written(tmp_path)
    (folder / "spec.json").write_text(spec)
    with pytest.raises(DamagedFile):
        read_run(folder)


UNREADABLE = ["", "[]", "null", "{}", '{"created": "yesterday"}', '{"created": null}']


@pytest.mark.parametrize("content", UNREADABLE)
def test_an_origin_that_does_not_read_is_damage(tmp_path, content):
    folder, _ = written(tmp_path)
    about = json.loads((folder / "run.json").read_text())
    changed = json.loads(content) if content else None
    new = json.dumps(about | changed) if changed and isinstance(changed, dict) else content
    (folder / "run.json").write_text(new)
    with pytest.raises(DamagedFile):
        read_run(folder)


@pytest.mark.parametrize("how", ["open", "write", "fsync", "mkdir"])
def test_a_full_disk_is_told_and_leaves_no_half_file(tmp_path, monkeypatch, how):
    begun = new_record(preset("mnist-vae"), "mnist-vae", "")
    no_room(monkeypatch, how)
    with refused("run_not_saved", StorageError, reason=Message.of("disk_full")):
        write_run(tmp_path / begun.id, begun, {})
    assert names_in(tmp_path / begun.id) == []


def test_a_rename_that_fails_leaves_no_part(tmp_path, monkeypatch):
    def refuse(path, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(StorageError):
        written(tmp_path)
    assert [path.name for each in tmp_path.iterdir() for path in each.iterdir()] == []
