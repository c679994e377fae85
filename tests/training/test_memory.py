"""The estimate of a training's memory against measured trainings, and the advice it gives."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ae_core.models.compatibility import network_shapes
from ae_core.models.shapes import parameters
from ae_core.service import run_memory
from ae_core.specs import PRESETS, TrainingSpec, change, preset
from ae_core.specs.serialization import to_json
from ae_core.storage.files import ROOT
from ae_core.training import memory
from ae_core.training.memory import bytes_needed, check_memory
from ae_core.workers import surroundings
from tests.helpers.refusals import check, refused

MEGABYTE = 1 << 20
CONV = change(
    TrainingSpec(image_set="digits"), image_size=32, encoder="conv64, pool2, conv64, pool2, conv64",
    decoder="reshape8x8x64, conv64, up2, conv64, up2, conv64", code_type="feature_map",
    latent_dim=4096,
)  # fmt: skip
WIDE = change(TrainingSpec(image_set="digits"), encoder="dense4096, dense4096", decoder="dense4096")
# A process trains what it reads and prints how much more memory it had at its peak.
TRAINING = """
import json, os, sys
from ae_core.workers import surroundings
surroundings.adopt()
import ae_core.service.preload
from ae_core.data.loading import load_images
from ae_core.models.weights import to_bytes
from ae_core.specs.serialization import from_json
from ae_core.training.loop import fit

def kilobytes(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith(name))

for written in json.load(sys.stdin):
    if child := os.fork():
        os.waitpid(child, 0)
        continue
    before, spec = kilobytes("VmRSS"), from_json(written)
    outcome = fit(spec, load_images(*spec.images), on_epoch=lambda epoch: to_bytes(epoch.weights))
    print((kilobytes("VmHWM") - before) << 10, outcome.status, flush=True)
    os._exit(0)
"""


def measured(*specs: TrainingSpec) -> list[int]:
    ran = subprocess.run(
        [sys.executable, "-c", TRAINING],
        input=json.dumps([to_json(spec) for spec in specs]),
        env=surroundings.for_child(os.environ), cwd=ROOT, text=True, capture_output=True,
    )  # fmt: skip
    lines = [line.split() for line in ran.stdout.splitlines()]
    assert [status for _, status in lines] == ["finished"] * len(specs), ran.stderr
    return [int(peak) for peak, _ in lines]


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_trainings_need_at_most_the_estimate_and_at_least_45_percent_of_it():
    short = {"epochs": 2, "steps_per_epoch": 2}
    specs = [
        change(CONV, batch_size=512, **short),
        change(CONV, batch_size=128, activation="gelu", dropout=0.2, **short),
        change(CONV, batch_size=8, **short),
        change(WIDE, batch_size=64, **short),
    ]
    for spec, peak in zip(specs, measured(*specs), strict=True):
        assert peak <= bytes_needed(spec) <= peak / 0.45, (spec, peak // MEGABYTE)


@given(st.sampled_from(sorted(PRESETS)), st.integers(1, 1023))
def test_smaller_batches_need_no_more(name, batch_size):
    spec = preset(name)
    larger = bytes_needed(change(spec, batch_size=batch_size + 1))
    assert bytes_needed(change(spec, batch_size=batch_size)) <= larger


def test_weights_count_eight_times():
    at_once = change(WIDE, decoder="", batch_size=1024)
    narrow, wide = (change(at_once, encoder=f"dense{width}") for width in (1000, 2000))
    more = parameters(network_shapes(wide)) - parameters(network_shapes(narrow))
    outputs = memory.TRAINED_USUALLY * memory.FLOAT * 1024 * 1000
    assert bytes_needed(wide) - bytes_needed(narrow) == 8 * 4 * more + outputs


@given(st.sampled_from(sorted(PRESETS)), st.integers(1, 1024), st.integers(300, 3000))
def test_the_batch_size_that_is_advised_is_the_largest_that_fits(name, batch_size, megabytes):
    spec, most = change(preset(name), batch_size=batch_size), megabytes * MEGABYTE
    assume(bytes_needed(spec) > most)
    with refused("memory", needed=bytes_needed(spec) / (1 << 30), most=most / (1 << 30)) as error:
        check_memory(spec, most)
    remedy = error.value.values["remedy"]
    if remedy.key == "memory_batch":
        fits = remedy.values["most"]
        check_memory(change(spec, batch_size=fits), most)
        assert bytes_needed(change(spec, batch_size=fits + 1)) > most
    else:
        assert bytes_needed(change(spec, batch_size=1)) > most


@pytest.mark.parametrize(
    ("spec", "megabytes", "remedy"),
    [
        (change(CONV, batch_size=1024), 1000, "memory_batch"),
        (WIDE, 500, "memory_widths"),
        (preset("mnist-dense"), 500, "memory_images"),
    ],
)
def test_the_advice_is_the_setting_that_helps(spec, megabytes, remedy):
    with refused("memory") as error:
        check_memory(spec, megabytes * MEGABYTE)
    check(error.value.values["remedy"], remedy)


def test_a_run_may_need_half_of_the_memory_unless_the_operator_says_otherwise(monkeypatch):
    monkeypatch.delenv(run_memory.VARIABLE, raising=False)
    assert run_memory.most_bytes() == run_memory.MEMORY_LIMIT // 2
    monkeypatch.setenv(run_memory.VARIABLE, "1.5 GiB")
    assert run_memory.most_bytes() == 3 << 29
    monkeypatch.setenv(run_memory.VARIABLE, "much")
    with pytest.raises(ValueError, match="AE_MEMORY_A_RUN: 'much'"):
        run_memory.most_bytes()
