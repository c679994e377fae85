"""Trains the denoiser on clean faces, with a new mixture of all corruptions in every batch."""

import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from ae_core.data.corruption import corrupt
from ae_core.models.denoiser import build
from ae_core.models.weights import assign
from ae_core.specs import Corruption, DenoiserSpec
from ae_core.training.keras_adapter import on_one_device

Pair = tuple[np.ndarray, np.ndarray]  # noisy and clean images
# Kind, share of the training images, and range of the amount.
MIXTURE = (
    ("gaussian", 0.70, 0.0, 0.4),
    ("heteroscedastic", 0.06, 0.0, 0.4),
    ("salt-and-pepper", 0.04, 0.0, 0.4),
    ("speckle", 0.04, 0.0, 0.6),
    ("masking", 0.04, 0.0, 0.6),
    ("block", 0.04, 0.0, 0.15),
    ("blur", 0.04, 0.0, 0.5),
    ("jpeg", 0.04, 0.5, 1.0),
)
# In the second round half of the Gaussian noise is faint: the network learns last to leave fine
# detail alone, and gains least there from more steps.
SECOND_MIXTURE = (
    ("gaussian", 0.35, 0.0, 0.4),
    ("gaussian", 0.35, 0.05, 0.15),
    *MIXTURE[1:],
)
CONTRASTS = 0.08  # share of images with another contrast: black pixels are not always missing ones
CLOSE_UPS = 0.10  # share of images that are enlarged parts of a face, for larger photos
WARM_UP = 0.02  # share of the steps of a round


class Training:
    """A training that can be saved and continued later.

    The loss of an image is the logarithm of its mean squared error, which is nearly its PSNR: with
    the error itself, the strongest noise would dominate.
    """

    def __init__(
        self,
        spec: DenoiserSpec,
        images: np.ndarray,
        start: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        """Start; the same spec gives the same weights on one machine, even if it is interrupted.

        Args:
            spec: what to train.
            images: (N, H, W, C) float32 in [0, 1], H and W multiples of ``spec.stride``.
            start: the weights to begin with, by name; None for the initial ones of the seed.
        """
        keras.utils.clear_session()
        self._spec, self._images = spec, images
        self._network = build(spec, seed=spec.seed)
        self._variables = self._network.trainable_variables
        if start is not None:
            assign(self._variables, start)
        adam = keras.optimizers.Adam(spec.learning_rate, global_clipnorm=1.0)
        self._optimizer = on_one_device(adam)
        self._optimizer.build(self._variables)
        self._means = [tf.Variable(variable.value) for variable in self._variables]
        self.done = 0  # completed steps

    def run(self, on_step: Callable[[float], None]) -> None:
        """Train for the remaining steps; ``on_step`` gets the mean PSNR of each batch in dB."""
        picture = tf.TensorSpec([None, *self._images.shape[1:]], tf.float32)
        number = tf.TensorSpec([], tf.float32)
        signature = [picture, picture, number, number]
        call = tf.function(self._step, input_signature=signature, autograph=False)
        for noisy, clean in _ahead(_batches(self._spec, self._images, self.done)):
            if self.done == self._spec.steps:  # the second round
                for variable, mean in zip(self._variables, self._means, strict=True):
                    variable.assign(mean)
            # A plain mean over the early steps: otherwise the random start would linger.
            kept = min(self._spec.ema_decay, (self.done + 1) / (self.done + 11))
            loss = float(call(noisy, clean, _rate(self._spec, self.done + 1), kept))
            self.done += 1
            on_step(-10 * loss / math.log(10))

    def weights(self) -> dict[str, np.ndarray]:
        """Return the moving averages of the weights by name, float32."""
        pairs = zip(self._variables, self._means, strict=True)
        return {variable.path: mean.numpy() for variable, mean in pairs}

    def state(self) -> dict[str, np.ndarray]:
        """Return the state that `restore` needs."""
        arrays = {str(i): variable.numpy() for i, variable in enumerate(self._all())}
        return arrays | {"done": np.asarray(self.done)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Continue a training of the same spec."""
        for i, variable in enumerate(self._all()):
            variable.assign(state[str(i)])
        self.done = int(state["done"])

    def _all(self) -> list[tf.Variable | keras.Variable]:
        return [*self._variables, *self._means, *self._optimizer.variables]

    def _step(
        self, noisy: tf.Tensor, clean: tf.Tensor, rate: tf.Tensor, kept: tf.Tensor
    ) -> tf.Tensor:
        self._optimizer.learning_rate = rate
        with tf.GradientTape() as tape:
            output = self._network(noisy, training=True)
            error = tf.reduce_mean(tf.square(output - clean), axis=[1, 2, 3])
            loss = tf.reduce_mean(tf.math.log(error + self._spec.faintest))
        self._optimizer.apply(tape.gradient(loss, self._variables), self._variables)
        for mean, variable in zip(self._means, self._variables, strict=True):
            mean.assign(kept * mean + (1 - kept) * variable.value)
        return loss


def _ahead(batches: Iterator[Pair]) -> Iterator[Pair]:
    """Prepare the next batch while the network trains on this one."""
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = thread.submit(next, batches, None)
            yield batch


def _rate(spec: DenoiserSpec, number: int) -> float:
    """Return the learning rate of a step, whose number begins with 1."""
    share = number / spec.steps
    if share > 1:
        share = (number - spec.steps) / spec.second_steps
    if share < WARM_UP:
        return spec.learning_rate * share / WARM_UP
    return spec.learning_rate * _half_cosine((share - WARM_UP) / (1 - WARM_UP))


def _half_cosine(share: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * share))


def _batches(spec: DenoiserSpec, images: np.ndarray, done: int) -> Iterator[Pair]:
    """Yield pairs of noisy and clean images, (batch, H, W, C) each, starting at step ``done``."""
    for step in range(done, spec.steps + spec.second_steps):
        mixture = MIXTURE if step < spec.steps else SECOND_MIXTURE
        kinds, shares, lows, highs = zip(*mixture, strict=True)
        rng = np.random.default_rng([spec.seed, step])  # independent of earlier steps
        first = step * spec.batch_size
        places = range(first, first + spec.batch_size)
        chosen = [_order(spec.seed, place // len(images), len(images))[place % len(images)]
                  for place in places]  # fmt: skip
        clean = np.stack([_varied(images[index], rng) for index in chosen]).astype(np.float32)
        noisy = np.empty_like(clean)
        for index, kind in enumerate(rng.choice(len(kinds), len(clean), p=shares)):
            how = Corruption(kinds[kind], rng.uniform(lows[kind], highs[kind]))
            noisy[index] = corrupt(how, clean[index][np.newaxis], rng)[0]
        yield noisy, clean


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> np.ndarray:
    return np.random.default_rng([seed, epoch, count]).permutation(count)


def _varied(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Augment an image (H, W, C): mirror it, change its contrast or enlarge a part at random."""
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
    box = (left, top, left + width * zoom, top + height * zoom)
    planes = [
        np.asarray(
            Image.fromarray(np.ascontiguousarray(plane, np.float32)).resize(
                (width, height), Image.Resampling.BICUBIC, box
            )
        )
        for plane in np.moveaxis(image, -1, 0)
    ]
    return np.clip(np.stack(planes, axis=-1), 0, 1)
