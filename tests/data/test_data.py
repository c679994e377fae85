import gzip
import hashlib
import io
import subprocess
import sys
import tarfile
import urllib.error
from pathlib import Path

import joblib
import numpy as np
import pytest
import skimage.data
from PIL import Image

from ae_core.data import download, loading
from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.loading import load_images, load_tests
from ae_core.data.toy_faces import draw_faces
from ae_core.errors import ImageSetCorrupt, ImageSetUnavailable, Message
from ae_core.images import faces
from ae_core.specs import ImageChoice
from ae_core.storage.files import ROOT, data_dir
from ae_core.text.sentences import say
from tests.helpers.image_set_files import (
    digits_arrays,
    lfw_arrays,
    lfw_faces_arrays,
    olivetti_array,
    write_fake,
)
from tests.helpers.refusals import check, refused

THERE = [name for name, card in IMAGE_SETS.items() if card.available]
REAL_DIR = data_dir()
EVERY = [
    ImageChoice(name, size, channels=channels)
    for name, card in IMAGE_SETS.items()
    for size in card.sizes
    for channels in card.channels
]
IN_FILES = [name for name, card in IMAGE_SETS.items() if not card.embedded]


@pytest.fixture(autouse=True)
def nothing_kept():
    loading._load.cache_clear()
    yield
    loading._load.cache_clear()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("AE_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def offline(monkeypatch):
    def no_network(url, timeout):
        assert timeout <= 10
        raise urllib.error.URLError(OSError(-2, "no network in this test"))

    monkeypatch.setattr(download, "urlopen", no_network)


@pytest.fixture(params=EVERY, ids=lambda choice: f"{choice[0]}-{choice[1]}-{choice[3]}")
def choice(request, folder):
    """Every set at every size, in gray and colour: tiny made-up files stand in for real ones."""
    if not IMAGE_SETS[request.param.image_set].embedded:
        write_fake(request.param.image_set, folder)
    return request.param


def people_in(groups):
    return set(groups.tolist())


def check_set(images, choice):
    name, size = choice.image_set, choice.image_size
    assert images.name == name
    assert images.image_shape == (size, size, choice.channels)
    for part in ("train", "test"):
        pictures = getattr(images, part)
        assert pictures.shape[1:] == images.image_shape
        assert pictures.dtype == np.float32
        assert pictures.min() >= 0
        assert pictures.max() <= 1
        assert pictures.max() - pictures.min() > 0.3
        assert not pictures.flags.writeable
        for beside in (getattr(images, f"{part}_labels"), getattr(images, f"{part}_groups")):
            if beside is not None:
                assert len(beside) == len(pictures)
                assert not beside.flags.writeable
    if images.train_labels is None:
        assert images.label_names == ()
    elif name in ("toy-faces", "lfw-faces"):
        assert images.train_labels.shape[1] == len(images.label_names)
        assert images.train_labels.dtype == np.float32
    else:
        assert people_in(images.train_labels) == set(range(len(images.label_names)))
        assert images.train_labels.dtype == np.int64
    if images.train_groups is not None:
        assert images.train_groups.dtype == np.int64
        assert not people_in(images.train_groups) & people_in(images.test_groups)


def test_every_set_keeps_the_promises_of_its_card(choice):
    check_set(load_images(*choice), choice)


def test_a_set_without_a_choice_of_colours_is_loaded_as_what_it_is():
    assert load_images("digits", channels=3).image_shape == (8, 8, 1)
    assert [IMAGE_SETS["lfw-faces"].channels_for(wanted) for wanted in (1, 3)] == [3, 3]
    assert [IMAGE_SETS["toy-faces"].channels_for(wanted) for wanted in (1, 3)] == [1, 3]


@pytest.mark.thorough
def test_toy_faces_in_colour_are_the_same_faces():
    gray, colour = (load_images("toy-faces", 32, channels=channels) for channels in (1, 3))
    assert np.array_equal(gray.test_labels, colour.test_labels)
    assert np.array_equal(gray.train_labels, colour.train_labels)
    exact = draw_faces(colour.test_labels, 32, 3)
    assert np.abs(colour.test - exact).max() <= 0.5 / 255 + 1e-6


@pytest.mark.samples(4)
def test_everything_trains_on_all_and_keeps_the_test_pictures(choice):
    usual, everything = load_images(*choice), load_images(*choice._replace(split="none"))
    assert len(everything.train) == len(usual.train) + len(usual.test)
    assert np.array_equal(everything.test, usual.test)
    held_out = {picture.tobytes() for picture in usual.test}
    both = held_out | {picture.tobytes() for picture in usual.train}
    assert {picture.tobytes() for picture in everything.train} == both
    assert not everything.train.flags.writeable


@pytest.mark.samples(4)
def test_the_same_bits_every_time(choice):
    first = load_images(*choice)
    loading._load.cache_clear()
    again = load_images(*choice)
    assert first is not again
    for part in ("train", "test", "train_labels", "test_groups"):
        assert np.array_equal(getattr(first, part), getattr(again, part))


@pytest.mark.samples(2)
@pytest.mark.parametrize("name", THERE)
def test_real_data_has_exactly_the_counts_of_the_card(name, monkeypatch):
    monkeypatch.setenv("AE_DATA_DIR", str(REAL_DIR))
    images, card = load_images(name), IMAGE_SETS[name]
    check_set(images, ImageChoice(name, card.native_size, channels=card.channels[0]))
    assert (len(images.train), len(images.test)) == (card.train_count, card.test_count)


def test_the_catalogue_is_in_order_and_consistent():
    assert list(IMAGE_SETS) == [
        "digits",
        "toy-faces",
        "mnist",
        "fashion-mnist",
        "olivetti",
        "lfw-crop",
        "lfw-faces",
    ]
    for name, card in IMAGE_SETS.items():
        assert card.name == name
        assert card.native_size in card.sizes
        assert card.embedded == (card.file is None)
        assert card.kind in {"digits", "faces", "clothes"}
        assert (card.kind == "faces") == (card.framing in {"face", "head"})
        assert say(f"pictures.{name}.about").endswith(".")
        assert len(say(f"pictures.{name}.about")) < 100
        assert say(f"pictures.{name}.terms")


def test_reading_the_catalogue_imports_nothing_heavy():
    heavy = ["sklearn", "skimage", "PIL", "scipy", "keras", "tensorflow", "streamlit", "joblib"]
    program = f"import sys, ae_core.data.loading; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.strip() == "[]"


def test_size_0_is_native_and_the_two_last_sets_stay_in_memory():
    digits = load_images("digits")
    assert digits.image_shape == (8, 8, 1)
    assert load_images("digits", 8) is digits
    assert load_images("digits", 16) is not digits
    assert load_images("digits") is digits


def test_digits_are_stratified_and_are_those_of_scikit_learn():
    from sklearn.datasets import load_digits

    images = load_images("digits", split="none")
    assert np.array_equal(images.train[..., 0], (load_digits().images / 16).astype(np.float32))
    share = np.bincount(images.test_labels) / np.bincount(images.train_labels)
    assert np.abs(share - 0.2).max() < 0.01


def test_where_mnist_is_missing_its_first_thousand_test_images_are_there(folder, offline):
    known = IMAGE_SETS["mnist"]
    assert (known.available, known.has_tests) == (False, True)
    few = load_tests("mnist")
    assert few.test.shape == (1000, 28, 28, 1)
    assert (few.test.min(), few.test.max()) == (0, 1)
    assert np.bincount(few.test_labels, minlength=10).min() > 80
    assert (few.train_count, len(few.train)) == (0, 0)
    assert np.array_equal(load_tests("mnist", 32).test[:, 2:-2, 2:-2], few.test)
    with pytest.raises(ImageSetUnavailable):
        load_images("mnist")
    assert (ROOT / "assets" / "images" / "mnist.LICENSE.md").is_file()


def test_where_mnist_is_its_own_test_images_are_shown(folder):
    write_fake("mnist", folder)
    assert load_tests("mnist") is load_images("mnist")


def test_the_sample_is_the_beginning_of_the_set():
    if "mnist" not in THERE:
        pytest.skip("needs mnist in AE_DATA_DIR")
    whole = load_images("mnist")
    few = loading._load_sample("mnist.npz", "mnist", 28)
    assert np.array_equal(few.test, whole.test[:1000])
    assert np.array_equal(few.test_labels, whole.test_labels[:1000])


def test_mnist_keeps_its_values_and_gets_a_black_margin(folder):
    write_fake("mnist", folder)
    native, padded = load_images("mnist"), load_images("mnist", 32)
    arrays = digits_arrays()
    assert np.array_equal(native.test[..., 0], arrays["x_test"] / np.float32(255))
    assert np.array_equal(padded.train[:, 2:-2, 2:-2], native.train)
    assert padded.train.sum(dtype=np.float64) == native.train.sum(dtype=np.float64)
    assert np.array_equal(native.train_labels, arrays["y_train"])


def test_toy_faces_are_drawn_from_the_labels():
    from ae_core.data.toy_faces import FACTORS, draw_faces

    images = load_images("toy-faces", 32)
    assert images.label_names == tuple(factor.name for factor in FACTORS)
    assert np.array_equal(draw_faces(images.test_labels[:20], 32), images.test[:20])


def test_faces_are_labelled_in_standard_deviations(folder):
    write_fake("lfw-faces", folder)
    images = load_images("lfw-faces", split="none")
    assert images.label_names[0] == "smile"
    assert images.train_labels.std(axis=0) == pytest.approx(np.ones(11), abs=1e-3)
    assert np.median(images.train_labels, axis=0) == pytest.approx(np.zeros(11), abs=1e-3)


def test_colour_faces_are_the_files_pictures(folder):
    write_fake("lfw-faces", folder)
    arrays = lfw_faces_arrays()
    file = arrays["jpeg"][arrays["offset"][3] : arrays["offset"][4]].tobytes()
    with Image.open(io.BytesIO(file)) as picture:
        expected = np.asarray(picture.resize((64, 64), Image.Resampling.BICUBIC)) / 255
    assert load_images("lfw-faces", split="none").train[3] == pytest.approx(expected, abs=1e-6)


def test_olivetti_comes_in_the_order_of_recipe_r1(folder):
    from sklearn.datasets import fetch_olivetti_faces

    path = write_fake("olivetti", folder)
    faces = fetch_olivetti_faces(data_home=path.parent, shuffle=True, random_state=1000)
    images = load_images("olivetti", split="none")
    assert np.array_equal(images.train[..., 0], faces.images)
    assert np.array_equal(images.train_groups, faces.target)
    assert len(people_in(load_images("olivetti").test_groups)) == 5


def test_resizing_keeps_the_mean(folder):
    write_fake("olivetti", folder)
    large, small = load_images("olivetti", 64), load_images("olivetti", 32)
    assert abs(large.train.mean() - small.train.mean()) < 0.01
    assert small.train.std() < large.train.std()  # averaged, not picked


@pytest.mark.parametrize(
    ("arguments", "key", "name"),
    [
        (("x",), "one_of", "image_set"),
        (("olivetti", 33), "one_of_for", "image_size"),
        (("digits", -8), "one_of_for", "image_size"),
        (("digits", 8, "half"), "one_of", "split"),
    ],
)
def test_wrong_arguments_are_named(arguments, key, name):
    with refused(key, name=name, value=arguments[-1]):
        load_images(*arguments)


def test_an_available_set_has_its_file_in_the_folder(folder):
    with refused("one_of", name="image_set", value="x"):
        loading.card("x")
    assert [n for n in IMAGE_SETS if IMAGE_SETS[n].available] == ["digits", "toy-faces"]
    for name in IN_FILES:
        write_fake(name, folder)
        assert IMAGE_SETS[name].available


def test_data_dir_is_the_environment_s_or_the_project_s(monkeypatch, tmp_path):
    monkeypatch.setenv("AE_DATA_DIR", str(tmp_path))
    assert data_dir() == tmp_path
    monkeypatch.delenv("AE_DATA_DIR")
    assert data_dir() == ROOT / "data"


@pytest.mark.parametrize("name", IN_FILES)
def test_a_missing_file_says_what_to_put_where(name, folder, offline):
    file = IMAGE_SETS[name].file
    with refused(
        "set_unavailable",
        ImageSetUnavailable,
        title=name,
        file=file,
        problem="no network in this test",
        embedded=("digits", "toy-faces"),
    ):
        load_images(name)
    assert not folder.exists()
    write_fake(name, folder)
    assert len(load_images(name).train)


def cut_short(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def change(**arrays):
    """Replace arrays of an .npz; None leaves one out."""

    def spoil(path):
        with np.load(path) as old:
            kept = {**old, **arrays}
        np.savez(path, **{key: value for key, value in kept.items() if value is not None})

    return spoil


def dump(faces):
    return lambda path: joblib.dump(faces, path)


def write_array(path):
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


UNREADABLE: tuple[str, dict[str, object]] = ("corrupt_unreadable", {})
RANGE: tuple[str, dict[str, object]] = ("corrupt_range", {})
BROKEN = [
    ("mnist", cut_short, *UNREADABLE),
    ("mnist", lambda path: path.write_bytes(b""), *UNREADABLE),
    ("mnist", write_array, *UNREADABLE),
    ("mnist", change(x_test=None), "corrupt_missing", {"parts": ("x_test",)}),
    (
        *("mnist", change(x_train=np.zeros((30, 28, 27), np.uint8)), "corrupt_shape"),
        {"part": "x_train", "shape": "(30, 28, 27) uint8", "wanted": "(N, 28, 28) uint8"},
    ),
    (
        *("mnist", change(x_train=np.zeros((30, 28, 28))), "corrupt_shape"),
        {"shape": "(30, 28, 28) float64"},
    ),
    (
        *("mnist", change(x_test=np.zeros((0, 28, 28), np.uint8)), "corrupt_shape"),
        {"shape": "(0, 28, 28) uint8"},
    ),
    (
        *("mnist", change(y_train=np.zeros(29, np.uint8)), "corrupt_shape"),
        {"part": "y_train", "shape": "(29,) uint8", "wanted": "(30,) int"},
    ),
    (
        *("mnist", change(y_test=np.full(12, 10)), "corrupt_class"),
        {"number": 10, "part": "y_test"},
    ),
    ("mnist", change(y_test=np.array([None] * 12)), *UNREADABLE),  # it would be unpickled
    ("fashion-mnist", cut_short, *UNREADABLE),
    ("lfw-crop", cut_short, *UNREADABLE),
    (
        *("lfw-crop", change(person=None, images=None), "corrupt_missing"),
        {"parts": ("images", "person")},
    ),
    (
        *("lfw-crop", change(images=np.zeros((3, 32, 32), np.uint8)), "corrupt_shape"),
        {"part": "images", "shape": "(3, 32, 32) uint8"},
    ),
    (
        *("lfw-crop", change(person=np.zeros(len(lfw_arrays()["person"]))), "corrupt_shape"),
        {"part": "person"},
    ),
    (
        *("lfw-crop", change(person=lfw_arrays()["person"] - 1), "corrupt_negative"),
        {"number": -1, "part": "person"},
    ),
    ("lfw-faces", cut_short, *UNREADABLE),
    ("lfw-faces", change(label_names=np.array(["smile"])), "corrupt_missing", {}),
    ("lfw-faces", change(label_names=None), "corrupt_missing", {}),
    ("lfw-faces", change(labels=None), "corrupt_missing", {}),
    (
        "lfw-faces",
        change(labels=np.zeros((3, 11), np.float32)),
        "corrupt_shape",
        {"part": "labels"},
    ),
    ("lfw-faces", change(offset=np.arange(20)), "corrupt_shape", {"part": "person"}),
    ("lfw-faces", change(jpeg=np.zeros(9, np.uint8)), *UNREADABLE),
    ("lfw-faces", change(jpeg=lfw_faces_arrays()["jpeg"][::-1]), *UNREADABLE),
    ("lfw-faces", change(offset=lfw_faces_arrays()["offset"][::-1]), *UNREADABLE),
    ("olivetti", cut_short, *UNREADABLE),
    ("olivetti", lambda path: path.write_bytes(b"junk"), *UNREADABLE),
    ("olivetti", dump(np.zeros((400, 4095), np.float32)), *UNREADABLE),
    ("olivetti", dump(np.ones((400, 4096), np.float32)), *RANGE),
    ("olivetti", dump(np.full((400, 4096), np.nan, np.float32)), *RANGE),
]


@pytest.mark.parametrize(("name", "spoil", "key", "values"), BROKEN)
def test_a_bad_file_is_named_and_a_good_one_in_its_place_loads(
    name, spoil, key, values, folder, offline
):
    path = write_fake(name, folder)
    spoil(path)
    for _ in range(2):
        with pytest.raises(ImageSetCorrupt) as caught:
            load_images(name)
        check(caught.value, "set_corrupt", file=path.name)
        check(caught.value.values["problem"], key, **values)
    write_fake(name, folder)
    assert len(load_images(name).train)


# What a server would send; the checksums that the real files have are set to those of these.


def npz_bytes(**arrays):
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def idx_bytes(array):
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(head + array.tobytes())


def mat_bytes():
    from scipy.io import savemat

    file = io.BytesIO()
    savemat(file, {"faces": olivetti_array().astype(np.uint8).T})
    return file.getvalue()


def lfw_bytes():
    """Two photos of each of 20 people: shades of gray, and a face."""
    shades = np.tile(np.linspace(0, 255, 250), (250, 1)).astype(np.uint8)
    photos = [Image.fromarray(shades).convert("RGB"), astronaut()]
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for index in range(40):
            person, number = f"Person_{39 - index // 2:02}", index % 2 + 1
            jpeg = io.BytesIO()
            photos[number - 1].save(jpeg, "JPEG")
            member = tarfile.TarInfo(f"lfw/{person}/{person}_{number:04}.jpg")
            member.size = jpeg.tell()
            archive.addfile(member, io.BytesIO(jpeg.getvalue()))
    return file.getvalue()


def astronaut():
    """Her face in the middle of a photo of LFW's size."""
    return Image.fromarray(skimage.data.astronaut()).crop((98, 0, 348, 250))


@pytest.fixture
def server(monkeypatch):
    """Serves small files under the published addresses; returns what was asked for."""
    arrays, asked = digits_arrays(), []
    files = {download.KERAS + "mnist.npz": npz_bytes(**arrays)}
    for key, name in download.FASHION.items():
        files[download.KERAS + name] = idx_bytes(arrays[key])
    files[download.LFW_URL], files[download.OLIVETTI_URL] = lfw_bytes(), mat_bytes()
    for setting, url in (
        ("MNIST_SHA256", download.KERAS + "mnist.npz"),
        ("LFW_SHA256", download.LFW_URL),
    ):
        monkeypatch.setattr(download, setting, hashlib.sha256(files[url]).hexdigest())
    # scikit-learn checks the real file again by itself: here it meets a file that is not the real.
    monkeypatch.setattr(download, "OLIVETTI_SHA256", "")
    monkeypatch.setattr("sklearn.datasets._olivetti_faces._fetch_remote", found_in_its_folder)

    def answer(url, timeout):
        asked.append(url)
        return io.BytesIO(files[url])

    monkeypatch.setattr(download, "urlopen", answer)
    return asked


def found_in_its_folder(remote, dirname, **_):
    path = Path(dirname, remote.filename)
    assert path.is_file()
    return str(path)


@pytest.mark.parametrize("name", IN_FILES)
def test_a_download_is_kept_whole_and_alone(name, folder, server):
    fresh = load_images(name)
    card = IMAGE_SETS[name]
    check_set(fresh, ImageChoice(name, card.native_size, channels=card.channels[0]))
    assert [path for path in folder.rglob("*") if path.is_file()] == [
        folder / IMAGE_SETS[name].file
    ]
    asked = len(server)
    loading._load.cache_clear()
    assert np.array_equal(load_images(name).train, fresh.train)
    assert len(server) == asked


def test_a_folder_that_cannot_be_written_is_no_error(folder, server):
    folder.write_text("a file where the folder should be: fails for an administrator, too")
    assert len(load_images("mnist").train) == 30
    assert folder.is_file()


def test_lfw_pictures_are_the_box_and_people_keep_their_pictures(folder, server):
    load_images("lfw-crop")
    with np.load(folder / "lfwcrop_grey64.npz") as made:
        assert made["images"].shape == (40, 64, 64)
        assert np.array_equal(made["person"], np.repeat(np.arange(20), 2))
        first, last = made["images"][0, 32, [0, -1]].astype(float)
    assert first == pytest.approx(255 * 83.5 / 249, abs=4)
    assert last == pytest.approx(255 * 165.5 / 249, abs=4)


@pytest.mark.thorough
def test_lfw_faces_are_the_faces_aligned_and_without_labels(folder, server):
    images = load_images("lfw-faces")
    assert len(images.train) + len(images.test) == 20  # the photos without a face are left out
    assert images.test_labels is None
    with np.load(folder / "lfw_faces.npz") as made:
        assert sorted(made.files) == ["jpeg", "offset", "person"]
        assert np.array_equal(made["person"], np.arange(20))
    wanted = faces.aligned(astronaut(), faces.find(astronaut())[0], images.image_shape[0]) / 255
    assert np.abs(images.test - wanted).mean() < 0.02


def test_labels_are_those_of_a_measured_file(folder):
    write_fake("lfw-faces", folder)
    measured = load_images("lfw-faces", split="none")
    loading._load.cache_clear()
    change(labels=None, label_names=None)(folder / "lfw_faces.npz")
    bare = load_images("lfw-faces", split="none")
    assert np.array_equal(bare.train, measured.train)
    assert (bare.label_names, bare.train_labels) == ((), None)
    assert measured.train_labels.shape[1] == len(measured.label_names) == 11


@pytest.mark.parametrize("name", IN_FILES)
def test_what_comes_damaged_is_not_kept(name, folder, server, monkeypatch):
    whole = download.urlopen
    monkeypatch.setattr(
        download, "urlopen", lambda url, timeout: io.BytesIO(whole(url, timeout).read()[:-99])
    )
    if name == "olivetti":
        monkeypatch.setattr(download, "OLIVETTI_SHA256", hashlib.sha256(mat_bytes()).hexdigest())
    with refused("set_unavailable", ImageSetUnavailable, title=name):
        load_images(name)
    assert not folder.exists()


def test_a_file_with_a_wrong_checksum_says_so(folder, server, monkeypatch):
    monkeypatch.setattr(download, "MNIST_SHA256", "0" * 64)
    with refused("set_unavailable", ImageSetUnavailable, problem=Message.of("checksum")):
        load_images("mnist")
    check(Message.of("checksum"), "checksum")


def test_another_file_than_the_one_expected_says_so(folder, server, monkeypatch):
    name = download.FASHION["x_test"]
    monkeypatch.setitem(download.FASHION, "x_train", name)  # labels, say, in place of images
    monkeypatch.setitem(download.FASHION, "y_train", name)
    problem = Message.of("other_file", name=name)
    with refused("set_unavailable", ImageSetUnavailable, problem=problem):
        load_images("fashion-mnist")


def test_the_published_checksums_are_those_of_the_libraries():
    from sklearn.datasets import _lfw, _olivetti_faces

    assert _olivetti_faces.FACES.url == download.OLIVETTI_URL
    assert _olivetti_faces.FACES.checksum == download.OLIVETTI_SHA256
    assert _lfw.ARCHIVE.url == download.LFW_URL
    assert _lfw.ARCHIVE.checksum == download.LFW_SHA256
