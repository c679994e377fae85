"""The specs that scripts are written of in tests, and the comparison of a script with its run."""

import os
import re
import subprocess
import sys
from dataclasses import replace

import pytest

from ae_core.data.loading import load_images
from ae_core.specs import TrainingSpec, change, preset
from ae_core.training import health
from ae_core.training.loop import fit

SMALL = change(
    TrainingSpec(epochs=2, steps_per_epoch=4, batch_size=32),
    encoder="dense16",
    decoder="dense16",
    latent_dim=4,
)
VARIATIONAL = change(SMALL, bottleneck="variational", loss="bernoulli-nll")
CONV = change(
    SMALL,
    encoder="conv4/2",
    decoder="reshape4x4x4, convT4/2",
    latent_dim=64,
    code_type="feature_map",
)
# Every family of settings is in at least one of them.
FAMILIES = {
    "plain, all pictures an epoch": replace(SMALL, steps_per_epoch=0, batch_size=100, epochs=3),
    "more steps than pictures": replace(SMALL, steps_per_epoch=3, batch_size=1000),
    "sparse": change(
        SMALL,
        bottleneck="sparse",
        sparsity=1e-2,
        code_activation="sigmoid",
        activation="elu",
        optimizer="rmsprop",
        loss="mae",
    ),
    "sparse, its price on every picture": change(
        SMALL, bottleneck="sparse", sparsity=1e-2, loss="l2", split="none", seed=3
    ),
    "noise in the batch": change(SMALL, noise_kind="heteroscedastic", noise_amount=0.2, seed=7),
    "noise on part of the pixels": change(
        SMALL, noise_kind="block", noise_amount=0.2, image_size=16
    ),
    "in colour": change(SMALL, image_set="toy-faces", image_size=32, channels=3),
    "a noise layer": change(
        SMALL,
        noise_kind="gaussian",
        noise_amount=0.2,
        noise_stage="layer",
        pixel_scale=255,
        output_activation="relu",
    ),
    "a dropout layer": change(
        SMALL, noise_kind="masking", noise_amount=0.2, noise_stage="layer", dropout=0.3
    ),
    "variational": change(VARIATIONAL, beta=4.0, noise_kind="gaussian", noise_amount=0.1),
    "toy faces, total correlation, cosine": change(
        preset("toy-faces-vae"),
        image_size=32,
        encoder="conv8/2, conv8/2, dense16",
        decoder="dense512, reshape8x8x8, convT8/2, convT8/2",
        total_correlation=5.0,
        schedule="cosine",
        steps_per_epoch=4,
        epochs=2,
    ),
    "components, dropout, jitter": change(
        SMALL, pca_components=12, output_activation="linear", dropout=0.2, augment="jitter", seed=5
    ),
    "components of pixels that count more": change(
        SMALL,
        bottleneck="variational",
        loss="centre-nll",
        pca_components=12,
        output_activation="linear",
        pixel_scale=255,
    ),
    "variational components in bfloat16": change(
        SMALL,
        bottleneck="variational",
        loss="gaussian-nll",
        pca_components=12,
        output_activation="linear",
        augment="mirror",
        precision="bfloat16",
        pixel_scale=255,
        sigma=1.0,
    ),
    "a map for a code": change(
        SMALL,
        image_size=16,
        encoder="conv4, pool2, conv4/2",
        decoder="reshape4x4x4, up2, conv8, up2, conv4-valid, convT4-valid",
        latent_dim=64,
        code_type="feature_map",
        initializer="he_uniform",
        activation="leaky_relu",
        schedule="cosine",
    ),
    "convolutions in bfloat16": change(CONV, precision="bfloat16", activation="gelu", loss="bce"),
    "one cycle, the precision of this processor": change(
        CONV, precision="auto", schedule="one-cycle", epochs=3
    ),
    "the l2 recipe": change(CONV, loss="l2", optimizer="sgd", learning_rate=1e-4),
    "no hidden layers": change(SMALL, encoder="", decoder="", loss="bce"),
}

FIGURE = re.compile(r"(\w+) (-?[\d.]+(?:e[+-]\d+)?|-?inf|nan)")


def in_a_fresh_process(*arguments, cwd):
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def history_of(printed):
    """The figures of every epoch that a script printed."""
    lines = [line for line in printed.splitlines() if line.startswith("Epoch ")]
    found = [{name: float(value) for name, value in FIGURE.findall(line)} for line in lines]
    for epoch in found:
        del epoch["Epoch"]
    return found


def assert_reproduces(printed, spec):
    """The printed figures are the history of the run; the first epoch's loss within 1e-5."""
    images = load_images(*spec.images)
    outcome = fit(spec, images, on_epoch=lambda _: None)
    assert outcome.status == "finished"
    printed = history_of(printed)
    assert len(printed) == spec.epochs
    for own, script in zip(outcome.history, printed, strict=True):
        assert set(script) == set(own) - {"seconds", *health.NAMES}
        for name, value in script.items():
            # Shares count whole units, which the last digit may move over the threshold.
            wanted = pytest.approx(own[name], rel=1e-5, abs=2e-4 if "share" in name else 1e-6)
            assert value == wanted, name
    assert printed[0]["loss"] != printed[-1]["loss"]  # something was learned
