"""A model's errors on images of another set, in the colours that the model knows."""

import numpy as np
from PIL import Image

from ae_core.data import loading
from ae_core.data.loading import load_images
from ae_core.evaluation.reconstruction_error import out_of_distribution
from ae_core.models.inference import autoencoder
from ae_core.models.pretrained import cards
from tests.helpers.image_set_files import write_fake


def test_a_gray_model_sees_the_luma_of_a_coloured_picture(tmp_path, monkeypatch):
    monkeypatch.setenv("AE_DATA_DIR", str(tmp_path))
    loading._load.cache_clear()
    write_fake("lfw-faces", tmp_path)
    model = cards()["digits-dense"].model_file()
    errors, _ = out_of_distribution(model, "lfw-faces", np.zeros(3))
    size = load_images("digits", model.spec.image_size).image_shape
    pixels = (255 * load_images("lfw-faces").test).round().astype(np.uint8)
    luma = [np.asarray(Image.fromarray(one).convert("L").resize(size[:2], Image.Resampling.BICUBIC))
            for one in pixels]  # fmt: skip
    gray = np.stack(luma)[..., np.newaxis] / np.float32(255)
    wanted = np.square(autoencoder(model, size).reconstruct(gray) - gray).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(np.sort(errors.scores), np.sort(wanted), rtol=0.05)
    loading._load.cache_clear()
