"""A training that is interrupted and goes on from its checkpoint is the one that was not."""

from dataclasses import replace

import numpy as np
import pytest

from ae_core.models import weights
from ae_core.runs import checkpoint as checkpoints
from ae_core.runs.checkpoint import Checkpoint
from ae_core.runs.timeline import EpochFrame
from ae_core.specs import change
from ae_core.training import steps
from ae_core.training.loop import fit
from tests.helpers.refusals import check, refused
from tests.helpers.training import KINDS, SMALL, assert_same, figures, train

EPOCHS = 4
GOING_ON = KINDS | {
    "sparse": change(SMALL, bottleneck="sparse"),
    "dropout": change(SMALL, dropout=0.2),
    "salt and pepper": change(SMALL, noise_kind="salt-and-pepper", noise_amount=0.2),
    "augmented": change(SMALL, augment="jitter"),
    "cosine": change(SMALL, schedule="cosine"),
    "one-cycle": change(SMALL, schedule="one-cycle", optimizer="sgd"),
    "rmsprop": change(SMALL, optimizer="rmsprop"),
    "few steps": change(SMALL, steps_per_epoch=3),
    "bfloat16": change(SMALL, precision="bfloat16"),
    "principal components": change(
        SMALL, pca_components=4, code_activation="linear", output_activation="linear", loss="l2"
    ),
}


class Checkpointed:
    """Keeps the checkpoint after an epoch, by way of a file."""

    def __init__(self, spec, folder, after):
        self.spec, self.folder, self.after = spec, folder, after
        self.history = []

    def __call__(self, epoch):
        self.history.append(epoch.metrics)
        if epoch.number == self.after:
            output = (255 * epoch.preview).astype(np.uint8)
            frames = (EpochFrame(epoch.number, output, epoch.codes),)
            made = Checkpoint(tuple(self.history), frames, epoch.state())
            checkpoints.write(self.folder, self.spec, made)


def interrupted(spec, images, folder, after):
    """The outcome of a whole training, and its checkpoint after an epoch."""
    whole = fit(spec, images, on_epoch=Checkpointed(spec, folder, after))
    return whole, checkpoints.read(folder, spec)


@pytest.mark.samples(1)
@pytest.mark.parametrize("spec", GOING_ON.values(), ids=GOING_ON.keys())
def test_a_training_that_goes_on_is_the_one_that_was_not_interrupted(images, tmp_path, spec):
    spec, after = replace(spec, epochs=EPOCHS), 2
    whole, saved = interrupted(spec, images, tmp_path, after)
    assert saved.epoch == after
    numbers = []
    rest = fit(spec, images, on_epoch=lambda e: numbers.append(e.number), checkpoint=saved)
    assert numbers == [*range(after + 1, EPOCHS + 1)]
    assert_same(whole, rest)  # to the last bit
    assert rest.history[:after] == saved.history


@pytest.mark.thorough
def test_so_does_one_that_xla_compiles(images, tmp_path, monkeypatch):
    monkeypatch.setattr(steps, "should_jit_compile", lambda *_: True)
    spec = replace(SMALL, epochs=4)
    whole, saved = interrupted(spec, images, tmp_path, 2)
    assert_same(whole, fit(spec, images, on_epoch=lambda _: None, checkpoint=saved))


@pytest.mark.thorough
def test_the_time_limit_counts_what_was_trained_before(images, tmp_path):
    spec = replace(SMALL, epochs=EPOCHS, max_seconds=100)
    _, saved = interrupted(spec, images, tmp_path, 2)
    late = [dict(metrics, seconds=51.0) for metrics in saved.history]
    saved = replace(saved, history=tuple(late))
    ended = fit(spec, images, on_epoch=lambda _: None, checkpoint=saved)
    assert ended.status == "stopped"
    check(ended.reason, "stopped_late", epoch=3, seconds=100)
    assert len(ended.history) == 2
    for name, array in ended.weights.items():
        np.testing.assert_array_equal(array, saved.state[name])


def test_a_checkpoint_after_the_last_epoch_ends_the_run(images, tmp_path):
    whole, saved = interrupted(SMALL, images, tmp_path, SMALL.epochs)
    ended = fit(SMALL, images, on_epoch=lambda _: pytest.fail("trained"), checkpoint=saved)
    assert ended.status == "finished"
    assert_same(whole, ended)


def test_a_checkpoint_of_other_variables_is_refused(images, tmp_path):
    _, saved = interrupted(SMALL, images, tmp_path, 1)
    less = dict(saved.state)
    less.popitem()
    with refused("weights"):
        fit(SMALL, images, on_epoch=lambda _: None, checkpoint=replace(saved, state=less))


@pytest.fixture
def written(images, tmp_path):
    """A folder with a checkpoint of `SMALL`."""
    train_one = replace(SMALL, epochs=1)
    fit(train_one, images, on_epoch=Checkpointed(SMALL, tmp_path, 1))
    return tmp_path


def test_what_is_written_is_read(written, images):
    saved = checkpoints.read(written, SMALL)
    outcome, _ = train(replace(SMALL, epochs=1), images)
    assert [{**m, "seconds": 0} for m in saved.history] == [
        {**m, "seconds": 0} for m in outcome.history
    ]
    assert figures(outcome)
    assert [frame.epoch for frame in saved.frames] == [1]
    assert {path.name for path in written.iterdir()} == {checkpoints.FILE}


def test_a_checkpoint_of_another_run_is_none(written):
    assert checkpoints.read(written, replace(SMALL, seed=7)) is None


@pytest.mark.samples(1)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_part_of_a_checkpoint_is_none(written, share):
    path = written / checkpoints.FILE
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    assert checkpoints.read(written, SMALL) is None


def test_a_changed_bit_makes_none_of_it(written):
    path = written / checkpoints.FILE
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert checkpoints.read(written, SMALL) is None


def test_weights_alone_are_no_checkpoint(written):
    (written / checkpoints.FILE).write_bytes(weights.to_bytes({"a": np.zeros(3)}))
    assert checkpoints.read(written, SMALL) is None


def test_it_is_removed_once_and_for_all(written):
    checkpoints.remove(written)
    checkpoints.remove(written)
    assert checkpoints.read(written, SMALL) is None
