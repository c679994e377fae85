"""What lessons measure, against the same figures worked out another way."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from ae_core.data.loading import load_images
from ae_core.evaluation.reconstruction_error import in_distribution, out_of_distribution
from ae_core.latent.disentanglement import correlations
from ae_core.latent.explore import latent_profile
from ae_core.lessons.figures import MEASUREMENTS
from ae_core.lessons.measurements import measure
from ae_core.lessons.reader import lesson_files, read_lesson
from ae_core.models.baselines import jpeg_of_at_most
from ae_core.models.inference import ModelFile
from ae_core.models.pretrained import cards
from ae_core.models.weights import to_bytes
from ae_core.specs import change, preset
from ae_core.training.loop import fit
from pages.ui.charts.latent import NOTED
from tests.helpers.refusals import refused


def measured(what, run=None, **settings):
    found = measure(what, tuple(sorted(settings.items())), run)
    assert set(found.figures) == set(MEASUREMENTS[what].figures)
    assert len(found.row_names) == (0 if found.rows is None else len(found.rows))
    return found


@pytest.fixture(scope="module", params=["linear", "sigmoid"])
def trained(request, tmp_path_factory) -> ModelFile:
    """Two numbers; as sigmoids they are saturated after three epochs, one value each."""
    settings = {"epochs": 3, "latent_dim": 2, "code_activation": request.param}
    spec = change(preset("digits-dense"), **settings)
    images = load_images(*spec.images)
    outcome = fit(spec, images, on_epoch=lambda _: None)
    path = tmp_path_factory.mktemp("run") / "weights.npz"
    path.write_bytes(to_bytes(outcome.weights))
    return ModelFile(spec, str(path), 1)


def psnr(a, b):
    return -10 * np.log10(np.mean((a - b) ** 2))


def test_pca_is_scikit_learns():
    images = load_images("digits", 32)
    flat, tests = images.train.reshape(-1, 1024), images.test.reshape(-1, 1024)
    fitted = PCA(4).fit(flat)
    output = np.clip(fitted.inverse_transform(fitted.transform(tests)), 0, 1)
    figures = measured("pca", preset="digits-dense", numbers=4).figures
    assert figures["psnr"] == pytest.approx(psnr(tests, output), abs=1e-3)
    assert figures["numbers"] == 4


def test_a_model_draws_its_own_kind_better():
    found = measured("strangers", model="digits-dense", image_set="toy-faces")
    assert found.figures["own"] > found.figures["other"] + 5
    assert found.figures["own"] == pytest.approx(
        cards()["digits-dense"].figures["val_psnr"], abs=1.0
    )
    original, drawn = found.rows.astype(float) / 255
    assert psnr(original[:4], drawn[:4]) > psnr(original[4:], drawn[4:])


@pytest.mark.thorough
def test_bytes_are_counted():
    found = measured("jpeg", model="toy-faces-vae").figures
    assert found["bytes"] == 12
    assert found["jpeg_bytes"] > 200
    jpeg = jpeg_of_at_most(load_images("toy-faces").test[0], 12)
    assert jpeg.scan_bytes < jpeg.bytes / 2  # lesson 4: most of them are tables
    # Rounded to 8 bits a number, the codes lose next to nothing.
    assert found["psnr"] == pytest.approx(cards()["toy-faces-vae"].figures["val_psnr"], abs=0.5)


def test_noise_is_removed():
    found = measured("denoising", model="face-denoiser", sigma=0.2)
    assert found.figures["noisy"] < 18
    assert found.figures["denoised"] > found.figures["noisy"] + 5
    assert all(found.figures[name] > found.figures["noisy"] for name in ("median", "gaussian"))
    original, noisy, denoised, *_ = found.rows.astype(float) / 255
    assert psnr(original, noisy) == pytest.approx(found.figures["noisy"], abs=0.05)
    assert psnr(original, denoised) == pytest.approx(found.figures["denoised"], abs=0.05)


@pytest.mark.samples(1)
def test_activations_are_counted(trained):
    found = measured("activations", trained, train="any")
    assert sum(found.counts) == 200 * 2
    assert len(found.edges) == len(found.counts) + 1
    middles = (np.array(found.edges[1:]) + found.edges[:-1]) / 2
    assert found.figures["mean"] == pytest.approx(
        np.average(middles, weights=found.counts), abs=found.edges[1] - found.edges[0]
    )


def test_random_codes_draw_some_classes(trained):
    """A decoder that hardly listens draws the same whatever the dice say."""
    found = measured("random_codes", trained, train="any")
    assert found.rows.shape[:2] == (1, 8)
    assert 1 <= found.figures["kinds"] <= 10
    assert 0 < found.figures["variety"] < 1


def test_factors_are_found():
    answer = measured("factors", model="toy-faces-vae")
    found = answer.figures
    assert (found["of"], found["numbers"]) == (8, 12)
    assert 6 <= found["found"] <= 8 <= found["in_use"] <= 12
    assert answer.tallies == (
        ("properties", found["found"], 8),
        ("numbers", found["in_use"], 12),
    )


def test_a_number_rarely_means_one_property_alone():
    """Lesson 10: even here some properties show in two numbers, which the table draws dark."""
    known = latent_profile(cards()["toy-faces-vae"].model_file())
    found = np.abs(correlations(known.codes, known.labels))
    assert max((row >= NOTED).sum() for row in found) >= 2


@pytest.mark.parametrize(
    ("model", "image_set", "mistakes"),
    [("digits-dense", "toy-faces", 0), ("digits-dense", "mirrored", 1)],
)
def test_a_threshold_between_the_hills_makes_mistakes_where_they_overlap(
    model, image_set, mistakes
):
    """Lesson 5: the two pages on which it lets a threshold be moved."""
    query = dict(read_lesson(lesson_files("en")[4]).steps[1].links[mistakes].query)
    assert (query["model"], query["with"]) == (model, image_set)
    known = in_distribution(cards()[model].model_file()).scores
    unknown, _ = out_of_distribution(cards()[model].model_file(), image_set, known)
    assert (known.max() > unknown.scores.min()) == bool(mistakes)


@pytest.mark.samples(1)
@pytest.mark.parametrize(
    ("what", "settings", "key"),
    [
        ("jpeg", {"model": "nothing"}, "one_of"),
        ("pca", {"preset": "nothing", "numbers": 3}, "one_of"),
        ("random_codes", {"model": "toy-faces-vae"}, "needs_classes"),
        ("factors", {"model": "digits-dense"}, "needs_factors"),
        ("denoising", {"model": "face-denoiser", "sigma": -1}, "between"),
    ],
)
def test_what_cannot_be_measured_is_said(what, settings, key):
    with refused(key):
        measure(what, tuple(sorted(settings.items())), None)
