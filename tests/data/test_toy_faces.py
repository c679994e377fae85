import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.data.sdf import ZOOM
from ae_core.data.toy_faces import BATCH, FACTORS, draw_faces, sample_factors

CHANNELS = st.sampled_from([1, 3])
NAMES = [factor.name for factor in FACTORS]
# left, right, top, bottom, in the coordinates of the drawing: nothing outside may change
REGIONS = {
    "smile": (-0.3, 0.3, 0.28, 0.62),
    "eye_openness": (-0.42, 0.42, -0.17, 0.2),
    "brows": (-0.46, 0.46, -0.45, -0.05),
    "glasses": (-0.75, 0.75, -0.29, 0.33),
    "gaze": (-0.39, 0.39, -0.15, 0.18),
}


def sweep(name, values, channels=1, **fixed):
    rows = np.zeros((len(values), len(FACTORS)), np.float32)
    for key, value in fixed.items():
        rows[:, NAMES.index(key)] = value
    rows[:, NAMES.index(name)] = values
    faces = draw_faces(rows, channels=channels)
    return faces if channels > 1 else faces[..., 0]


rows_of_factors = st.lists(
    st.lists(st.floats(-1, 1, width=32), min_size=len(FACTORS), max_size=len(FACTORS)),
    min_size=1,
    max_size=3,
).map(lambda rows: np.array(rows, np.float32))


@settings(max_examples=40, deadline=None)
@given(factors=rows_of_factors, size=st.integers(16, 70), channels=CHANNELS)
def test_any_factors_give_a_picture_in_range(factors, size, channels):
    pictures = draw_faces(factors, size, channels)
    assert pictures.shape == (len(factors), size, size, channels)
    assert pictures.dtype == np.float32
    assert np.isfinite(pictures).all()
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    assert np.ptp(pictures) > 0.5  # there is a face on it


@settings(max_examples=20, deadline=None)
@given(factors=rows_of_factors, index=st.integers(0, len(FACTORS) - 1), channels=CHANNELS)
def test_a_small_step_of_a_factor_is_a_small_step_of_the_picture(factors, index, channels):
    near = factors.copy()
    near[:, index] = np.clip(near[:, index] + 1e-3, -1, 1)
    change = np.abs(draw_faces(near, channels=channels) - draw_faces(factors, channels=channels))
    assert change.mean() < 2e-3


def test_factors_are_sampled_evenly_independently_and_reproducibly():
    rows = sample_factors(20000, np.random.default_rng(5))
    assert rows.shape == (20000, len(FACTORS))
    assert rows.dtype == np.float32
    assert np.abs(rows).max() <= 1
    assert np.abs(rows.mean(axis=0)).max() < 0.03
    assert np.abs(rows.var(axis=0) - 1 / 3).max() < 0.02
    assert np.abs(np.corrcoef(rows.T) - np.eye(len(FACTORS))).max() < 0.04
    assert np.array_equal(rows, sample_factors(20000, np.random.default_rng(5)))


def test_names_are_distinct_and_the_asked_for_eight_are_there():
    asked = ["smile", "eye_openness", "brows", "face_width", "hair", "skin", "glasses", "gaze"]
    assert set(asked) <= set(NAMES)
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [32, 64, 150])
def test_a_row_gives_the_same_bits_in_any_batch(size, channels):
    factors = sample_factors(BATCH + 9, np.random.default_rng(1))
    together = draw_faces(factors, size, channels)
    for row in (0, 7, BATCH - 1, BATCH, BATCH + 8):
        alone = draw_faces(factors[row : row + 1], size, channels)
        assert np.array_equal(alone[0], together[row])
    assert np.array_equal(draw_faces(factors[::-1], size, channels)[::-1], together)


@pytest.mark.parametrize(
    ("size", "digest"),
    [(32, "efd0a530f42a13938b48be255f4f9e2c"), (64, "c73aa2bb77a238043a3357e5b268f7b2")],
)
def test_gray_faces_have_the_bits_that_runs_were_trained_on(size, digest):
    """Those of the version before colour."""
    faces = draw_faces(sample_factors(137, np.random.default_rng(3)), size)
    assert hashlib.sha256(faces.tobytes()).hexdigest()[:32] == digest


def test_colour_shows_the_skin_hair_and_clothes_of_people():
    rows = np.zeros((9, len(FACTORS)), np.float32)
    rows[:, NAMES.index("skin")] = np.linspace(-1, 1, 9)
    rows[:, NAMES.index("glasses")] = -1
    faces = draw_faces(rows, 64, 3)
    skin = faces[:, 40, 28]  # a cheek
    assert (np.diff(skin, axis=0) > 0).all()  # lighter in every channel
    assert (np.diff(skin.mean(axis=1)) > 0.02).all()
    for part in (skin, faces[:, 8, 32], faces[:, 63, 18]):  # skin, hair and the shirt are warm
        assert (np.diff(part, axis=1) < -0.02).all()
    assert (np.diff(faces[:, 2, 2], axis=1) > 0.02).all()  # before a sky
    assert np.ptp(faces[:, 8, 32], axis=0).max() < 1e-6  # only the skin's factor changes the skin


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", REGIONS)
def test_a_factor_changes_only_its_region(name, channels):
    low, high = (sample_factors(40, np.random.default_rng(2)) for _ in range(2))
    low[:, NAMES.index(name)], high[:, NAMES.index(name)] = -1, 1
    before, after = (draw_faces(each, channels=channels) for each in (low, high))
    change = np.abs(after - before).max(axis=(0, 3))
    centre = (np.arange(64) + 0.5 - 32) / 32 / ZOOM
    left, right, top, bottom = REGIONS[name]
    margin = 2 / 64
    inside = ((centre > left - margin) & (centre < right + margin))[None, :] & (
        (centre > top - margin) & (centre < bottom + margin)
    )[:, None]
    assert change[inside].max() > 0.1
    assert change[~inside].max() == 0


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_every_factor_is_clearly_visible_at_every_step_of_its_range(name, channels):
    faces = sweep(name, np.linspace(-1, 1, 9, dtype=np.float32), channels, glasses=-1)
    faces = faces.reshape(9, 64, -1)
    assert np.abs(np.diff(faces, axis=0)).max(axis=(1, 2)).min() > 0.04
    assert np.abs(faces[-1] - faces[0]).max() > 0.35
    # The further apart two values, the further apart the faces: no value looks like another.
    apart = np.square(faces[:, None] - faces[None]).mean(axis=(2, 3))
    assert (apart + np.eye(9) > 0.5 * np.diag(apart, 1).min()).all()


def test_factors_mean_what_their_names_say():
    steps = np.linspace(-1, 1, 9, dtype=np.float32)
    centre = (np.arange(64) + 0.5 - 32) / 32 / ZOOM
    eyes = (np.abs(centre - 0.02) < 0.17)[:, None] & (np.abs(np.abs(centre) - 0.23) < 0.16)[None, :]
    white = (sweep("eye_openness", steps, glasses=-1)[:, eyes] > 0.9).sum(axis=1)
    assert (np.diff(white) >= 0).all()
    assert white[-1] > white[0] + 20
    skin = sweep("skin", steps, glasses=-1)[:, 40, 28]  # a cheek
    assert (np.diff(skin) > 0.03).all()
    hair = (sweep("hair", steps, glasses=-1) < 0.2).sum(axis=(1, 2))
    assert (np.diff(hair) > 0).all()
    wide = (np.abs(sweep("face_width", steps, hair=-1)[:, 45] - 0.85) > 0.1).sum(axis=1)
    assert (np.diff(wide) >= 0).all()
    assert wide[-1] > wide[0] + 8
    above, right = (centre > -0.4) & (centre < -0.12), np.abs(centre - 0.25) < 0.1
    brow = np.clip(0.6 - sweep("brows", steps, skin=1, glasses=-1)[:, above][:, :, right], 0, None)
    height = (brow * centre[above, None]).sum(axis=(1, 2)) / brow.sum(axis=(1, 2))
    assert (np.diff(height) < 0).all()
    mouth = sweep("smile", steps, glasses=-1)
    low = (centre > 0.3) & (centre < 0.6)
    mark = np.abs(mouth - mouth[:, 40:41, 28:29])[:, low]
    middle, corner = (
        (mark[:, :, columns] * centre[low, None]).sum(axis=(1, 2))
        / mark[:, :, columns].sum(axis=(1, 2))
        for columns in (np.abs(centre) < 0.04, np.abs(np.abs(centre) - 0.13) < 0.02)
    )
    assert (np.diff(middle - corner) > 0).all()
    frames = sweep("glasses", steps)[:, eyes.any(axis=1)].mean(axis=(1, 2))
    assert (np.diff(frames) < 0).all()
    left_eye = np.abs(centre + 0.23) < 0.15
    row = sweep("gaze", steps, glasses=-1, eye_openness=1)[:, 32][:, left_eye]
    dark = np.clip(0.9 - row, 0, None)
    assert (np.diff((dark * centre[left_eye]).sum(axis=1) / dark.sum(axis=1)) > 0).all()


def test_no_rows_give_no_pictures():
    assert draw_faces(np.zeros((0, len(FACTORS)), np.float32)).shape == (0, 64, 64, 1)


@pytest.mark.parametrize(
    ("factors", "size", "message"),
    [
        (np.zeros((2, 3)), 64, r"factors\.shape=\(2, 3\) must be \(N, 8\)"),
        (np.zeros(8), 64, r"factors\.shape=\(8,\) must be \(N, 8\)"),
        (np.full((1, 8), 1.01), 64, "factors must be finite and between -1 and 1"),
        (np.full((1, 8), np.nan), 64, "factors must be finite and between -1 and 1"),
        (np.zeros((1, 8)), 8, "size=8 must be between 16 and 512"),
    ],
)
def test_wrong_arguments_are_named(factors, size, message):
    with pytest.raises(ValueError, match=message):
        draw_faces(factors, size)


def test_two_channels_are_none():
    with pytest.raises(ValueError, match="channels=2 must be 1 or 3"):
        draw_faces(np.zeros((1, 8)), 64, 2)
