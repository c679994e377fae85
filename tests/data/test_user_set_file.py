"""Files of visitors' image sets from earlier versions: they are read, or they are damaged."""

import json

import numpy as np
import pytest

from ae_core.data.user_set_file import read
from ae_core.storage.files import DamagedFile

SET_ID = "28-0123456789ab"


def pictures(count, side=28):
    return np.random.default_rng(0).integers(0, 256, (count, side, side), np.uint8)


def npz(path, **arrays):
    np.savez(path, **arrays)


ABOUT = json.dumps({"name": "x", "owner": "ada", "created": 1.0, "next_number": 2, "changes": 1})
GOOD = {"about": np.array(ABOUT), "pixels": pictures(2), "numbers": np.arange(2)}


@pytest.fixture
def path(tmp_path):
    """The file of a set of two images."""
    npz(tmp_path / f"{SET_ID}.npz", **GOOD)
    return tmp_path / f"{SET_ID}.npz"


def test_a_file_is_read(path):
    about, images = read(path)
    assert (about.id, about.name, about.owner, about.created) == (SET_ID, "x", "ada", 1.0)
    assert (about.count, about.next_number, about.changes) == (2, 2, 1)
    assert about.channels == 1
    np.testing.assert_array_equal(images.pixels[..., 0], pictures(2))
    assert images.numbers.tolist() == [0, 1]


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"hello"),
        lambda path: path.write_bytes(path.read_bytes()[:-100]),
        lambda path: npz(path, **{k: v for k, v in GOOD.items() if k != "about"}),
        lambda path: npz(path, **GOOD | {"about": np.array("[]")}),
        lambda path: npz(path, **GOOD | {"about": np.array({"name": "x"}, dtype=object)}),
        lambda path: npz(path, **GOOD | {"pixels": pictures(3)}),
        lambda path: npz(path, **GOOD | {"pixels": pictures(2, 32)}),
        lambda path: npz(path, **GOOD | {"pixels": pictures(2).astype(np.float32)}),
        lambda path: npz(path, **GOOD | {"about": np.array(ABOUT.replace('"x"', "7"))}),
        lambda path: npz(path, **GOOD | {"about": np.array(ABOUT.replace("1.0", "NaN"))}),
        lambda path: npz(path, **GOOD | {"about": np.array(ABOUT.replace("1.0", "1e300"))}),
        lambda path: npz(path, **GOOD | {"about": np.array(ABOUT.replace("2,", "2.5,"))}),
        lambda path: npz(path, **GOOD | {"about": np.array("[" * 100_000)}),
        lambda path: npz(path, **GOOD | {"numbers": np.array([-1, 0])}),
        lambda path: npz(path, **GOOD | {"numbers": np.array([0, 2**62])}),
        lambda path: npz(path, **GOOD | {"numbers": np.array([1, 1])}),
        lambda path: npz(path, **GOOD | {"numbers": np.arange(2.0)}),
        lambda path: npz(path, **GOOD | {"pixels": np.array([{}, {}], dtype=object)}),
    ],
)
def test_a_damaged_file_is_named_in_the_log(path, damage, caplog):
    damage(path)
    with pytest.raises(DamagedFile):
        read(path)
    assert f"{path} is damaged" in caplog.text
