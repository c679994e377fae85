"""Worker functions of the Latent space page: encode, decode and profile with a trained model.

They run in an ``infer`` worker, which does not keep a visitor's image.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from ae_core.data.gallery import images_of, tests_of
from ae_core.data.loading import card, load_tests
from ae_core.images import to_array, to_bytes_range, to_pillow
from ae_core.latent.browser_decoder import decoder_bytes
from ae_core.latent.effects import direction_effects
from ae_core.latent.first_sum import first_sum
from ae_core.latent.match import winnable_seeds
from ae_core.latent.profile import LatentProfile
from ae_core.latent.statistics import Gaussian
from ae_core.models import weights
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile, autoencoder, open_model, read_weights
from ae_core.models.pretrained import profile_path
from ae_core.specs import ImageChoice, TrainingSpec

TRAIN_IMAGES = 4000  # encoded for the profile
MAX_TEST_VALUES = 200_000  # N·D for the codes on the map
TEST_IMAGES = (200, 2000)  # minimum and maximum on the map
MAX_DEVIATION = 0.5 / 255  # per pixel
SUMMANDS = 48  # test images to choose from for A + B − C
TRIED, TEMPERATURE = 64, 1.5  # random codes that test float16 weights


def live_decoder(model: ModelFile, name: str) -> bytes:
    """Return a model's decoder for the browser.

    Args:
        model: the model.
        name: the name under which the views of the page find it.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `kept_profile`.
    """
    spec, network = open_model(model)
    own = network.weights()
    half = float16_suffices(spec, own, kept_profile(model).fitted)
    return decoder_bytes(name, spec.autoencoder, image_shape(spec), own, half=half)


def float16_suffices(spec: TrainingSpec, own: Mapping[str, np.ndarray], codes: Gaussian) -> bool:
    """Return whether float16 weights change no pixel of some images by more than 0.5/255.

    Args:
        spec: the network's spec.
        own: its weights by name.
        codes: the distribution of its codes.
    """
    from ae_core.models.autoencoder import Autoencoder

    largest = max(float(np.abs(array).max(initial=0)) for array in own.values())
    if largest > float(np.finfo(np.float16).max):
        return False
    tried = codes.sample(np.random.default_rng(0), TRIED, TEMPERATURE)
    exact, rounded = (
        Autoencoder.from_weights(spec.autoencoder, image_shape(spec), kept).decode(tried)
        for kept in (own, weights.dequantize(weights.to_float16(own)))
    )
    return bool(np.abs(exact - rounded).max() <= MAX_DEVIATION)


def stored_decoder(model: ModelFile, name: str) -> bytes | None:
    """Return `live_decoder` for a model that is stored in few bits a weight, otherwise None.

    The web server may call it, because it loads no network.
    """
    kept = read_weights(model)
    half = weights.is_half(kept)
    if not half and not any(array.dtype == np.int8 for array in kept.values()):
        return None
    spec = model.spec
    return decoder_bytes(name, spec.autoencoder, image_shape(spec), kept, half=half)


def decoder_in_training(model: ModelFile, name: str) -> bytes:
    """Return `live_decoder` for a model in training: created quickly, in float32.

    It loads no network, so the web server may call it.
    """
    spec = model.spec
    kept = weights.dequantize(read_weights(model))
    return decoder_bytes(name, spec.autoencoder, image_shape(spec), kept, half=False)


@lru_cache(maxsize=8)
def latent_profile(model: ModelFile) -> LatentProfile:
    """Return the latent profile of a model.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
    """
    spec, network = open_model(model)
    images = images_of(spec)
    labels = images.train_labels, images.test_labels
    shown = _shown(spec)
    return LatentProfile.fit(
        network.posterior(images.train[:TRAIN_IMAGES]),
        None if labels[0] is None else labels[0][:TRAIN_IMAGES],
        network.encode(images.test[:shown]),
        None if labels[1] is None else labels[1][:shown],
        images.label_names,
        network.decode,
        card(spec.image_set),
    )


def shipped_profile(model: ModelFile, shown: Mapping[str, float]) -> LatentProfile:
    """Return the profile that comes with the app for a model, with the targets of its game.

    Args:
        model: the model.
        shown: for some directions, how much of a change of the code its decoder shows, above 0:
            they become as much longer.
    """
    network, images, known = open_model(model)[1], images_of(model.spec), latent_profile(model)
    lengths = np.array([1 / shown.get(name, 1.0) for name in known.direction_names], np.float32)
    directions = known.directions * lengths[:, np.newaxis]
    effects = direction_effects(network.decode, known.mean, directions)
    known = replace(known, directions=directions, direction_effects=effects)
    known = replace(known, match_seeds=winnable_seeds(network, known, images.test))
    # A decoder turns codes into images, and the terms of most sets do not let us show them.
    return known if card(model.spec.image_set).embedded else known.without_test_codes()


def kept_profile(model: ModelFile) -> LatentProfile:
    """Return the profile that came with a model; of a model without one, `latent_profile`.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: there is none, and see `latent_profile`.
    """
    kept = profile_path(Path(model.path))
    return LatentProfile.from_bytes(kept.read_bytes()) if kept.is_file() else latent_profile(model)


def with_test_codes(model: ModelFile) -> LatentProfile:
    """Return a model's kept profile with the codes of the test images that are here."""
    images = tests_of(model.spec)
    shown = images.test[: _shown(model.spec)]
    labels = None if images.test_labels is None else images.test_labels[: len(shown)]
    codes = autoencoder(model, images.image_shape).encode(shown)
    names = images.label_names
    return replace(kept_profile(model), codes=codes, labels=labels, label_names=names)


def _shown(spec: TrainingSpec) -> int:
    return int(np.clip(MAX_TEST_VALUES // spec.autoencoder.latent_dim, *TEST_IMAGES))


def tsne(codes: np.ndarray) -> np.ndarray:
    """Map codes (N, D) to points (N, 2) by t-SNE (van der Maaten and Hinton, 2008)."""
    from sklearn.manifold import TSNE

    perplexity = min(30.0, (len(codes) - 1) / 3)
    points: np.ndarray = TSNE(perplexity=perplexity, init="random", random_state=0).fit_transform(
        codes
    )
    return points.astype(np.float32)


def decode(model: ModelFile, codes: np.ndarray) -> np.ndarray:
    """Decode codes (N, D) to images (N, H, W, C) uint8."""
    return to_bytes_range(open_model(model)[1].decode(codes))


def encode(model: ModelFile, image: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Encode an image (H, W, C) in [0, 1], resized if the model has images of another size.

    Returns:
        The code (D,), and log variances (D,) if the model is variational.
    """
    shape = image_shape(model.spec)
    if image.shape != shape:
        image = to_array(to_pillow(to_bytes_range(image)), shape)
    mean, log_var = autoencoder(model, shape).posterior(image[np.newaxis])
    return mean[0], None if log_var is None else log_var[0]


def encode_test(
    model: ModelFile, choice: ImageChoice, number: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """Encode test image ``number`` of an image set; see `encode`."""
    return encode(model, load_tests(*choice).test[number])


def sum_pictures(model: ModelFile) -> tuple[int, int, int]:
    """Return the test images with which A + B − C begins; see `ae_core.latent.first_sum`."""
    images = tests_of(model.spec)
    codes = autoencoder(model, images.image_shape).encode(images.test[:SUMMANDS])
    labels = images.test_labels
    return first_sum(codes, None if labels is None else labels[:SUMMANDS], kept_profile(model))
