"""The command line encodes and decodes arrays; what does not fit is one sentence."""

import numpy as np
import pytest

from ae_core.__main__ import main
from ae_core.data.loading import load_images
from ae_core.models import arrays
from ae_core.models.pretrained import cards
from tests.helpers.refusals import refused

DIGITS = cards()["digits-dense"].model_file()


def written(folder, array, name="in.npy"):
    np.save(folder / name, array)
    return folder / name


def command(folder, action, source, target):
    return main([action, "--model", "digits-dense", str(folder / source), str(folder / target)])


def test_decoding_a_code_is_the_reconstruction(tmp_path, capsys):
    pictures = load_images("digits", 32).test[:5]
    written(tmp_path, pictures)
    assert command(tmp_path, "encode", "in.npy", "code.npy") == 0
    assert "code.npy: (5, 16) float32" in capsys.readouterr().out
    assert command(tmp_path, "decode", "code.npy", "decoded.npy") == 0
    assert command(tmp_path, "reconstruct", "in.npy", "out.npy") == 0
    decoded, whole = (np.load(tmp_path / name) for name in ("decoded.npy", "out.npy"))
    np.testing.assert_allclose(decoded, whole, atol=1e-6)
    assert np.square(whole - pictures).mean() < 0.01


@pytest.mark.parametrize(
    ("action", "array", "key"),
    [
        ("encode", np.zeros((2, 28, 28, 1)), "array_shape"),
        ("encode", np.zeros((0, 32, 32, 1)), "array_shape"),
        ("decode", np.zeros(16), "array_shape"),
        ("decode", np.zeros((1, 16), complex), "array_shape"),
        ("decode", np.full((1, 16), np.nan), "array_finite"),
        ("reconstruct", np.full((1, 32, 32, 1), 255), "array_range"),
    ],
)
def test_an_array_that_does_not_fit_is_refused(tmp_path, action, array, key):
    with refused(key, name="in.npy"):
        arrays.apply(DIGITS, action, written(tmp_path, array))


def test_what_is_no_array_is_refused(tmp_path):
    (tmp_path / "text.npy").write_text("1, 2")
    np.savez(tmp_path / "two.npz", a=np.zeros(2))
    np.save(tmp_path / "pickled.npy", np.array([None]), allow_pickle=True)
    for name in ("text.npy", "two.npz", "pickled.npy"):
        with refused("array_unreadable", name=name):
            arrays.apply(DIGITS, "encode", tmp_path / name)
    with refused("file_unreadable"):
        arrays.apply(DIGITS, "encode", tmp_path / "absent.npy")


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    with refused("file_ending", ending=".npy"):
        arrays.write(tmp_path / "out.png", np.zeros(1))
    with refused("file_unwritable"):
        arrays.write(tmp_path / "absent" / "out.npy", np.zeros(1))
