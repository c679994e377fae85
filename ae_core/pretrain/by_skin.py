"""How the error of a model differs between faces with darker and with lighter skin."""

from collections.abc import Callable

import numpy as np

from ae_core.data.catalog import ImageSet
from ae_core.data.corruption import corrupt
from ae_core.metrics import psnr
from ae_core.models.pretrained import NOISE_BY_SKIN
from ae_core.pretrain.noise_benchmark import SEED

LABELS = ("skin_light", "skin")  # how light the skin is: measured in photos, chosen for drawings
# Where sets without such a label have a cheek: first and last row, first and last column, in 64ths
# of the side; the other cheek is its mirror image. The brightness of the same place in `lfw-faces`
# has a correlation of 0.93 with `skin_light`.
CHEEKS = {"lfw-crop": (31, 41, 5, 15), "olivetti": (34, 43, 6, 15)}


def skin_light(images: ImageSet) -> np.ndarray | None:
    """Return how light the skin of each test face (N,) is, None if the images are no faces."""
    for label in LABELS:
        if label in images.label_names and images.test_labels is not None:
            return np.asarray(images.test_labels[:, images.label_names.index(label)])
    if images.name not in CHEEKS:
        return None
    side = images.image_shape[0]
    top, bottom, left, right = (place * side // 64 for place in CHEEKS[images.name])
    cheeks = [faces[:, top:bottom, left:right] for faces in (images.test, images.test[:, :, ::-1])]
    return np.mean(cheeks, axis=(0, 2, 3, 4))


def psnr_by_skin(
    method: Callable[[np.ndarray], np.ndarray], images: ImageSet, noisy: bool
) -> tuple[float, ...]:
    """Return the PSNR in dB in each quarter of how light the skin of test faces is, dark first.

    Args:
        method: images in, drawn ones out, both (N, H, W, C) in [0, 1].
        images: the faces; images of anything else have no such figures.
        noisy: whether the method gets them with `NOISE_BY_SKIN`.
    """
    light = skin_light(images)
    if light is None:
        return ()
    shown = (
        corrupt(NOISE_BY_SKIN, images.test, np.random.default_rng(SEED)) if noisy else images.test
    )
    drawn = method(shown)
    quarter = np.digitize(light, np.quantile(light, (0.25, 0.5, 0.75)))
    return tuple(
        round(psnr(drawn[quarter == number], images.test[quarter == number]), 2)
        for number in range(4)
    )
