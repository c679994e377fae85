"""A worker function that draws the preview images of a run which did not train here."""

import numpy as np

from ae_core.data.gallery import tests_of
from ae_core.errors import UserError
from ae_core.images import to_bytes_range
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, autoencoder


def preview_of(model: ModelFile) -> np.ndarray:
    """Return a trained model's preview images as its training shows them: (R, N, H, W, C) uint8.

    Raises:
        ImageSetUnavailable: its images are not here.
        UserError: its weights are gone, cannot be read, belong to another network, or draw nothing
            that is a number.
    """
    from ae_core.training.loop import preview_images

    clean, shown = preview_images(model.spec, tests_of(model.spec))
    network = autoencoder(model, image_shape(model.spec))
    codes = network.encode(shown)
    output = network.decode(codes)
    if not (np.isfinite(codes).all() and np.isfinite(output).all()):
        raise UserError("home_draws")
    rows = [clean, shown, output] if model.spec.corruption.active else [clean, output]
    return to_bytes_range(np.stack(rows))
