"""The script of a run, run by itself, against the training loop of the app."""

import json
import math
import zipfile
from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from PIL import Image

from ae_core.data import corruption, readers
from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.loading import load_images
from ae_core.export.files import picture_file
from ae_core.export.keras_script import needs_file, parts, source
from ae_core.models.compatibility import image_shape, network_shapes
from ae_core.models.shapes import parameters
from ae_core.specs import CHOICES, PRESETS, Corruption, TrainingSpec, change, preset
from ae_core.specs.augmentation import AUGMENTATIONS
from ae_core.specs.losses import LOSSES
from ae_core.storage.files import data_dir
from tests.helpers.exported import FAMILIES, SMALL, assert_reproduces, in_a_fresh_process
from tests.helpers.image_set_files import write_fake
from tests.helpers.refusals import refused

FIRST = replace(preset("digits-dense"), epochs=2)
# Runs scripts one after the other, each in its folder, and tells what each printed; counts the
# weights of networks whose code is read from a file, without any pictures.
RUNNER = """
import contextlib, io, json, os, runpy, sys
codes = json.load(open(sys.argv[1]))
printed, counts = {}, {}
for folder in sys.argv[2:]:
    os.chdir(folder)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        runpy.run_path("script.py", run_name="__main__")
    printed[folder] = out.getvalue()
for name, code in codes.items():
    names = {}
    exec(code, names)
    networks = names["encoder"], names["decoder"]
    counts[name] = sum(network.count_params() for network in networks)
print(json.dumps([printed, counts]))
"""


def write_script(spec, folder):
    """The script of a spec and, if it needs it, its file of pictures."""
    folder.mkdir(exist_ok=True)
    (folder / "script.py").write_text(source(spec, image_shape(spec)), encoding="utf-8")
    if needs_file(spec):
        made = picture_file(spec.images)
        (folder / "pictures.npz").write_bytes(made)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What one process that has seen no ae_core tells of the scripts of families and presets.

    What each family's script and the first preset's print, and of how many weights every preset's
    network is.
    """
    root = tmp_path_factory.mktemp("scripts")
    folders = {}
    for i, (name, spec) in enumerate([("the first preset", FIRST), *FAMILIES.items()]):
        folders[name] = root / str(i)
        write_script(spec, folders[name])
    codes = {}
    for name, spec in PRESETS.items():
        by_title = {part.title: part.code for part in parts(spec, image_shape(spec))}
        codes[name] = f"{by_title['Settings']}\n{by_title['The network']}"
    (root / "codes.json").write_text(json.dumps(codes), encoding="utf-8")
    arguments = (root / "codes.json", *folders.values())
    lines = in_a_fresh_process("-c", RUNNER, *map(str, arguments), cwd=root).splitlines()
    found, counts = json.loads(lines[-1])
    return {name: found[str(folder)] for name, folder in folders.items()}, counts, folders


@pytest.fixture(scope="module")
def printed(told):
    return told[0]


@pytest.mark.thorough
@pytest.mark.parametrize("name", FAMILIES)
def test_a_script_reproduces_the_history_of_its_run(printed, name):
    assert_reproduces(printed[name], FAMILIES[name])


@pytest.mark.thorough
def test_the_first_preset_s_script_runs_by_itself(printed):
    assert_reproduces(printed["the first preset"], FIRST)


def test_a_script_keeps_its_network_and_shows_what_comes_out(told):
    for name, folder in told[2].items():
        spec = FIRST if name == "the first preset" else FAMILIES[name]
        height, width, _ = image_shape(spec)
        with Image.open(folder / "reconstructions.png") as picture:
            assert picture.size == (8 * width, 2 * height)
            rows = np.asarray(picture, dtype=np.float64).reshape(2, height, -1)
        assert np.abs(rows[0] - rows[1]).mean() > 1  # what comes out is not what went in
        for half in ("encoder", "decoder"):
            assert zipfile.is_zipfile(folder / f"{half}.keras")


def test_the_comparison_can_fail(printed):
    name = "variational"
    with pytest.raises(AssertionError):
        assert_reproduces(printed[name], replace(FAMILIES[name], seed=1))


# --- every preset ----------------------------------------------------------------------------


def test_every_preset_s_script_builds_the_planned_network(told):
    counts = told[1]
    assert counts == {n: parameters(network_shapes(spec)) for n, spec in PRESETS.items()}


@pytest.mark.parametrize("spec", [*PRESETS.values(), *FAMILIES.values()])
def test_a_script_is_python_that_a_student_can_read(spec):
    script = source(spec, image_shape(spec))
    compile(script, "script.py", "exec")
    assert "ae_core" not in script
    assert max(map(len, script.splitlines())) <= 100
    lines = [line for line in script.splitlines() if line.strip()]
    short = spec.autoencoder.bottleneck == "plain" and not spec.autoencoder.pca_components
    longest = 220 if LOSSES[spec.loss].log_sigmas else 200  # its start counts pixels, too
    assert len(lines) <= (140 if short and not spec.corruption.active else longest)


def test_only_what_a_run_uses_is_in_its_script():
    script = source(SMALL, image_shape(SMALL))
    for word in ("stateless", "log_var", "penalty", "corrupted", "PCA", "HALF", "Cosine", "step +"):
        assert word not in script
    for name, loss in (("sparse", "SPARSITY = 0.01"), ("variational", "BETA = 4.0")):
        assert loss in source(FAMILIES[name], image_shape(FAMILIES[name]))


def test_layers_that_do_not_fit_are_a_sentence():
    spec = change(SMALL, encoder="conv4/2", decoder="dense16, reshape4x4x1, conv4")
    with refused("decoder_pixels", value="4×4", height=8, width=8):
        source(spec, (8, 8, 1))


# --- its parts -------------------------------------------------------------------------------


def part(spec, shape, title):
    """The code below a heading that begins so."""
    (found,) = (part.code for part in parts(spec, shape) if part.title.startswith(title))
    return found


def executed(code, **names):
    """The names that a part of a script leaves, given those that it is to find."""
    found = {"np": np, "tf": tf, "ops": ops, "keras": keras, "math": math, **names}
    exec(code, found)
    return found


@pytest.mark.parametrize("shape", [(16, 16, 1), (28, 20, 1), (9, 8, 3)], ids=str)
@pytest.mark.parametrize("amount", [0.05, 0.3, 1.0])
@pytest.mark.parametrize("kind", [kind for kind in CHOICES["noise_kind"] if kind != "none"])
def test_a_script_corrupts_as_the_app_does(kind, amount, shape):
    noise, number, seed = Corruption(kind, amount), tf.constant(3), 11
    x = np.random.default_rng(0).random((4, *shape), dtype=np.float32)
    normal = tf.random.stateless_normal(x.shape, [seed + 1, number])
    uniform = tf.random.stateless_uniform(x.shape, [seed + 2, number])
    wanted = corruption.apply(noise, x, normal, uniform, ops)
    encoder = f"conv2, dense{SMALL.autoencoder.latent_dim}"
    spec = replace(change(SMALL, encoder=encoder), corruption=noise)
    corrupted = executed(part(spec, shape, "What is done"), SEED=seed)["corrupted"]
    np.testing.assert_allclose(corrupted(tf.constant(x), number), wanted, atol=1e-6)


@pytest.mark.parametrize("kind", ["mirror", "jitter"])
def test_a_script_changes_pictures_as_the_app_does(kind):
    x = tf.constant(np.random.default_rng(0).random((6, 12, 9, 1), dtype=np.float32))
    code = part(replace(SMALL, augment=kind), (12, 9, 1), "What is done")
    for number in (1, 2):
        made = executed(code)[kind](x, 4, tf.constant(number))
        np.testing.assert_allclose(made, AUGMENTATIONS[kind](x, 4, tf.constant(number), tf))


def as_keras_loads(image_set):
    """What ``load_data`` gives, from the file of the app's data folder."""
    images = load_images(image_set)
    train, test = ((a[..., 0] * 255).round().astype(np.uint8) for a in (images.train, images.test))
    return (train, None), (test, None)


@pytest.mark.samples(6)
@pytest.mark.parametrize("split", CHOICES["split"])
@pytest.mark.parametrize(
    ("image_set", "size", "channels"),
    [
        (card.name, size, channels)
        for card in IMAGE_SETS.values()
        for size in card.sizes
        for channels in card.channels
    ],
)
def test_a_script_loads_the_very_pictures(image_set, size, channels, split, tmp_path, monkeypatch):
    """Sets that are read from files: from tiny ones; of drawn ones a few pictures."""
    if not IMAGE_SETS[image_set].embedded:
        monkeypatch.setenv("AE_DATA_DIR", str(tmp_path))
        write_fake(image_set, tmp_path)
    if image_set == "toy-faces":
        monkeypatch.setenv("AE_DATA_DIR", str(tmp_path))  # so that nothing loaded before is given
        draw = readers.draw_toy_faces
        monkeypatch.setattr(readers, "draw_toy_faces", lambda *which: draw(*which[:2], 50, 10))
    spec = TrainingSpec(image_set, size, split, channels)
    shape = image_shape(spec)
    monkeypatch.chdir(tmp_path)
    if needs_file(spec):
        (tmp_path / "pictures.npz").write_bytes(picture_file(spec.images))
    for name in ("mnist", "fashion_mnist"):
        data_set = getattr(keras.datasets, name)
        monkeypatch.setattr(data_set, "load_data", lambda: as_keras_loads(image_set))
    if image_set == "olivetti":
        monkeypatch.setenv("SCIKIT_LEARN_DATA", str(data_dir() / "scikit_learn_data"))
    lines = part(spec, shape, "Settings").splitlines()
    imports = "\n".join(line for line in lines if "import" in line)
    found = executed(f"{imports}\n{part(spec, shape, 'Pictures')}")
    images = load_images(*spec.images)
    assert found["train"].dtype == np.float32
    np.testing.assert_array_equal(found["train"], images.train)
    if split == "held-out":
        np.testing.assert_array_equal(found["test"], images.test)


def test_a_start_on_another_pixel_scale_is_in_the_script():
    plain = change(SMALL, pca_components=12, output_activation="linear")
    for scale in (1, 255):
        code = part(change(plain, pixel_scale=scale), (8, 8, 1), "It starts")
        assert f"pca_weights(flat, average, axes, 4, {scale})" in code
