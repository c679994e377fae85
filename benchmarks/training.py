"""Seconds an epoch of R1, R3, R5 and the VAE of faces through the training service, against Keras.

``python -m benchmarks.training``: for every recipe the service trains it as the app does (its
snapshots, previews and held-out figures included) and the same worker process then runs
``model.fit`` with default settings and float32 on the same network, pictures and batches; the two
alternate, and the ratio is that of the medians. The first epoch of each, which builds the graph,
is left out. Beside each ratio stands the one that is aimed at.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ae_core.connection import Connection
from ae_core.precision import computes_in
from ae_core.service import TrainingService
from ae_core.specs import change, from_json, preset, to_json
from ae_core.store import RunStore
from ae_core.tasks import TRAIN
from benchmarks.report import Report


@dataclass(frozen=True)
class Aim:
    """How many epochs a round has, and the ratio that is aimed at."""

    epochs: int
    ratio: float


RECIPES = {
    "olivetti-conv": Aim(8, 0.40),  # R1
    "mnist-conv": Aim(3, 0.75),  # R3
    "mnist-dense": Aim(8, 0.45),  # R5
    "faces-vae": Aim(4, 0.60),
}


def plain_fit(spec_json: str) -> list[float]:
    """Train a spec with Keras' own ``fit`` and return the seconds of every epoch."""
    import keras
    import tensorflow as tf

    from ae_core import objectives
    from ae_core.architectures import build
    from ae_core.augmentation import augmented
    from ae_core.components import start_as_pca
    from ae_core.data import load_images

    spec = from_json(spec_json)
    own = spec.autoencoder
    images = load_images(spec.image_set, spec.image_size, spec.split)
    keras.utils.clear_session()
    networks = build(own, images.image_shape, seed=spec.seed)
    if own.components:
        start_as_pca(own, networks, images.train)

    class Sample(keras.layers.Layer):
        """From a mean and a log variance to a code; adds the KL divergence to the loss."""

        def call(self, posterior):
            mean, log_var = posterior
            self.add_loss(own.beta * keras.ops.mean(objectives.kl(mean, log_var)))
            noise = keras.random.normal(keras.ops.shape(mean), seed=draws)
            return mean + keras.ops.exp(0.5 * log_var) * noise

    draws = keras.random.SeedGenerator(spec.seed)
    pictures = keras.Input(images.image_shape)
    code = networks.encoder(pictures)
    if own.bottleneck == "variational":
        code = Sample()(code)
    model = keras.Model(pictures, networks.decoder(code))

    def loss(target, output):
        # R1 sums over the batch, all others take its mean.
        losses = objectives.reconstruction(spec.loss, target, output, spec.sigma)
        return (keras.ops.sum if spec.loss == "l2" else keras.ops.mean)(losses)

    model.compile(
        optimizer=keras.optimizers.Adam(spec.learning_rate),
        loss="mse" if spec.loss == "mse" else loss,
    )
    seconds: list[float] = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            seconds.append(time.perf_counter() - self.started)

    scale = float(own.pixel_scale)
    count = spec.steps_per_epoch * spec.batch_size or len(images.train)
    train, test = images.train[:count], images.test
    options = {
        "epochs": spec.epochs,
        "validation_data": None if spec.split == "everything" else (test, test * scale),
        "verbose": 0,
        "callbacks": [Clock()],
    }
    if spec.augment == "none":
        model.fit(train, train * scale, batch_size=spec.batch_size, **options)
        return seconds

    def changed(number, batch):
        batch = augmented(spec.augment, batch, spec.seed, tf.cast(number, tf.int32))
        return batch, batch

    batches = tf.data.Dataset.from_tensor_slices(train).shuffle(len(train)).batch(spec.batch_size)
    model.fit(batches.enumerate().map(changed).prefetch(tf.data.AUTOTUNE), **options)
    return seconds


def through_service(service: TrainingService, name: str, spec_json: str) -> list[float]:
    """Train a spec as the app does; the seconds between the arrivals of its epochs."""
    arrivals: list[float] = []

    def arrived(snapshot) -> bool:
        if snapshot.epoch > len(arrivals):
            arrivals.extend([time.perf_counter()] * (snapshot.epoch - len(arrivals)))
        return not snapshot.live

    run_id = service.submit(from_json(spec_json), "benchmark", name)
    done = service.wait_until(run_id, arrived, 3600)
    if done.status != "finished":
        raise RuntimeError(done.reason)
    return [b - a for a, b in itertools.pairwise(arrivals)]


def run(report: Report, names: Sequence[str] = tuple(RECIPES), rounds: int = 3) -> None:
    """Measure every recipe, in so many alternating rounds."""
    with tempfile.TemporaryDirectory() as folder:
        service = TrainingService(RunStore(Path(folder)), Connection())
        try:
            for name in names:
                spec = change(preset(name).spec, epochs=RECIPES[name].epochs)
                ours, plain = [], []
                for _ in range(rounds):
                    ours += through_service(service, name, to_json(spec))
                    task = service.connection.client().submit(
                        plain_fit, to_json(spec), resources={TRAIN: 1}, pure=False
                    )
                    plain += task.result()[1:]
                a, b = statistics.median(ours), statistics.median(plain)
                seconds = f"{a:.3f} in {computes_in(spec)}, model.fit {b:.3f}"
                report.figure(f"{name}: seconds an epoch", seconds)
                report.target(f"{name}: ratio", a / b, RECIPES[name].ratio)
        finally:
            service.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("names", nargs="*", default=list(RECIPES))
    options = parser.parse_args()
    run(Report(), options.names, options.rounds)
