"""Small images by which menus show a model: drawn by the model, with nothing of its image set."""

from typing import TYPE_CHECKING

import numpy as np

from ae_core.data.corruption import corrupt
from ae_core.data.loading import load_images
from ae_core.images import to_bytes_range, to_png
from ae_core.latent.profile import LatentProfile
from ae_core.specs import Corruption

if TYPE_CHECKING:
    from ae_core.models.autoencoder import Autoencoder
    from ae_core.models.denoiser import Denoiser

SEED, TEMPERATURE = 5, 0.7  # of the code: near the mean, where models draw best
SIDE = 64  # pixels of a face that a denoiser cleans
NOISE = Corruption("gaussian", 0.2)


def of_autoencoder(autoencoder: "Autoencoder", profile: LatentProfile) -> bytes:
    """Return what a decoder draws from a random code, as PNG."""
    code = profile.fitted.sample(np.random.default_rng(SEED), 1, TEMPERATURE)
    return to_png(to_bytes_range(autoencoder.decode(code)[0]))


def of_denoiser(denoiser: "Denoiser") -> bytes:
    """Return a drawn face, noisy on the left and denoised on the right, as PNG."""
    face = load_images("toy-faces", SIDE, channels=denoiser.spec.channels).test[:1]
    picture = corrupt(NOISE, face, np.random.default_rng(SEED))[0]
    half = SIDE // 2
    picture[:, half:] = denoiser.denoise(picture[np.newaxis])[0, :, half:]
    return to_png(to_bytes_range(picture))
