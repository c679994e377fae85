"""How the denoiser is trained: clean faces, corrupted afresh for every batch, every kind mixed.

It knows a spec and pictures; not where weights go.
"""

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from ae_core.corruption import corrupt
from ae_core.denoiser import build
from ae_core.specs import Corruption, DenoiserSpec

Pair = tuple[np.ndarray, np.ndarray]  # noisy and clean pictures
# Kind, share of the training pictures, and the range from which the amount is drawn.
MIXTURE = (
    ("gaussian", 0.60, 0.0, 0.4),
    ("heteroscedastic", 0.08, 0.0, 0.4),
    ("salt-and-pepper", 0.05, 0.0, 0.4),
    ("speckle", 0.05, 0.0, 0.6),
    ("masking", 0.05, 0.0, 0.6),
    ("block", 0.05, 0.0, 0.15),
    ("blur", 0.06, 0.0, 0.5),
    ("jpeg", 0.06, 0.5, 1.0),
)
CONTRASTS = 0.15  # share of pictures with other contrast: what is black need not be missing
CLOSE_UPS = 0.15  # share of pictures that are a part of a face, enlarged: for larger photos
WARM_UP = 0.02  # share of the steps
FAINTEST = 1e-4  # MSE below which a smaller one gains nothing: 40 dB


def train(
    spec: DenoiserSpec,
    images: np.ndarray,
    on_step: Callable[[int, float, Callable[[], dict[str, np.ndarray]]], None],
) -> dict[str, np.ndarray]:
    """Train a denoiser and return its weights by name, float32.

    The loss of a picture is the logarithm of its mean squared error, that is its PSNR: with the
    plain error the strongest noise would get all the attention.

    Args:
        spec: what to train; the same spec gives the same weights on one machine.
        images: (N, H, W, 1) float32 in [0, 1], H and W multiples of ``spec.stride``.
        on_step: called after every step with its number, its mean PSNR in dB and a function
            that returns the weights as they would be if this were the last step.
    """
    keras.utils.clear_session()
    network = build(spec, seed=spec.seed)
    variables = network.trainable_variables
    optimizer = keras.optimizers.Adam(spec.learning_rate, global_clipnorm=1.0)
    optimizer.build(variables)
    means = [tf.Variable(variable.value) for variable in variables]
    picture = tf.TensorSpec([None, *images.shape[1:]], tf.float32)
    rate = tf.TensorSpec([], tf.float32)

    def step(noisy: tf.Tensor, clean: tf.Tensor, rate: tf.Tensor, kept: tf.Tensor) -> tf.Tensor:
        optimizer.learning_rate = rate
        with tf.GradientTape() as tape:
            output = network(noisy, training=True)
            error = tf.reduce_mean(tf.square(output - clean), axis=[1, 2, 3])
            loss = tf.reduce_mean(tf.math.log(error + FAINTEST))
        optimizer.apply(tape.gradient(loss, variables), variables)
        for mean, variable in zip(means, variables, strict=True):
            mean.assign(kept * mean + (1 - kept) * variable.value)
        return loss

    call = tf.function(step, input_signature=[picture, picture, rate, rate], autograph=False)

    def weights() -> dict[str, np.ndarray]:
        return {v.path: mean.numpy() for v, mean in zip(variables, means, strict=True)}

    for number, (noisy, clean) in enumerate(_ahead(_batches(spec, images)), 1):
        # Early on the mean of all steps so far, else the random start would last for thousands.
        kept = min(spec.average, number / (number + 10))
        loss = float(call(noisy, clean, _rate(spec, number), kept))
        on_step(number, -10 * loss / math.log(10), weights)
    return weights()


def _ahead(batches: Iterator[Pair]) -> Iterator[Pair]:
    """Make the next batch while the network learns from this one."""
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = thread.submit(next, batches, None)
            yield batch


def _rate(spec: DenoiserSpec, number: int) -> float:
    share = number / spec.steps
    if share < WARM_UP:
        return spec.learning_rate * share / WARM_UP
    return spec.learning_rate * 0.5 * (1 + math.cos(math.pi * (share - WARM_UP) / (1 - WARM_UP)))


def _batches(spec: DenoiserSpec, images: np.ndarray) -> Iterator[Pair]:
    """Give pairs of noisy and clean pictures, (batch, H, W, 1) each."""
    rng = np.random.default_rng(spec.seed)
    kinds, shares, lows, highs = zip(*MIXTURE, strict=True)
    order = np.zeros(0, int)
    for _ in range(spec.steps):
        if len(order) < spec.batch_size:
            order = np.concatenate([order, rng.permutation(len(images))])
        now, order = order[: spec.batch_size], order[spec.batch_size :]
        clean = np.stack([_varied(images[index], rng) for index in now]).astype(np.float32)
        noisy = np.empty_like(clean)
        for index, kind in enumerate(rng.choice(len(kinds), len(clean), p=shares)):
            how = Corruption(kinds[kind], rng.uniform(lows[kind], highs[kind]))
            noisy[index] = corrupt(how, clean[index][np.newaxis], rng)[0]
        yield noisy, clean


def _varied(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirror every other picture (H, W, 1); change the contrast of some, enlarge a part of some."""
    if rng.random() < 0.5:
        image = image[:, ::-1]
    if rng.random() < CONTRASTS:
        gain, middle = rng.uniform(0.5, 3.0), rng.uniform(0.0, 1.0)
        image = np.clip((image - middle) * np.float32(gain) + rng.choice([0.0, 0.5, 1.0]), 0, 1)
    return _close_up(image, rng) if rng.random() < CLOSE_UPS else image


def _close_up(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = image.shape[:2]
    zoom = rng.uniform(1 / 3, 3 / 4)
    top, left = rng.uniform(0, height * (1 - zoom)), rng.uniform(0, width * (1 - zoom))
    part = Image.fromarray(np.ascontiguousarray(image[..., 0], np.float32)).resize(
        (width, height),
        Image.Resampling.BICUBIC,
        (left, top, left + width * zoom, top + height * zoom),
    )
    return np.clip(np.asarray(part), 0, 1)[..., np.newaxis]
