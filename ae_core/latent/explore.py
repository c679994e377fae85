"""What the Latent space page asks of a trained model, as functions that run in an ``infer`` worker.

Like `ae_core.models.inference`, whose models they use; what belongs to a visitor's picture travels
with each question and is nowhere kept.
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from ae_core.data import loading
from ae_core.images import to_bytes_range
from ae_core.latent import atlas
from ae_core.latent.browser_decoder import decoder_bytes
from ae_core.latent.statistics import Gaussian
from ae_core.models import weights
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, autoencoder, read_weights
from ae_core.specs import TrainingSpec, from_json

TRAIN_PICTURES = 4000  # that are encoded to know how codes are spread
TEST_NUMBERS = 200_000  # of all codes on the map together: so many test pictures are on it
MAP_PICTURES = (200, 2000)  # but at least and at most so many
MOST_DEVIATION = 0.5 / 255  # of a pixel
TRIED, HEAT = 64, 1.5  # codes, and how far out, on which float16 weights are tried


def live_decoder(model: ModelFile, name: str) -> bytes:
    """Return a model's decoder for the browser.

    Args:
        model: the model.
        name: under which the views of the page find it.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `explore`.
    """
    spec = from_json(model.spec_json)
    shape = image_shape(spec)
    own = autoencoder(model, shape).weights()
    half = float16_will_do(spec, own, explore(model).fitted)
    return decoder_bytes(name, spec.autoencoder, shape, own, half=half)


def float16_will_do(spec: TrainingSpec, own: Mapping[str, np.ndarray], codes: Gaussian) -> bool:
    """Whether weights rounded to float16 change no pixel of some pictures by half of 1/255.

    Args:
        spec: of the network.
        own: its weights by name.
        codes: what its codes are like.
    """
    from ae_core.models.autoencoder import Autoencoder

    if max(float(np.abs(array).max(initial=0)) for array in own.values()) > float(
        np.finfo("f2").max
    ):
        return False
    tried = codes.sample(np.random.default_rng(0), TRIED, HEAT)
    exact, rounded = (
        Autoencoder.from_weights(spec.autoencoder, image_shape(spec), kept).decode(tried)
        for kept in (own, weights.expanded(weights.halved(own)))
    )
    return bool(np.abs(exact - rounded).max() <= MOST_DEVIATION)


def stored_decoder(model: ModelFile, name: str) -> bytes | None:
    """Return `live_decoder` of a model that is kept as float16, None for any other.

    No network is needed to know that float16 will do: fit for any process.
    """
    kept = read_weights(model)
    if any(array.dtype != np.float16 for array in kept.values()):
        return None
    spec = from_json(model.spec_json)
    return decoder_bytes(name, spec.autoencoder, image_shape(spec), kept, half=True)


def decoder_in_training(model: ModelFile, name: str) -> bytes:
    """Return `live_decoder` of a model that changes every few seconds: quick, but in float32.

    Fit for any process, like `stored_decoder`.
    """
    spec = from_json(model.spec_json)
    kept = weights.expanded(read_weights(model))
    return decoder_bytes(name, spec.autoencoder, image_shape(spec), kept, half=False)


@lru_cache(maxsize=8)
def explore(model: ModelFile) -> atlas.Atlas:
    """Return the atlas of a model.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
    """
    spec = from_json(model.spec_json)
    images = loading.load_images(spec.image_set, spec.image_size, spec.split)
    trained = autoencoder(model, images.image_shape)
    labels = images.train_labels, images.test_labels
    least, most = MAP_PICTURES
    shown = min(max(TEST_NUMBERS // spec.autoencoder.latent_dim, least), most)
    return atlas.measure(
        trained.posterior(images.train[:TRAIN_PICTURES]),
        None if labels[0] is None else labels[0][:TRAIN_PICTURES],
        trained.encode(images.test[:shown]),
        None if labels[1] is None else labels[1][:shown],
        images.label_names,
    )


def neighbours(codes: np.ndarray) -> np.ndarray:
    """Return points (N, 2) of codes (N, D) by t-SNE (van der Maaten and Hinton, 2008)."""
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(codes) - 1) / 3)
    points: np.ndarray = TSNE(perplexity=perplexity, init="random", random_state=0).fit_transform(
        codes
    )
    return points.astype(np.float32)


def decode(model: ModelFile, codes: np.ndarray) -> np.ndarray:
    """Decode codes (N, D) to pictures (N, H, W, C) uint8."""
    spec = from_json(model.spec_json)
    return to_bytes_range(autoencoder(model, image_shape(spec)).decode(codes))


def encode(model: ModelFile, image: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Encode a picture (H, W, C) in [0, 1]: its code (D,), and log variances if variational."""
    mean, log_var = autoencoder(model, image.shape).posterior(image[np.newaxis])
    return mean[0], None if log_var is None else log_var[0]


def encode_test(model: ModelFile, number: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Encode test picture ``number`` of a model's image set; see `encode`."""
    spec = from_json(model.spec_json)
    return encode(
        model, loading.load_images(spec.image_set, spec.image_size, spec.split).test[number]
    )
