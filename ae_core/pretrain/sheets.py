"""Contact sheets for the documents, of images that nobody has taken: decoded from random codes."""

import io
from typing import TYPE_CHECKING

import numpy as np

from ae_core.images import contact_sheet, sheet, to_bytes_range, to_pillow
from ae_core.latent.profile import LatentProfile
from ae_core.latent.statistics import Gaussian

if TYPE_CHECKING:
    from ae_core.models.autoencoder import Autoencoder

SAMPLES, TEMPERATURES, WIDTH = 10, (1.0, 1.0, 0.7, 0.7), 1000
FACES, STRENGTHS, SEED = 4, (-2.0, 0.0, 2.0), 0
NEAR_MEAN = 0.5  # temperature
QUALITY = 85


def random_pictures(autoencoder: "Autoencoder") -> bytes:
    """Return a JPEG file of images decoded from N(0, I): one row for each of `TEMPERATURES`."""
    prior, rng = Gaussian.standard(autoencoder.spec.latent_dim), np.random.default_rng(0)
    rows = [autoencoder.decode(prior.sample(rng, SAMPLES, heat)) for heat in TEMPERATURES]
    return _jpeg(contact_sheet(to_bytes_range(np.stack(rows)), width=WIDTH))


def directions(autoencoder: "Autoencoder", profile: LatentProfile) -> bytes:
    """Return a JPEG file with a row for each direction: `FACES` codes, moved by each strength."""
    codes = profile.fitted.sample(np.random.default_rng(SEED), FACES, NEAR_MEAN)
    steps = np.array(STRENGTHS, np.float32)[:, np.newaxis]
    rows = [
        autoencoder.decode(np.concatenate([code + steps * direction for code in codes]))
        for direction in profile.directions
    ]
    return _jpeg(sheet(to_bytes_range(np.stack(rows))))


def _jpeg(image: np.ndarray) -> bytes:
    file = io.BytesIO()
    to_pillow(image).save(file, "JPEG", quality=QUALITY)
    return file.getvalue()
