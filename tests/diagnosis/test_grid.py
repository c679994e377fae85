"""The doctor's verdicts on real runs, from the smallest learning rate to the largest.

What is true of a run is told by an independent figure: whether it is better, on test images, than
the mean image, which needs no network.
"""

from functools import cache

import numpy as np
import pytest

from ae_core.data.loading import load_images
from ae_core.diagnosis.doctor import examine
from ae_core.diagnosis.rules import PROBLEM
from ae_core.metrics import psnr
from ae_core.specs import LIMITS, change, preset
from ae_core.training.loop import fit

SMALL = change(
    preset("digits-dense"), image_size=8, encoder="dense64", decoder="dense64", epochs=20
)
AFTER = (1, 3, 20)  # epochs of 45 steps
LOWEST, HIGHEST = LIMITS["learning_rate"].low, LIMITS["learning_rate"].high
GAINS = {"nearly_done": "still_falling"}  # by how much depends on the machine's arithmetic
WORKS = ("too_short", "still_falling", "still_falling")
TOO_SLOW = ("too_short", "too_short", "learning_rate_low")
TOO_FAST = ("too_short", "learning_rate_high", "learning_rate_high")
# optimizer, loss, learning rate, what the doctor says of a run that ended after 1, 3, 20 epochs
GRID = [
    ("adam", "mse", LOWEST, TOO_SLOW),
    ("adam", "bce", 1e-3, WORKS),
    ("adam", "gaussian-nll", HIGHEST, TOO_FAST),
    ("rmsprop", "mae", 1e-2, WORKS),
    ("rmsprop", "bce", HIGHEST, TOO_FAST),
    ("sgd", "mse", LOWEST, TOO_SLOW),
    ("sgd", "mse", HIGHEST, WORKS),
    ("sgd", "bernoulli-nll", HIGHEST, TOO_FAST),
]


@cache
def of_the_mean_image():
    """The PSNR of the training images' mean as a reconstruction of every test image, in dB."""
    images = load_images(*SMALL.images)
    return psnr(np.broadcast_to(images.train.mean(axis=0), images.test.shape), images.test)


def ended(spec, history, epochs):
    return examine(change(spec, epochs=epochs), history[:epochs], status="finished")


@pytest.mark.samples(3)
@pytest.mark.parametrize(("optimizer", "loss", "rate", "verdicts"), GRID)
def test_the_doctor_is_right_on_a_grid(optimizer, loss, rate, verdicts):
    spec = change(SMALL, optimizer=optimizer, loss=loss, learning_rate=rate)
    history = fit(spec, load_images(*spec.images), on_epoch=lambda _: None).history
    worthless = [history[n - 1]["val_psnr"] < of_the_mean_image() + 0.3 for n in AFTER]
    assert worthless[-1] == (verdicts != WORKS)
    found = [ended(spec, history, epochs)[0] for epochs in AFTER]
    assert tuple(GAINS.get(finding.kind, finding.kind) for finding in found) == verdicts
    assert (found[-1].severity == PROBLEM) == worthless[-1]


def test_the_preset_with_the_largest_rate_is_not_called_healthy():
    """8.1 dB after three epochs, the same for every image."""
    spec = change(preset("digits-dense"), learning_rate=HIGHEST, epochs=3)
    history = fit(spec, load_images(*spec.images), on_epoch=lambda _: None).history
    assert history[-1]["val_psnr"] < 9
    [found] = ended(spec, history, 3)
    assert (found.kind, found.severity) == ("learning_rate_high", PROBLEM)
    assert found.remedy == {"learning_rate": 1e-3}
