"""Seconds an epoch of R1, R3 and R5 through the training service, against plain Keras.

``python -m benchmarks.training``: for every recipe the service trains it as the app does (its
snapshots, previews and held-out figures included) and the same worker process then runs
``model.fit`` with default settings on the same network, pictures and batches; the two alternate,
and the ratio is that of the medians. The first epoch of each, which builds the graph, is left out.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from pathlib import Path

from ae_core.connection import Connection
from ae_core.service import TrainingService
from ae_core.specs import change, from_json, preset, to_json
from ae_core.store import RunStore
from ae_core.tasks import TRAIN

RECIPES = {"olivetti-conv": 8, "mnist-conv": 3, "mnist-dense": 8}  # R1, R3, R5: epochs a round


def plain_fit(spec_json: str) -> list[float]:
    """Train a spec with Keras' own ``fit`` and return the seconds of every epoch."""
    import keras

    from ae_core.architectures import build
    from ae_core.data import load_images

    spec = from_json(spec_json)
    images = load_images(spec.image_set, spec.image_size, spec.split)
    keras.utils.clear_session()
    networks = build(spec.autoencoder, images.image_shape, seed=spec.seed)
    scale = float(spec.autoencoder.pixel_scale)
    pictures = keras.Input(images.image_shape)
    model = keras.Model(pictures, networks.decoder(networks.encoder(pictures)))

    def half_sum(target, output):  # R1's loss
        return 0.5 * keras.ops.sum(keras.ops.square(target - output))

    loss = half_sum if spec.loss == "l2" else "mse"
    model.compile(optimizer=keras.optimizers.Adam(spec.learning_rate), loss=loss)
    seconds: list[float] = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            seconds.append(time.perf_counter() - self.started)

    count = spec.steps_per_epoch * spec.batch_size or len(images.train)
    train, test = images.train[:count], images.test
    held_out = None if spec.split == "everything" else (test, test * scale)
    model.fit(
        train,
        train * scale,
        batch_size=spec.batch_size,
        epochs=spec.epochs,
        validation_data=held_out,
        verbose=0,
        callbacks=[Clock()],
    )
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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("names", nargs="*", default=list(RECIPES))
    options = parser.parse_args()
    print(f"{'recipe':16}{'service s/epoch':>16}{'model.fit s/epoch':>19}{'ratio':>8}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        service = TrainingService(RunStore(Path(folder)), Connection())
        try:
            for name in options.names:
                spec_json = to_json(change(preset(name).spec, epochs=RECIPES[name]))
                ours, plain = [], []
                for _ in range(options.rounds):
                    ours += through_service(service, name, spec_json)
                    task = service.connection.client().submit(
                        plain_fit, spec_json, resources={TRAIN: 1}, pure=False
                    )
                    plain += task.result()[1:]
                a, b = statistics.median(ours), statistics.median(plain)
                print(f"{name:16}{a:16.3f}{b:19.3f}{a / b:8.2f}", flush=True)
        finally:
            service.close()


if __name__ == "__main__":
    main()
