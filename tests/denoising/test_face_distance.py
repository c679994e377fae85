"""The percentile of a picture among held-out faces: spread evenly, and 100 for what is no face."""

import numpy as np
import pytest

from ae_core.data.loading import load_images
from ae_core.denoising.face_distance import FaceDistance


@pytest.fixture(scope="module")
def toys():
    return load_images("toy-faces")


@pytest.fixture(scope="module")
def likeness(toys):
    return FaceDistance.fit(toys.train[:1000], toys.test[:500])


@pytest.fixture(scope="module")
def unknown(toys):
    return toys.test[500:800]


def percentiles(likeness, images):
    return np.array([likeness.percentile(image) for image in images])


def test_the_faces_it_was_measured_on_are_spread_evenly(likeness, toys):
    ours = np.sort(percentiles(likeness, toys.test[:500]))
    assert ours == pytest.approx(np.linspace(0, 100, 500), abs=1)


def test_other_faces_are_spread_evenly(likeness, unknown):
    deciles = np.percentile(percentiles(likeness, unknown), [10, 25, 50, 75, 90])
    assert deciles == pytest.approx([10, 25, 50, 75, 90], abs=10)


NO_FACES = {
    "noise": np.random.default_rng(0).random((64, 64, 1), np.float32),
    "noise in colour": np.random.default_rng(1).random((50, 80, 3), np.float32),
    "black": np.zeros((64, 64, 1), np.float32),
    "gray": np.full((64, 64, 1), 0.5, np.float32),
    "white": np.ones((64, 64, 3), np.float32),
    "one pixel": np.ones((1, 1, 1), np.float32),
}


@pytest.mark.parametrize("name", NO_FACES)
def test_what_is_no_face_is_farther_than_nearly_all_faces(likeness, name):
    assert likeness.percentile(NO_FACES[name]) > 99


def test_faces_upside_down_are_farther_than_nearly_all_faces(likeness, unknown):
    assert percentiles(likeness, unknown[:50, ::-1]).min() > 99


@pytest.mark.parametrize("contrast", [1, 0.6, 0.3])
@pytest.mark.parametrize("light", [-0.2, 0, 0.7])
def test_light_and_contrast_do_not_count(likeness, unknown, contrast, light):
    faces = unknown[:30]
    wanted = percentiles(likeness, faces)
    assert percentiles(likeness, contrast * faces + light) == pytest.approx(wanted, abs=0.5)


def test_colour_counts_as_its_mean_and_enlargement_hardly(likeness, unknown):
    gray = percentiles(likeness, unknown[:20])
    assert percentiles(likeness, np.repeat(unknown[:20], 3, axis=-1)) == pytest.approx(
        gray, abs=0.1
    )
    enlarged = unknown[:20].repeat(3, axis=1).repeat(3, axis=2)
    assert percentiles(likeness, enlarged) == pytest.approx(gray, abs=0.1)


def test_the_more_noise_the_farther(likeness, unknown):
    noise = np.random.default_rng(0).random((64, 64, 1), np.float32)
    for face in unknown[:20]:
        shares = [
            likeness.percentile((1 - share) * face + share * noise)
            for share in (0.2, 0.4, 0.6, 0.8, 1)
        ]
        assert shares == sorted(shares)


def test_the_percentile_grows_with_the_distance(likeness):
    assert likeness.distances.shape == (101,)
    assert (np.diff(likeness.distances) >= 0).all()


def test_through_bytes_but_for_float16(likeness, unknown):
    back = FaceDistance.from_bytes(likeness.to_bytes())
    assert back.pca.components == pytest.approx(likeness.pca.components, rel=2**-11, abs=2**-24)
    assert back.pca.mean == pytest.approx(likeness.pca.mean, rel=2**-11, abs=2**-24)
    assert np.array_equal(back.distances, likeness.distances)
    assert percentiles(back, unknown) == pytest.approx(percentiles(likeness, unknown), abs=0.5)
    assert back.to_bytes() == likeness.to_bytes()
