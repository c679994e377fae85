"""A file from home: what was written is read again bit for bit; anything else is one sentence."""

import base64
import gzip
import json
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.errors import UserError
from ae_core.runs.home_file import MAX_BYTES, MAX_FIGURE, HomeFile, blocks
from ae_core.runs.home_reader import MAX_RUN, read
from ae_core.specs import PRESETS
from tests.helpers.damage import DEEP
from tests.helpers.home_files import DAY, EPOCH, FILE, SPEC, count, weights_for
from tests.helpers.refusals import check, refused

PAGE = f"<!doctype html>\n<p>Any page</p>\n{blocks(FILE)}<script>draw()</script>\n"
RUN = re.compile(r'(id="lab-run">)(.*?)(</script>)')
NUMBERS = re.compile(r'(id="lab-numbers">)(.*?)(</script>)')


@pytest.mark.parametrize("name", [name for name in PRESETS if count(PRESETS[name]) < 1_000_000])
def test_a_run_of_a_preset_comes_back_bit_for_bit(name):
    spec = PRESETS[name]
    file = HomeFile(spec, DAY, name, "finished", (EPOCH,), weights_for(spec))
    found = read(blocks(file).encode())
    assert (found.spec, found.saved, found.preset) == (spec, DAY, name)
    assert (found.status, found.history) == ("finished", (EPOCH,))
    assert list(found.weights) == list(file.weights)
    for key, array in file.weights.items():
        assert found.weights[key].tobytes() == array.tobytes()
        assert found.weights[key].shape == array.shape


@given(st.lists(st.floats(width=64), max_size=5))
def test_an_epoch_that_no_curve_can_show_ends_the_history(losses):
    file = replace(FILE, history=tuple({**EPOCH, "loss": loss} for loss in losses))
    kept = [epoch["loss"] for epoch in read(blocks(file).encode()).history]
    shown = [abs(loss) <= MAX_FIGURE for loss in losses]
    assert kept == losses[: shown.index(False) if False in shown else None]


def test_of_a_model_of_the_app_only_its_name_and_digest_are_read():
    file = HomeFile(SPEC, DAY, model="toy-faces-vae", digest="0123456789abcdef")
    found = read(blocks(file, b"anything").encode())
    assert (found.model, found.digest, dict(found.weights)) == (file.model, file.digest, {})


Damage = Callable[[str], str | bytes]


def said(**changes: Any) -> Damage:
    """Change fields of what the file says about its run."""

    def damage(page: str) -> str:
        return RUN.sub(lambda m: m[1] + json.dumps(json.loads(m[2]) | changes) + m[3], page)

    return damage


def written(text: str) -> Damage:
    """Write something else in the place of what the file says about its run."""
    return lambda page: RUN.sub(lambda m: m[1] + text + m[3], page)


def spec(**changes: Any) -> Damage:
    def damage(page: str) -> str | bytes:
        match = RUN.search(page)
        assert match is not None
        return said(spec=json.loads(match[2])["spec"] | changes)(page)

    return damage


def arrays(change: Callable[[list[dict[str, Any]]], Any]) -> Damage:
    def damage(page: str) -> str | bytes:
        match = RUN.search(page)
        assert match is not None
        return said(arrays=change(json.loads(match[2])["arrays"]))(page)

    return damage


def first(**changes: Any) -> Damage:
    return arrays(lambda found: [found[0] | changes, *found[1:]])


def numbers(change: Callable[[str], str]) -> Damage:
    return lambda page: NUMBERS.sub(lambda m: m[1] + change(m[2]) + m[3], page)


def weights(value: float) -> Damage:
    def change(text: str) -> str:
        floats = np.frombuffer(base64.b64decode(text), "<f4").copy()
        floats[len(floats) // 2] = value
        return base64.b64encode(floats.tobytes()).decode()

    return numbers(change)


def epochs(*found: Any) -> Damage:
    return said(history=list(found))


MARKUP = '<img src=x onerror="alert(1)">![](http://evil.test/x)'
DAMAGES: dict[str, tuple[str, Damage]] = {
    "empty": ("home_other", lambda _: b""),
    "another page": ("home_other", lambda _: "<!doctype html><title>News</title><p>Hello"),
    "a picture": ("home_other", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9),
    "a Keras file": ("home_other", lambda _: b"PK\x03\x04" + bytes(2000)),
    "a pickle": ("home_other", lambda _: b"\x80\x04cos\nsystem\n(S'true'\ntR."),
    "compressed": ("home_other", lambda page: gzip.compress(page.encode())),
    "a bomb": ("home_other", lambda _: gzip.compress(bytes(50_000_000))),
    "in UTF-16": ("home_other", lambda page: page.encode("utf-16")),
    "too large": ("home_large", lambda page: page + " " * MAX_BYTES),
    "ends in the settings": ("home_cut", lambda page: page[: page.index("history")]),
    "ends between the blocks": ("home_cut", lambda page: page[: page.index('id="lab-numbers"')]),
    "ends in the weights": ("home_cut", lambda page: page[: page.index('id="lab-numbers"') + 500]),
    "two runs": ("home_twice", lambda page: page + blocks(FILE)),
    "two blocks of weights": (
        "home_twice",
        lambda page: page + blocks(FILE)[blocks(FILE).index('<script type="text/plain"') :],
    ),
    "says too much": ("home_said_large", written('{"a": "' + "x" * MAX_RUN + '"}')),
    "says nothing": ("home_damaged", written("")),
    "not JSON": ("home_damaged", written("{format: 1}")),
    "deep JSON": ("home_damaged", written(DEEP)),
    "a list": ("home_damaged", written("[1, 2, 3]")),
    "bytes that are no text": (
        "home_damaged",
        lambda page: page.encode().replace(b'"digits-dense"', b'"\xff\xfe"', 1),
    ),
    "a number of 5000 digits": ("home_damaged", written('{"format": ' + "9" * 5000 + "}")),
    "without settings": ("home_damaged", written('{"format": 1}')),
    "a newer format": ("home_format", said(format=2)),
    "a truth as format": ("home_damaged", said(format=True)),
    "an unknown image set": ("home_spec", spec(image_set="no-such-set")),
    "markup as image set": ("home_spec", spec(image_set=MARKUP)),
    "a path as image set": ("home_spec", spec(image_set="../../etc/passwd")),
    "an unknown setting": ("home_spec", spec(no_such_setting=1)),
    "a code beyond bounds": ("home_spec", spec(latent_dim=10**9)),
    "a huge layer": ("home_spec", spec(encoder="dense999999999")),
    "more weights than allowed": ("home_spec", spec(encoder="dense16384, dense16384")),
    "layers that do not fit": ("home_spec", spec(decoder="dense7, reshape7x1x1")),
    "epochs beyond bounds": ("home_spec", spec(epochs=10**6)),
    "NaN as a learning rate": ("home_figures", spec(learning_rate=float("nan"))),
    "a list as a setting": ("home_spec", spec(latent_dim=[2])),
    "null as a setting": ("home_spec", spec(latent_dim=None)),
    "settings that are a list": ("home_damaged", said(spec=[1])),
    "a status that never ends": ("home_status", said(status="running")),
    "markup as status": ("home_status", said(status=MARKUP)),
    "a day that is none": ("home_day", said(saved="2026-02-31")),
    "a day that is a number": ("home_day", said(saved=1)),
    "a path as a model": ("home_model", said(model="../secret", digest="")),
    "markup as a model": ("home_model", said(model=MARKUP)),
    "a list as a model": ("home_damaged", said(model=[1])),
    "curves that are text": ("home_history", said(history="many")),
    "more epochs than planned": ("home_history", epochs(*[EPOCH] * (SPEC.epochs + 1))),
    "epochs that differ": ("home_history", epochs(EPOCH, {**EPOCH, "more": 1})),
    "epochs without a loss": ("home_history", epochs({"psnr": 1.0, "seconds": 1.0})),
    "text as a figure": ("home_history", epochs({**EPOCH, "loss": "small"})),
    "markup as the name of a figure": ("home_history", epochs({**EPOCH, MARKUP: 1.0})),
    "a thousand figures": ("home_history", epochs(EPOCH | {f"m{i}": 1 for i in range(1000)})),
    "NaN in a curve": ("home_figures", epochs({**EPOCH, "loss": float("nan")})),
    "infinity in a curve": ("home_figures", epochs({**EPOCH, "loss": float("inf")})),
    "infinity by digits": (
        "home_figures",
        lambda page: page.replace('"loss": 0.25', '"loss": 1e999', 1),
    ),
    "a figure beyond all curves": ("home_figures", epochs({**EPOCH, "loss": 1e300})),
    "a huge shape": ("home_shape", first(shape=[10**9, 10**9])),
    "a negative shape": ("home_shape", first(shape=[-1, 5])),
    "another shape": ("home_shape", first(shape=[5, 64])),
    "a shape of fractions": ("home_damaged", first(shape=[64.0, 5.0])),
    "a shape that is text": ("home_damaged", first(shape="64x5")),
    "deep shapes": ("home_damaged", first(shape=[[[[64]]], 5])),
    "objects as numbers": ("home_dtype", first(dtype="object")),
    "markup as a kind of numbers": ("home_dtype", first(dtype=MARKUP)),
    "other names": ("home_names", first(name="__reduce__")),
    "markup as a name": ("home_names", first(name=MARKUP)),
    "a weight too few": ("home_names", arrays(lambda found: found[1:])),
    "a weight twice": ("home_names", arrays(lambda found: [*found, found[0]])),
    "the decoder alone": ("home_decoder", said(arrays=[])),
    "no list of weights": ("home_damaged", said(arrays={"a": 1})),
    "weights that end early": ("home_length", numbers(lambda text: text[:-400])),
    "more weights": ("home_length", numbers(lambda text: text + "AAAA" * 9)),
    "no weights": ("home_length", numbers(lambda _: "")),
    "signs among the weights": ("home_base64", numbers(lambda text: "é*" + text[3:])),
    "line ends among the weights": ("home_base64", numbers(lambda text: "\n" * 4 + text[4:])),
    "NaN as a weight": ("home_finite", weights(float("nan"))),
    "infinity as a weight": ("home_finite", weights(float("-inf"))),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_or_hostile_file_is_one_sentence(name):
    key, damage = DAMAGES[name]
    page = damage(PAGE)
    with pytest.raises(UserError) as raised:
        read(page if isinstance(page, bytes) else page.encode())
    check(raised.value, key)  # in every language


def test_there_are_enough_of_them():
    assert len(DAMAGES) >= 40


@pytest.mark.parametrize("cut", range(0, len(PAGE), 97))
def test_a_file_that_ends_anywhere_is_read_or_refused(cut):
    try:
        found = read(PAGE[:cut].encode())
    except UserError as error:
        check(error, error.key)
    else:  # all that matters is there
        assert found.weights.keys() == FILE.weights.keys()


def test_what_a_file_declares_takes_no_memory_before_it_is_compared():
    page = said(arrays=[{"name": "a", "dtype": "float32", "shape": [10**6, 10**6]}])(PAGE)
    assert isinstance(page, str)
    tracemalloc.start()
    with refused("home_names"):
        read(page.encode())
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20 * len(page)


def test_the_names_of_presets_that_are_gone_are_left_out():
    page = said(preset=MARKUP)(PAGE)
    assert isinstance(page, str)
    assert read(page.encode()).preset == ""
