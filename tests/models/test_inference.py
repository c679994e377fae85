"""What a worker answers about a trained model, called in this process on a model of its own."""

import io
from dataclasses import asdict, replace

import numpy as np
import pytest
from PIL import Image
from sklearn.decomposition import PCA

from ae_core import metrics
from ae_core.data import gallery
from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.loading import load_images
from ae_core.errors import UserError
from ae_core.evaluation import baselines
from ae_core.models import inference, weights
from ae_core.models.autoencoder import Autoencoder
from ae_core.models.inference import ModelFile
from ae_core.specs import AutoencoderSpec, ImageChoice, TrainingSpec, change, parse_layers
from ae_core.training import estimate
from ae_core.training.loop import fit
from tests.helpers.refusals import check, refused

SPEC = TrainingSpec(
    autoencoder=AutoencoderSpec(parse_layers("dense16"), parse_layers("dense16"), latent_dim=4),
    epochs=2,
)


@pytest.fixture(scope="module")
def digits():
    return load_images("digits")


@pytest.fixture(scope="module")
def trained(tmp_path_factory, digits):
    """A model trained for two epochs, as the run store would keep it, and its weights."""
    return stored(tmp_path_factory.mktemp("run"), SPEC, digits)


@pytest.fixture
def model(trained):
    return trained[0]


def stored(folder, spec, images):
    arrays = fit(spec, images, on_epoch=lambda _: None).weights
    path = folder / "weights.npz"
    path.write_bytes(weights.to_bytes(arrays))
    return ModelFile(spec, str(path), 1), arrays


def assert_figures_are_of(reconstruction, image):
    """PSNR, MSE and SSIM are those of the picture that comes with them."""
    assert reconstruction.image.shape == image.shape
    assert reconstruction.image.dtype == np.float32
    assert ((reconstruction.image >= 0) & (reconstruction.image <= 1)).all()
    assert reconstruction.mse == pytest.approx(metrics.mse(image, reconstruction.image))
    assert reconstruction.psnr == pytest.approx(metrics.psnr(image, reconstruction.image))
    assert reconstruction.ssim == pytest.approx(metrics.ssim(image, reconstruction.image))
    assert reconstruction.mse == pytest.approx(
        np.mean((image.astype(float) - reconstruction.image.astype(float)) ** 2)
    )


# --- reconstruct -----------------------------------------------------------------------------


def test_a_reconstruction_is_the_trained_networks(model, trained, digits):
    autoencoder = Autoencoder.from_weights(SPEC.autoencoder, (8, 8, 1), trained[1])
    for image in digits.test[:3]:
        reconstruction = inference.reconstruct(model, image)
        np.testing.assert_array_equal(reconstruction.image, autoencoder.reconstruct(image[None])[0])
        assert_figures_are_of(reconstruction, image)
        assert (reconstruction.name, reconstruction.latent_dim, reconstruction.bytes) == (
            "Autoencoder",
            4,
            16,
        )


def test_test_pictures_go_by_their_number(model, digits):
    image, reconstruction = inference.reconstruct_test(model, 5)
    np.testing.assert_array_equal(image, digits.test[5])
    expected = inference.reconstruct(model, digits.test[5])
    np.testing.assert_array_equal(reconstruction.image, expected.image)
    assert reconstruction.psnr == expected.psnr


def test_a_new_version_of_the_file_is_read_again(tmp_path, digits):
    model, arrays = stored(tmp_path, SPEC, digits)
    before = inference.reconstruct(model, digits.test[0]).image
    black = {name: np.zeros_like(array) for name, array in arrays.items()}
    black["output/bias"] -= 100
    (tmp_path / "weights.npz").write_bytes(weights.to_bytes(black))
    after = inference.reconstruct(replace(model, version=2), digits.test[0]).image
    assert before.max() > 0.1
    assert after.max() < 1e-6


@pytest.mark.samples(2)
@pytest.mark.parametrize("changes", [
    {"bottleneck": "variational", "loss": "bernoulli-nll"},
    {"pixel_scale": 255, "output_activation": "relu"},
    {"encoder": "conv4/2", "decoder": "dense16, reshape4x4x1, convT4/2"},
    {"noise_kind": "gaussian", "noise_amount": 0.2, "noise_stage": "layer"},
], ids=["variational", "255", "conv", "noise layer"])  # fmt: skip
def test_every_family_is_rebuilt_from_its_spec(tmp_path, digits, changes):
    model, _ = stored(tmp_path, change(SPEC, epochs=1, **changes), digits)
    image, reconstruction = inference.reconstruct_test(model, 0)
    assert_figures_are_of(reconstruction, image)
    again = inference.reconstruct_test(model, 0)[1]
    np.testing.assert_array_equal(reconstruction.image, again.image)  # nothing is drawn


@pytest.mark.parametrize("shape", [(5, 5, 1), (8, 9, 1), (8, 8, 3), (64, 64, 1)])
def test_pictures_of_an_unknown_shape_are_refused(model, shape):
    with pytest.raises((ValueError, UserError)):
        inference.reconstruct(model, np.zeros(shape, np.float32))


def test_a_damaged_file_is_refused(model, tmp_path, digits):
    path = tmp_path / "weights.npz"
    path.write_bytes(b"PK no weights")
    with refused("weights"):
        inference.reconstruct(replace(model, path=str(path), version=9), digits.test[0])


# --- baselines ----------------------------------------------------------------------------------


def test_pca_is_scikit_learns_with_as_many_numbers(model, digits):
    image = digits.test[0]
    linear = baselines.baselines_of(model, image)[0][0]
    oracle = PCA(4, svd_solver="full").fit(digits.train.reshape(-1, 64))
    back = oracle.inverse_transform(oracle.transform(image.reshape(1, -1)))
    np.testing.assert_allclose(linear.image, np.clip(back, 0, 1).reshape(8, 8, 1), atol=1e-4)
    assert (linear.name, linear.latent_dim, linear.bytes) == ("PCA", 4, 16)
    assert_figures_are_of(linear, image)


def test_jpeg_says_how_many_bytes_it_took(model, digits):
    """Below the size of its own tables no JPEG exists: the smallest is shown, with its bytes."""
    image = digits.test[0]
    jpeg = baselines.baselines_of(model, image)[0][1]
    buffer = io.BytesIO()
    pixels = np.uint8(image[..., 0] * 255 + 0.5)
    Image.fromarray(pixels).save(buffer, "JPEG", quality=1, optimize=True)
    assert buffer.tell() > 4 * 4
    assert (jpeg.name, jpeg.latent_dim, jpeg.bytes) == ("JPEG", 0, buffer.tell())
    assert_figures_are_of(jpeg, image)


def test_jpeg_keeps_within_the_codes_bytes_where_it_can(digits):
    """A code of 200 numbers is 800 bytes; nothing is trained for the baselines."""
    model = ModelFile(change(SPEC, latent_dim=200, image_size=16), "nowhere.npz", 1)
    image = load_images("digits", 16).test[0]
    (pca, jpeg), missing = baselines.baselines_of(model, image)
    assert missing is None
    assert 0 < jpeg.bytes <= 800
    assert_figures_are_of(jpeg, image)
    assert_figures_are_of(pca, image)
    assert (pca.latent_dim, pca.bytes) == (200, 800)


def test_pca_says_how_many_numbers_it_has_where_pixels_are_fewer(digits):
    """An overcomplete code: 64 pixels have no more than 64 components, which lose nothing."""
    model = ModelFile(change(SPEC, latent_dim=100), "nowhere.npz", 1)
    pca = baselines.baselines_of(model, digits.test[0])[0][0]
    assert (pca.latent_dim, pca.bytes) == (64, 256)
    assert pca.mse < 1e-8


def test_baselines_of_a_test_picture_go_by_its_number(model, digits):
    by_number, _ = baselines.baselines_of_test(model, 3)
    by_picture, _ = baselines.baselines_of(model, digits.test[3])
    for a, b in zip(by_number, by_picture, strict=True):
        one, other = asdict(a), asdict(b)
        np.testing.assert_array_equal(one.pop("image"), other.pop("image"))
        assert one == other


def test_without_the_training_pictures_jpeg_remains(model, digits, monkeypatch, tmp_path):
    monkeypatch.setenv("AE_DATA_DIR", str(tmp_path))
    monkeypatch.setattr("urllib.request.urlopen", no_network)
    absent = ModelFile(change(SPEC, image_set="mnist"), "nowhere.npz", 1)
    (jpeg,), missing = baselines.baselines_of(absent, digits.test[0])
    assert jpeg.name == "JPEG"
    check(missing, "set_unavailable", title="mnist", file="mnist.npz")


def no_network(*_args, **_kwargs):
    raise OSError("no network")


def test_baselines_never_see_the_held_out_images(model, digits):
    """PCA fitted to the test pictures as well would be another one."""
    image = digits.test[0]
    linear = baselines.baselines_of(model, image)[0][0]
    both = np.concatenate([digits.train, digits.test]).reshape(-1, 64)
    oracle = PCA(4, svd_solver="full").fit(both)
    back = oracle.inverse_transform(oracle.transform(image.reshape(1, -1)))
    assert np.abs(linear.image.ravel() - np.clip(back, 0, 1).ravel()).max() > 1e-4


# --- gallery ---------------------------------------------------------------------------------


def test_a_gallery_is_a_stretch_of_the_test_pictures(digits):
    shown = gallery.gallery(SPEC.images, 10, 6)
    assert shown.images.dtype == np.uint8
    assert shown.images.shape == (6, 8, 8, 1)
    np.testing.assert_allclose(shown.images / 255, digits.test[10:16], atol=0.5 / 255 + 1e-6)
    assert shown.labels == tuple(str(digit) for digit in digits.test_labels[10:16])
    assert shown.available == len(digits.test) == IMAGE_SETS["digits"].test_count


def test_a_gallery_ends_with_the_test_pictures(digits):
    last = gallery.gallery(SPEC.images, 355, 10)
    assert len(last.images) == len(last.labels) == 5
    beyond = gallery.gallery(SPEC.images, 360, 10)
    assert (len(beyond.images), beyond.labels, beyond.available) == (0, (), 360)


def test_pictures_with_factors_in_place_of_classes_have_no_label():
    shown = gallery.gallery(ImageChoice("toy-faces", 32), 0, 3)
    assert shown.labels == ("", "", "")
    assert shown.images.shape == (3, 32, 32, 1)
    assert shown.available == 1000


def test_a_gallery_of_a_set_that_is_not_there_is_refused():
    with refused("one_of", name="image_set", value="nothing-such"):
        gallery.gallery(ImageChoice("nothing-such"), 0, 3)


def test_speed_is_measured_in_multiplications_a_second():
    speed = estimate.measure_speed()
    assert all(1e7 < value < 1e15 for value in asdict(speed).values())
