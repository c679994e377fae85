"""What a page says of JPEG against SciPy's transform and Pillow's files."""

import io

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect
from scipy.fft import dctn, idctn
from skimage import data

from ae_core.metrics import psnr
from pages.ui.widgets.component import address
from tests.helpers.lab_page import box_of, open_page

SIDE = 8
NEAR = 0.02  # of a step
FINE = 5  # a smaller step is lost in the rounding of the pixels
THROUGH = """async ([from, pixels, width, height, quality]) => {
  const { squaresOf, transformed, rounded, restored } = await import(from);
  const squares = squaresOf(pixels, width, height);
  const waves = squares.map(transformed);
  const kept = waves.map((each) => rounded(each, quality));
  return [squares, waves, kept, kept.map(restored), waves.map(restored)];
}"""


def squares_of(picture):
    """The 8×8 squares of a picture (H, W), which goes on beyond its edge: (N, 8, 8)."""
    down, across = (-side % SIDE for side in picture.shape)
    whole = np.pad(picture, ((0, down), (0, across)), "edge")
    height, width = whole.shape
    parts = whole.reshape(height // SIDE, SIDE, width // SIDE, SIDE)
    return parts.transpose(0, 2, 1, 3).reshape(-1, SIDE, SIDE)


def picture_of(squares, shape):
    """Undo `squares_of` for a picture of a shape (H, W)."""
    down, across = (-(-side // SIDE) for side in shape)
    parts = squares.reshape(down, across, SIDE, SIDE).transpose(0, 2, 1, 3)
    return parts.reshape(down * SIDE, across * SIDE)[: shape[0], : shape[1]]


def is_as_pillow_has_it(found, picture, quality):
    """But for numbers so near a half that libjpeg, whose cosines are whole, rounds them away."""
    buffer = io.BytesIO()
    Image.fromarray(picture.astype(np.uint8)).save(buffer, "JPEG", quality=quality)
    file = Image.open(buffer)
    steps = np.array(file.quantization[0]).reshape(SIDE, SIDE)
    apart = squares_of(found - np.asarray(file, np.float64))
    otherwise = np.round(dctn(apart, axes=(1, 2), norm="ortho") / steps)
    waves = np.abs(dctn(squares_of(picture) - 128.0, axes=(1, 2), norm="ortho")) / steps
    if steps.min() < FINE:
        assert np.abs(apart).max() < FINE
        return
    assert (np.abs(waves % 1 - 0.5)[otherwise != 0] < NEAR).all()
    assert (np.abs(otherwise) <= 1).all()
    assert np.abs(apart - idctn(otherwise * steps, axes=(1, 2), norm="ortho")).max() < 1.5


@pytest.mark.samples(6)
@pytest.mark.parametrize("quality", [1, 10, 49, 50, 75, 95])
@pytest.mark.parametrize("shape", [(64, 64), (28, 28), (61, 83)])
def test_the_waves_are_scipy_s_and_the_picture_again_is_pillow_s(scripts, shape, quality):
    picture = data.camera()[100:, 200:][: shape[0], : shape[1]]
    sent = [picture.ravel().tolist(), shape[1], shape[0], quality]
    made = scripts.evaluate(THROUGH, [address("widgets/dct.js"), *sent])
    squares, waves, kept, back, same = (np.array(each).reshape(-1, SIDE, SIDE) for each in made)
    np.testing.assert_array_equal(squares, squares_of(picture))
    wanted = dctn(squares - 128.0, axes=(1, 2), norm="ortho")
    np.testing.assert_allclose(waves, wanted, atol=1e-9)
    np.testing.assert_array_equal(same, squares)  # nothing is lost but by rounding
    assert np.abs(kept - waves).max() <= 255 / 2 + 1e-6
    is_as_pillow_has_it(picture_of(back, shape), picture, quality)


READ = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({ length: canvas.height }, (_, y) =>
    Array.from({ length: canvas.width }, (_, x) => data[4 * (y * canvas.width + x)]));
}"""


def test_a_square_and_a_quality_are_chosen_and_the_words_are_true(page):
    """On Measure, by keyboard and mouse; it begins with the quality of the file above."""
    open_page(page, "/measure?model=digits-dense")
    root = page.locator(".jpeg")
    quality, place = (root.get_by_role("slider", name=name) for name in ("Quality", "Square"))
    expect(root.locator(".said")).to_contain_text("dB")
    file = page.locator("figcaption", has_text="JPEG file")
    assert f"quality {quality.input_value()}" in file.inner_text().splitlines()
    place.press("Home")
    place.press("ArrowRight")
    quality.press("Home")
    check_words(root, quality=1, place=2)
    for _ in range(9):
        quality.press("ArrowRight")
    check_words(root, quality=10, place=2)
    whole = root.locator(".picture canvas")
    width, height = (round(box_of(whole)[side]) for side in ("width", "height"))
    whole.click(position={"x": width - 3, "y": height - 3})
    quality.press("End")
    check_words(root, quality=95, place=16)
    assert box_of(root.locator(".mark"))["x"] > box_of(whole)["x"] + 0.7 * width


def check_words(root, quality, place):
    """What stands there is what SciPy and Pillow make of the picture that is shown."""
    sliders = [root.get_by_role("slider", name=name) for name in ("Quality", "Square")]
    assert [each.input_value() for each in sliders] == [str(quality), str(place)]
    shown = [root.locator(f".{name} canvas") for name in ("picture", "picture-back", "square-back")]
    picture, again, square = (np.array(each.evaluate(READ), np.float64) for each in shown)
    is_as_pillow_has_it(again, picture, quality)
    np.testing.assert_array_equal(squares_of(again)[place - 1], square)
    waves = dctn(squares_of(picture)[place - 1] - 128, norm="ortho").ravel()
    cells = root.locator(".waves span")
    written = np.array([int(each) for each in cells.all_inner_texts()])
    assert np.abs(written - waves).max() < 0.5 + 1e-6
    said = root.locator(".said").inner_text()
    count = root.locator(".waves .kept").count()
    assert said.startswith(f"JPEG keeps {count} of the square's 64 numbers, and ")
    assert said.endswith(f"{psnr(again / 255, picture / 255):.1f} dB.")
