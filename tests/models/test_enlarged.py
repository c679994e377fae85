"""A reconstruction at 32×32 brought back to the 64×64 of its set, on made-up files."""

import numpy as np
import pytest
from PIL import Image

from ae_core.data import loading
from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.loading import load_images
from ae_core.metrics import psnr
from ae_core.models.autoencoder import Autoencoder
from ae_core.models.compatibility import image_shape
from ae_core.models.enlarged import enlarge_test, is_reduced
from ae_core.models.inference import ModelFile, reconstruct_test
from ae_core.models.networks import build
from ae_core.models.weights import to_bytes
from ae_core.specs import TrainingSpec, change, preset
from tests.helpers.image_set_files import write_fake

SPEC = change(preset("olivetti-conv"), encoder="dense8", decoder="dense8", latent_dim=4)


@pytest.fixture
def model(tmp_path, monkeypatch):
    """An untrained one of reduced images."""
    monkeypatch.setenv("AE_DATA_DIR", str(tmp_path))
    write_fake("olivetti", tmp_path)
    loading._load.cache_clear()
    shape, path = image_shape(SPEC), tmp_path / "weights.npz"
    network = Autoencoder(SPEC.autoencoder, shape, build(SPEC.autoencoder, shape, seed=0))
    path.write_bytes(to_bytes(network.weights()))
    yield ModelFile(SPEC, str(path), 1)
    loading._load.cache_clear()


def by_pillow(image, side):
    large = Image.fromarray(image[..., 0]).resize((side, side), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(large), 0, 1)[..., np.newaxis]


def test_both_are_enlarged_by_pillow_and_compared_with_the_original(model):
    original = load_images("olivetti").test[3]
    image, ours = reconstruct_test(model, 3)
    found = enlarge_test(model, 3)
    np.testing.assert_array_equal(found.original, original)
    for made, small in ((found.reduced, image), (found.ours, ours.image)):
        assert small.shape == (32, 32, 1)
        np.testing.assert_array_equal(made.image, by_pillow(small, 64))
        assert made.psnr == pytest.approx(psnr(original, by_pillow(small, 64)))
    assert (found.ours.latent_dim, found.ours.bytes) == (ours.latent_dim, ours.bytes)


@pytest.mark.parametrize("name", IMAGE_SETS)
def test_only_images_that_are_stored_larger_are_reduced(name):
    known = IMAGE_SETS[name]
    for size in known.sizes:
        reduced = is_reduced(TrainingSpec(image_set=name, image_size=size))
        assert reduced == (size < known.native_size and known.file is not None)
