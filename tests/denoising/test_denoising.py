"""What a worker answers the Denoise page, called in this process on the models of the app."""

import io
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from skimage import data

from ae_core import metrics
from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.image_files import open_image
from ae_core.data.loading import load_images
from ae_core.denoising import denoise as denoising
from ae_core.denoising import filters, photos
from ae_core.denoising.denoise import classical, clean_photo, denoise, prepared
from ae_core.denoising.faces import MIDDLE, Crop
from ae_core.denoising.photos import cut_face, find_faces, middle_square, take_photo, turn
from ae_core.errors import Message
from ae_core.images import to_array, to_bytes_range, to_pillow
from ae_core.models import inference, weights
from ae_core.models.compatibility import image_shape
from ae_core.models.pretrained import cards
from ae_core.specs import CHOICES, Corruption, DenoiserSpec
from ae_core.storage.files import ROOT
from tests.helpers.encoded import encoded
from tests.helpers.refusals import refused

ORIENTATION = 0x0112
DENOISER = cards()["face-denoiser"].model_file()
DENOISERS = [name for name, card in cards().items() if isinstance(card.spec, DenoiserSpec)]
MODERATE = {
    "gaussian": 0.2,
    "heteroscedastic": 0.2,
    "salt-and-pepper": 0.2,
    "speckle": 0.4,
    "masking": 0.3,
    "block": 0.05,
    "blur": 0.3,
    "jpeg": 0.85,
}
MUCH = Corruption("gaussian", 0.2)


@pytest.fixture(scope="module")
def face():
    return photos.samples()[0]


@pytest.fixture(scope="module")
def astronaut():
    return Image.fromarray(data.astronaut())


# --- denoise ---------------------------------------------------------------------------------


@pytest.mark.samples(1)
@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("kind", ["gaussian", "salt-and-pepper", "block"])
def test_the_same_seed_gives_the_same_noise_and_figures(face, kind, colour):
    noise = Corruption(kind, MODERATE[kind])
    first, again, other = (
        denoise(DENOISER, face, noise, seed, colour=colour) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first.noisy.image, again.noisy.image)
    np.testing.assert_array_equal(first.output.image, again.output.image)
    for name in ("noisy", "output"):
        one, two = getattr(first, name), getattr(again, name)
        assert (one.psnr, one.ssim) == (two.psnr, two.ssim)
    assert (first.noise, first.residual_noise, first.ood_percentile) == (
        again.noise,
        again.residual_noise,
        again.ood_percentile,
    )
    assert not np.array_equal(first.noisy.image, other.noisy.image)
    assert first.noisy.psnr != other.noisy.psnr


@pytest.mark.parametrize("colour", [False, True])
def test_without_noise_the_picture_is_taken_as_it_is(face, colour):
    result = denoise(DENOISER, face, None, 0, colour=colour)
    assert result.clean is None
    np.testing.assert_array_equal(
        result.noisy.image, prepared(DENOISER, face, colour=colour), strict=True
    )
    assert [result.noisy.name, result.output.name] == ["Photo", "Denoised"]
    for version in (result.noisy, result.output):
        assert version.psnr is None
        assert version.ssim is None


@pytest.mark.parametrize("colour", [False, True])
def test_figures_are_those_of_the_pictures_that_come_with_them(face, colour):
    result = denoise(DENOISER, face, MUCH, 0, colour=colour)
    clean = prepared(DENOISER, face, colour=colour)
    np.testing.assert_array_equal(result.clean.image, clean)
    assert result.noise == filters.estimate_noise(result.noisy.image)
    assert result.residual_noise == filters.estimate_noise(result.output.image)
    for version in (
        result.noisy,
        result.output,
        *classical(DENOISER, face, MUCH, 0, colour=colour),
    ):
        assert version.image.shape == clean.shape
        assert version.image.dtype == np.float32
        assert ((version.image >= 0) & (version.image <= 1)).all()
        assert version.psnr == pytest.approx(metrics.psnr(clean, version.image))
        assert version.ssim == pytest.approx(metrics.ssim(clean, version.image))
    assert result.residual_noise < result.noise
    assert 0 <= result.ood_percentile <= 100


@pytest.mark.parametrize("name", DENOISERS)
def test_a_denoiser_knows_a_face_from_a_cat(name, astronaut):
    """An astronaut of another photo is one face of many, a cat is none."""
    model = cards()[name].model_file()
    cat = middle_square(encoded(Image.fromarray(data.chelsea()), "PNG"))
    framing = IMAGE_SETS[model.spec.image_set].framing
    face = photos.samples(framing, model.spec.channels)[0]
    noise = Corruption("gaussian", 0.1)
    known, strange = (
        denoise(model, image, noise, 0, colour=False).ood_percentile for image in (face, cat)
    )
    assert known < 90
    assert strange > 98


def test_there_is_a_moderate_amount_of_every_noise():
    assert set(MODERATE) == set(CHOICES["noise_kind"]) - {"none"}


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("kind", MODERATE)
@pytest.mark.parametrize("name", DENOISERS)
def test_every_noise_gets_less(face, name, kind, colour):
    model = cards()[name].model_file()
    result = denoise(model, face, Corruption(kind, MODERATE[kind]), 0, colour=colour)
    least = -0.1 if kind in ("blur", "jpeg") else 0  # little can be won there
    assert result.output.psnr - result.noisy.psnr > least


@pytest.mark.parametrize("name", DENOISERS)
@pytest.mark.parametrize("noise", [None, Corruption("gaussian", 0.1)], ids=["clean", "noisy"])
@pytest.mark.parametrize("rgb", [(200, 60, 60), (40, 90, 200), (30, 160, 60), (128, 128, 128)])
def test_colour_keeps_its_hue(name, rgb, noise):
    flat = np.full((96, 96, 3), rgb, np.uint8)
    card = cards()[name]
    output = denoise(card.model_file(), flat, noise, 0, colour=True).output.image
    # Behind noise, what has seen faces in colour expects little that is green.
    far = 0.08 if noise and card.spec.channels == 3 else 0.02
    assert output.mean(axis=(0, 1)) == pytest.approx(np.array(rgb) / 255, abs=far)
    assert np.argsort(output.mean(axis=(0, 1)))[-1] == np.argmax(rgb) or len(set(rgb)) == 1


def test_a_flat_colour_is_without_noise():
    flat = np.full((96, 96, 3), (200, 60, 60), np.uint8)
    assert denoise(DENOISER, flat, None, 0, colour=True).noise == 0


@pytest.mark.parametrize("name", DENOISERS)
@pytest.mark.parametrize("level", [30, 128, 220])
def test_gray_stays_gray_in_colour(name, level):
    """But for a pixel in a corner, where a network that sees colour knows least of the picture."""
    flat = np.full((64, 64, 3), level, np.uint8)
    output = denoise(cards()[name].model_file(), flat, None, 0, colour=True).output.image
    tint = np.ptp(output, axis=-1)
    assert np.percentile(tint, 99) < 0.01
    assert tint.max() < 0.05


@pytest.mark.parametrize("name", DENOISERS)
@pytest.mark.parametrize("side", [64, 65, 67, 71, 75])
def test_odd_sizes_work_in_colour(name, face, side):
    result = denoise(cards()[name].model_file(), face[:side, :side], MUCH, 0, colour=True)
    assert result.output.image.shape == (side, side, 3)
    assert result.output.psnr > result.noisy.psnr


def test_a_large_crop_is_denoised_as_large_in_colour_and_as_the_lesson_in_gray():
    big = np.asarray(Image.fromarray(data.astronaut()).resize((511, 511)))
    assert denoise(DENOISER, big, MUCH, 0, colour=True).output.image.shape == (511, 511, 3)
    assert denoise(DENOISER, big, MUCH, 0, colour=False).output.image.shape == (64, 64, 1)


@pytest.mark.parametrize("name", DENOISERS)
def test_a_photo_in_bytes_is_denoised_as_one_in_numbers(name, face):
    model = cards()[name].model_file()
    bytes_, noise = clean_photo(model, face)
    exact = denoise(model, face, None, 0, colour=True)
    assert (bytes_.shape, bytes_.dtype, noise) == (face.shape, np.uint8, exact.noise)
    np.testing.assert_allclose(
        bytes_, 255 * exact.output.image, atol=0.75
    )  # chroma is rounded, too


@pytest.mark.samples(2)
@pytest.mark.parametrize("name", [name for name in cards() if name not in DENOISERS])
@pytest.mark.parametrize("colour", [False, True])
def test_an_autoencoder_sees_the_picture_at_its_own_size(face, name, colour):
    card = cards()[name]
    model = card.model_file()
    shape = image_shape(card.spec)
    result = denoise(model, face, MUCH, 0, colour=colour)
    for version in (result.clean, result.noisy, result.output):
        assert version.image.shape == shape
    assert {v.image.shape for v in classical(model, face, MUCH, 0, colour=colour)} == {shape}


@pytest.mark.parametrize("noise", [MUCH, None], ids=["noise", "none"])
def test_five_classical_filters_get_the_same_noisy_picture(face, noise):
    rivals = classical(DENOISER, face, noise, 5, colour=False)
    noisy = denoise(DENOISER, face, noise, 5, colour=False).noisy
    assert [rival.name for rival in rivals] == list(filters.FILTERS)
    assert len(rivals) == 5
    for rival in rivals:
        np.testing.assert_array_equal(rival.image, filters.filtered(rival.name, noisy.image))
        assert (rival.psnr is None) == (rival.ssim is None) == (noise is None)
        assert noise is None or rival.psnr > noisy.psnr


@pytest.mark.parametrize("name", ["face-denoiser", "digits-dense"])
def test_weights_that_are_not_finite_are_refused_by_the_name_of_their_layer(face, tmp_path, name):
    card = cards()[name]
    arrays = weights.dequantize(weights.from_bytes(card.weights.read_bytes()))
    layer = list(arrays)[-1]
    arrays[layer] = arrays[layer].copy()
    arrays[layer].flat[0] = np.nan
    path = tmp_path / "weights.npz"
    path.write_bytes(weights.to_bytes(arrays))
    model = replace(card.model_file(), path=str(path), version=1)
    with refused("weights", problem=Message.of("weights_finite", name=layer)):
        denoise(model, face, MUCH, 0, colour=False)


@pytest.mark.parametrize("channels", [1, 3])
def test_drawn_samples_are_the_first_test_images(channels):
    tests = load_images("toy-faces", channels=channels).test
    drawn = photos.samples(channels=channels)[1:]
    np.testing.assert_array_equal(drawn, to_bytes_range(tests[: photos.DRAWN_SAMPLES]))


def test_samples_are_square():
    samples = photos.samples()
    assert len(samples) == 1 + photos.DRAWN_SAMPLES
    for image in samples:
        assert image.dtype == np.uint8
        assert image.shape[0] == image.shape[1] >= 64


# --- take_photo: what is accepted ------------------------------------------------------------


def assert_shows_her_face(photo, height=1.0):
    """The first face found is the astronaut's; the photo is the upper ``height`` of hers."""
    first = find_faces(photo.data)[0]
    assert (first.x, first.y * height) == pytest.approx((0.43, 0.245), abs=0.03)


@pytest.mark.thorough
def test_a_12_megapixel_photo_is_kept_at_1280_pixels(astronaut):
    upper = astronaut.crop((0, 0, 512, 384)).resize((4000, 3000), Image.Resampling.BICUBIC)
    photo = take_photo(encoded(upper, "JPEG", quality=90), "camera.jpg")
    assert (photo.width, photo.height) == (1280, 960)
    assert_shows_her_face(photo, 0.75)
    kept, preview = (Image.open(io.BytesIO(d)) for d in (photo.data, photo.preview))
    assert kept.size == (1280, 960)
    assert preview.size == (480, 360)
    assert cut_face(photo.data, find_faces(photo.data)[0]).shape[2] == 3


@pytest.mark.parametrize(
    ("size", "kept"),
    [((1281, 40), (1280, 40)), ((40, 2560), (20, 1280)), ((600, 700), (600, 700))],
)
def test_at_most_1280_pixels_a_side_and_never_enlarged(size, kept):
    photo = take_photo(encoded(Image.new("RGB", size, (90, 120, 30)), "PNG"), "wide.png")
    assert (photo.width, photo.height) == kept
    assert Image.open(io.BytesIO(photo.data)).size == kept


def test_a_photo_of_no_face_has_none():
    photo = take_photo(encoded(Image.new("RGB", (300, 200)), "PNG"), "black.png")
    assert find_faces(photo.data) == ()


def test_a_photo_turns_by_a_quarter_clockwise(astronaut):
    """Each turn moves the top row to the right side; the photo's pixels are kept as they are."""
    wide = astronaut.crop((0, 0, 300, 200))
    photo = take_photo(encoded(wide, "PNG"), "lying.png")
    for turns in range(1, 5):
        photo = turn(photo.data)
        wanted = np.rot90(np.asarray(wide), -turns)
        assert (photo.height, photo.width) == wanted.shape[:2]
        for kept, most in ((photo.data, 0), (photo.preview, 8)):
            with Image.open(io.BytesIO(kept)) as shown:
                difference = np.asarray(shown.convert("RGB"), int) - wanted
            assert np.abs(difference).mean() <= most


# How a camera stores a picture for each EXIF orientation; see test_pictures.py.
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[:, ::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a[::-1].swapaxes(0, 1),
}


@pytest.fixture(scope="module")
def portrait(astronaut):
    """Few pixels, which are soon searched for a face."""
    return astronaut.resize((256, 256), Image.Resampling.LANCZOS)


@pytest.fixture(scope="module")
def upright(portrait):
    return take_photo(encoded(portrait, "PNG"), "upright.png")


@pytest.mark.samples(4)
@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("kind", ["JPEG", "HEIF"])
def test_the_face_is_upright_however_the_camera_was_held(portrait, upright, kind, orientation):
    turned = STORED[orientation](np.asarray(portrait))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = Image.fromarray(np.ascontiguousarray(turned))
    photo = take_photo(encoded(stored, kind, exif=exif.tobytes(), quality=95), "held.jpg")
    assert_shows_her_face(photo)
    same = find_faces(upright.data)[0]
    there, here = (cut_face(p.data, same).astype(float) for p in (upright, photo))
    assert np.abs(there - here).mean() < 6
    assert np.abs(there - here[:, ::-1]).mean() > 12  # mirrored it would not fit


KINDS = {
    "transparent.png": lambda image: encoded(image.convert("RGBA"), "PNG"),
    "palette.png": lambda image: encoded(image.convert("P"), "PNG"),
    "16-bit.png": lambda image: encoded(
        Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257), "PNG"
    ),
    "cmyk.jpg": lambda image: encoded(image.convert("CMYK"), "JPEG", quality=95),
    "phone.heic": lambda image: encoded(image, "HEIF", quality=90),
    "web.avif": lambda image: encoded(image, "AVIF"),
    "web.webp": lambda image: encoded(image, "WEBP"),
}


@pytest.mark.samples(3)
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_file_shows_the_same_face(portrait, upright, name):
    photo = take_photo(KINDS[name](portrait), name)
    assert_shows_her_face(photo)
    same = find_faces(upright.data)[0]
    there, here = (cut_face(p.data, same).astype(float) for p in (upright, photo))
    assert here.shape == there.shape
    assert np.abs(there.mean(axis=-1) - here.mean(axis=-1)).mean() < 12  # a palette has few colours


@pytest.mark.parametrize("size", [(1, 1), (1, 8000), (8000, 1), (3, 500)])
@pytest.mark.parametrize("crop", [MIDDLE, Crop(1, 1, 0.02, -45)], ids=["middle", "corner"])
def test_the_smallest_and_thinnest_photos_can_be_cut_and_denoised(size, crop):
    photo = take_photo(encoded(Image.new("RGB", size, (9, 90, 200)), "PNG"), "thin.png")
    assert find_faces(photo.data) == ()
    face = cut_face(photo.data, crop)
    assert face.shape == (64, 64, 3)
    result = denoise(DENOISER, face, MUCH, 0, colour=True)
    assert result.output.psnr > result.noisy.psnr


@pytest.mark.samples(3)
@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(300, 200), (4000, 3000), (600, 2500)])
def test_models_see_the_middle_of_a_photo_as_they_would_see_the_file(size, kind):
    width, height = size
    y, x = np.mgrid[:height, :width]
    smooth = np.stack([255 * y // height, 255 * x // width, 0 * x], -1).astype(np.uint8)
    data = encoded(Image.fromarray(smooth), kind)
    square = middle_square(take_photo(data, "mine").data)
    assert square.dtype == np.uint8
    side = min(round(min(size) * min(1, 1280 / max(size))), 512)
    assert square.shape == (side, side, 3)
    for shape in ((64, 64, 3), (28, 28, 1)):
        wanted = to_array(open_image(data), shape)
        error = np.abs(to_array(to_pillow(square), shape) - wanted)
        assert error.mean() <= 0.5 / 255
        assert error.max() <= 3 / 255  # at the edges, which have neighbours in the whole file


def test_a_small_picture_is_seen_pixel_by_pixel():
    digit = np.random.default_rng(3).integers(0, 256, (28, 28), np.uint8)
    data = encoded(Image.fromarray(digit), "PNG")
    square = middle_square(take_photo(data, "digit.png").data)
    assert np.array_equal(square, np.stack([digit] * 3, -1))


# --- take_photo: what is refused -------------------------------------------------------------


def bad_files():
    still = Image.fromarray(data.astronaut()).convert("P")
    jpeg = encoded(Image.fromarray(data.astronaut()), "JPEG")
    moving = encoded(still, "GIF", save_all=True, append_images=[still.rotate(9)])
    line, flat = Image.new("RGB", (20_000, 1)), Image.new("RGB", (9000, 9000), (3, 4, 5))
    return {
        "empty.jpg": (b"", "file_empty", {}),
        "words.jpg": (b"My holidays were nice.\n" * 40, "file_kind", {}),
        "half.jpg": (jpeg[: len(jpeg) // 2], "file_cut", {}),
        "moving.gif": (moving, "file_kind", {}),
        "line.png": (encoded(line, "PNG"), "pixels", {"pixels": "20000×1"}),
        "large.jpg": (jpeg.ljust(30 << 20, b"\0"), "file_large", {"size": 30.0, "most": 25}),
        "flat.png": (encoded(flat, "PNG"), "pixels", {"pixels": "9000×9000", "most": 60}),
    }


@pytest.fixture(scope="module")
def bad():
    return bad_files()


@pytest.mark.samples(2)
@pytest.mark.parametrize(
    "name",
    ["empty.jpg", "words.jpg", "half.jpg", "moving.gif", "line.png", "large.jpg", "flat.png"],
)
def test_a_bad_file_is_refused_by_one_sentence(bad, name):
    content, key, values = bad[name]
    with refused(key, name=name, **values):
        take_photo(content, name)


def test_81_megapixels_in_a_quarter_of_a_megabyte_are_not_even_decoded(bad, monkeypatch):
    content, *_ = bad["flat.png"]
    assert len(content) < 300_000

    def load(image):
        raise AssertionError(f"{image.size} pixels were decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    with refused("pixels", pixels="9000×9000"):
        take_photo(content, "flat.png")


# --- autoencoders next to a denoiser ---------------------------------------------------------


@pytest.mark.parametrize("clean", [False, True])
def test_an_autoencoder_sees_a_noisy_picture_at_its_own_size(face, clean):
    noisy = denoise(DENOISER, face, MUCH, 0, colour=False)
    card = cards()["digits-dense"]
    model = card.model_file()
    target = noisy.clean.image if clean else None
    (made,) = denoising.squeezed((("Digits", model),), noisy.noisy.image, target)
    side, _, _ = image_shape(card.spec)
    small = np.asarray(
        Image.fromarray(noisy.noisy.image[..., 0]).resize((side, side), Image.Resampling.BICUBIC)
    ).clip(0, 1)
    output = inference.autoencoder(model, (side, side, 1)).reconstruct(small[None, ..., None])[0]
    large = Image.fromarray(output[..., 0]).resize((64, 64), Image.Resampling.BICUBIC)
    np.testing.assert_allclose(made.image[..., 0], np.asarray(large).clip(0, 1), atol=1e-5)
    assert made.name == "Digits"
    assert made.psnr == (pytest.approx(metrics.psnr(target, made.image)) if clean else None)


# --- privacy ---------------------------------------------------------------------------------

UNWRITTEN = """
import os, sys, tempfile
from pathlib import Path
from ae_core.denoising import denoise as denoising, photos
from ae_core.denoising.faces import MIDDLE
from ae_core.models.pretrained import cards
from ae_core.specs import Corruption
from ae_core.errors import UserError

model = cards()["face-denoiser"].model_file()
noise = Corruption("gaussian", 0.2)
photo, bad = Path(sys.argv[1]).read_bytes(), Path(sys.argv[2]).read_bytes()

def visit(photo, colour):
    taken = photos.take_photo(photo, "mine.jpg")
    face = photos.cut_face(taken.data, next(iter(photos.find_faces(taken.data)), MIDDLE))
    denoising.denoise(model, face, noise, 0, colour=colour)
    denoising.classical(model, face, None, 0, colour=colour)

from PIL import Image
import io
file = io.BytesIO()
Image.effect_noise((90, 90), 50).save(file, "PNG")
visit(file.getvalue(), False)  # whatever is loaded is loaded now

written = []
def watch(event, arguments):
    if event == "open":
        path, mode, flags = arguments
        writes = any(c in (mode or "") for c in "wax+") or (flags or 0) & (os.O_WRONLY | os.O_RDWR)
        if writes and str(path) != os.devnull and "__pycache__" not in str(path):
            written.append((event, str(path)))
    elif event in ("os.mkdir", "os.rename", "tempfile.mkstemp", "tempfile.mkdtemp"):
        if "__pycache__" not in str(arguments):
            written.append((event, str(arguments)))
sys.addaudithook(watch)
visit(photo, True)
visit(photo, False)
try:
    photos.take_photo(bad, "bad.jpg")
except UserError:
    print("refused")
print("written:", written)
with open("probe", "w"):  # the watch does see
    pass
print("seen:", len(written))
"""


@pytest.mark.thorough
def test_no_function_writes_a_visitors_photo_anywhere(astronaut, tmp_path):
    jpeg = encoded(astronaut.resize((2000, 2000)), "JPEG")
    (tmp_path / "photo.jpg").write_bytes(jpeg)
    (tmp_path / "bad.jpg").write_bytes(jpeg[:5000])
    here = tmp_path / "here"
    here.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(here), "HOME": str(here)}
    done = subprocess.run(
        [sys.executable, "-c", UNWRITTEN, tmp_path / "photo.jpg", tmp_path / "bad.jpg"],
        cwd=here,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.stdout.splitlines() == ["refused", "written: []", "seen: 1"], done.stderr[-2000:]
    left = {path.name for path in here.rglob("*") if path.is_file()}
    assert left == {"probe", "keras.json"}  # Keras's settings, made at its first import
