"""The recipes in plain Keras, as a user would write them: ``model.fit``, float32, defaults."""

import time
from typing import Any

from ae_core.specs import TrainingSpec, from_json


def plain_fit(spec_json: str) -> tuple[list[float], float]:
    """Train a spec with Keras' own ``fit``; return the seconds of every epoch and the last loss.

    It is the loss per image, on held-out images if there are any.
    """
    import keras
    import tensorflow as tf

    from ae_core.data.loading import load_images
    from ae_core.models.networks import build
    from ae_core.models.pca_init import init_from_pca
    from ae_core.specs.augmentation import AUGMENTATIONS
    from ae_core.specs.losses import LOSSES, kl

    spec = from_json(spec_json)
    own = spec.autoencoder
    images = load_images(*spec.images)
    keras.utils.clear_session()
    networks = build(own, images.image_shape, seed=spec.seed)
    if own.pca_components:
        init_from_pca(own, networks, images.train, LOSSES[spec.loss])

    class Sample(keras.layers.Layer):
        """Samples a code from a mean and a log variance; adds the KL divergence to the loss."""

        def call(self, posterior: Any) -> Any:
            mean, log_var = posterior
            self.add_loss(own.beta * keras.ops.mean(kl(mean, log_var, keras.ops)))
            noise = keras.random.normal(keras.ops.shape(mean), seed=draws)
            return mean + keras.ops.exp(0.5 * log_var) * noise

    draws = keras.random.SeedGenerator(spec.seed)
    pictures = keras.Input(images.image_shape)
    code = networks.encoder(pictures)
    if own.is_variational:
        code = Sample()(code)
    model = keras.Model(pictures, networks.decoder(code))

    def loss(target: Any, output: Any) -> Any:
        row = LOSSES[spec.loss]
        losses = row.of(target, output, spec.sigma, keras.ops)
        return (keras.ops.sum if row.sums_batch else keras.ops.mean)(losses)

    model.compile(
        optimizer=keras.optimizers.Adam(spec.learning_rate),
        loss="mse" if spec.loss == "mse" else loss,
    )
    seconds: list[float] = []

    class Clock(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.started = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            seconds.append(time.perf_counter() - self.started)

    scale = float(own.pixel_scale)
    count = spec.steps_per_epoch * spec.batch_size or len(images.train)
    train, test = images.train[:count], images.test
    options = {
        "epochs": spec.epochs,
        "validation_data": None if spec.split == "none" else (test, test * scale),
        "verbose": 0,
        "callbacks": [Clock()],
    }
    if spec.augment == "none":
        done = model.fit(train, train * scale, batch_size=spec.batch_size, **options)
        return seconds, _last(done, spec)

    def changed(number: Any, batch: Any) -> tuple[Any, Any]:
        batch = AUGMENTATIONS[spec.augment](batch, spec.seed, tf.cast(number, tf.int32), tf)
        return batch, batch

    batches = tf.data.Dataset.from_tensor_slices(train).shuffle(len(train)).batch(spec.batch_size)
    done = model.fit(batches.enumerate().map(changed).prefetch(tf.data.AUTOTUNE), **options)
    return seconds, _last(done, spec)


def _last(done: Any, spec: TrainingSpec) -> float:
    loss: float = done.history.get("val_loss", done.history["loss"])[-1]
    return loss / spec.batch_size if spec.loss == "l2" else loss
