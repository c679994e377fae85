"""Trains the models in ``assets/pretrained``; each takes minutes to an hour on two cores."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ae_core.data.catalog import IMAGE_SETS, ImageSet
from ae_core.data.loading import load_images
from ae_core.denoising.face_distance import FaceDistance
from ae_core.errors import UserError
from ae_core.images import sheet, to_bytes_range, to_png
from ae_core.latent import explore
from ae_core.latent.profile import LatentProfile
from ae_core.metrics import psnr
from ae_core.models import pretrained, weights
from ae_core.models.compatibility import image_shape
from ae_core.models.inference import ModelFile
from ae_core.models.pretrained import ModelCard, NoiseResult
from ae_core.pretrain import recipes, sheets, thumbnails
from ae_core.pretrain.by_skin import psnr_by_skin
from ae_core.pretrain.console import epoch_line
from ae_core.pretrain.noise_benchmark import KINDS, benchmark
from ae_core.runs.folder import write_run
from ae_core.runs.record import RunRecord, new_record
from ae_core.specs import DenoiserSpec, TrainingSpec, change
from ae_core.storage.files import atomic_write

if TYPE_CHECKING:
    from ae_core.models.autoencoder import Autoencoder

FACES = "lfw-crop"
TOLD_EVERY = 100  # steps of a denoiser between messages
KEPT_EVERY = 1000  # steps between checkpoints, from which a long training can continue

_FACES_OF = {name: image_set for image_set, name in pretrained.FACE_DISTANCES.items()}
NAMES = (*recipes.RECIPES, *recipes.DENOISERS, *_FACES_OF)


def pretrain(name: str, folder: Path) -> None:
    """Train a model and write its files, printing its progress.

    Raises:
        UserError: the training failed, or nothing was measured on the images for its directions.
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if name in _FACES_OF:
        images = load_images(_FACES_OF[name])
        made = FaceDistance.fit(images.train, images.test).to_bytes()
        atomic_write(folder / f"{name}.npz", made)
    elif name in recipes.DENOISERS:
        _denoiser(name, folder)
    else:
        _autoencoder(name, folder)


def write_profile(name: str, folder: Path) -> None:
    """Write the latent profile of an autoencoder anew, from the weights in the folder.

    Raises:
        ImageSetUnavailable, ImageSetCorrupt: see `ae_core.data.loading.load_images`.
    """
    _write_profile(name, folder)


def run(
    spec: TrainingSpec,
    name: str,
    folder: Path | None,
    start: Mapping[str, np.ndarray] | None = None,
) -> tuple[RunRecord, dict[str, np.ndarray], dict[str, bytes]]:
    """Train in this process, printing a line per epoch; write a run folder if one is given.

    It begins with the weights of `start`, None for the initial ones of its seed.

    Returns:
        The run's record, its weights and its files.
    """
    from ae_core.training import loop

    images = load_images(*spec.images)
    record = new_record(spec, name, "")
    if folder is not None:
        write_run(folder, record, {})
    last: list[loop.Epoch] = []

    def show(epoch: loop.Epoch) -> None:
        last[:] = [epoch]
        print(epoch_line(spec, name, epoch.number, epoch.metrics), flush=True)

    outcome = loop.fit(spec, images, on_epoch=show, start=start)
    clean, shown = loop.preview_images(spec, images)
    rows = [clean, shown] if spec.corruption.active else [clean]
    files = {"weights.npz": weights.to_bytes(outcome.weights)}
    if last:
        image = sheet(to_bytes_range(np.stack([*rows, last[0].preview])))
        files["preview.png"] = to_png(image)
    record = record.ended(outcome)
    if folder is not None:
        write_run(folder, record, files, ended=True)
    return record, dict(outcome.weights), files


def benchmark_autoencoder(
    spec: TrainingSpec, reconstruct: Callable[[np.ndarray], np.ndarray], faces: ImageSet
) -> tuple[NoiseResult, ...]:
    """Benchmark an autoencoder on its own test images and on faces of unseen people."""
    own = load_images(*spec.images)
    noises = KINDS[:4]  # Gaussian with one σ, and with one per pixel
    ours = benchmark(reconstruct, spec.image_set, own.test, noises)
    return ours + benchmark(reconstruct, faces.name, faces.test, noises)


def held_out_psnr(spec: TrainingSpec, autoencoder: "Autoencoder") -> float:
    """Return the PSNR in dB over all held-out images together."""
    test = load_images(*spec.images).test
    return psnr(autoencoder.reconstruct(test), test)


def faces_shown(spec: TrainingSpec) -> ImageSet:
    """Return a set for `psnr_by_skin`: all its images are test images if none are held out."""
    images = load_images(*spec.images)
    if spec.split == "held-out":
        return images
    return replace(images, test=images.train, test_labels=images.train_labels)


def _autoencoder(name: str, folder: Path) -> None:
    from ae_core.models.autoencoder import Autoencoder
    from ae_core.models.pca_init import without_encoder_projection

    spec = recipes.recipe(name)
    known = IMAGE_SETS[spec.image_set]
    if known.label_names and not load_images(*spec.images).label_names:
        raise UserError("needs_labels", name=name, file=known.file)
    record, trained, files = run(spec, name, None, _trained_in_gray(name))
    if not record.history and record.reason is not None:
        raise UserError.from_message(record.reason)
    quantized = recipes.RECIPES[name].quantized
    if spec.autoencoder.pca_components:
        trained = without_encoder_projection(trained)
    kept = weights.quantize(trained, quantized) if quantized else weights.to_float16(trained)
    path = folder / f"{name}.npz"
    atomic_write(path, weights.to_bytes(kept, compress=quantized > 0))
    profile = _write_profile(name, folder)
    if IMAGE_SETS[spec.image_set].embedded:  # the terms of other sets do not let us show them
        atomic_write(folder / f"{name}.png", files["preview.png"])
    results: tuple[NoiseResult, ...] = ()
    autoencoder = Autoencoder.from_weights(
        spec.autoencoder, image_shape(spec), weights.dequantize(kept)
    )
    thumbnail = thumbnails.of_autoencoder(autoencoder, profile)
    atomic_write(folder / f"{name}.thumbnail.png", thumbnail)
    if recipes.RECIPES[name].samples:
        atomic_write(folder / f"{name}.samples.jpg", sheets.random_pictures(autoencoder))
        if profile.attributes:
            drawn = sheets.directions(autoencoder, profile)
            atomic_write(folder / f"{name}.directions.jpg", drawn)
    if spec.corruption.active:
        faces = load_images(FACES, spec.image_size)
        results = benchmark_autoencoder(spec, autoencoder.reconstruct, faces)
    figures = dict(record.history[-1])
    if quantized and "val_psnr" in figures:  # of the weights in the file
        figures["val_psnr"] = held_out_psnr(spec, autoencoder)
    by_skin = psnr_by_skin(autoencoder.reconstruct, faces_shown(spec), noisy=spec.corruption.active)
    card = ModelCard(name, spec, figures, results, by_skin, _places(name))
    pretrained.write_card(card, folder)


def _write_profile(name: str, folder: Path) -> LatentProfile:
    path = folder / f"{name}.npz"
    model = ModelFile(recipes.recipe(name), str(path), path.stat().st_mtime_ns)
    profile = explore.shipped_profile(model, recipes.RECIPES[name].shown)
    atomic_write(pretrained.profile_path(path), profile.to_bytes())
    return profile


def _trained_in_gray(name: str) -> dict[str, np.ndarray] | None:
    """Train a recipe in gray first, if it says so; return the weights that colour begins with."""
    if not recipes.RECIPES[name].gray:
        return None
    _, trained, _ = run(change(recipes.recipe(name), **recipes.RECIPES[name].gray), name, None)
    return in_colour(trained)


def in_colour(
    gray: Mapping[str, np.ndarray], first: str = "encoder_0", last: str = "output", drawn: int = -2
) -> dict[str, np.ndarray]:
    """Return the weights of a convolutional network for gray images for one that sees in colour.

    It sees the mean of the three channels as the other one sees gray, and draws all three alike.

    Args:
        gray: the weights by name.
        first: the layer that sees the image.
        last: the layer that draws one.
        drawn: the axis of its kernel for the image's channels.
    """
    return {
        name: np.repeat(array, 3, axis=-2) / 3
        if name == f"{first}/kernel"
        else np.repeat(array, 3, axis=max(-array.ndim, drawn))
        if name.startswith(f"{last}/")
        else array
        for name, array in gray.items()
    }


def _denoiser(name: str, folder: Path) -> None:
    from ae_core.models.denoiser import Denoiser
    from ae_core.training.denoiser import Training

    spec: DenoiserSpec = recipes.DENOISERS[name]
    images = load_images(spec.image_set, channels=spec.channels)
    training = Training(spec, images.train, _begins_with(name))
    part = folder / f"{name}.part.npz"
    if part.exists():
        training.restore(weights.from_bytes(part.read_bytes()))

    def show(psnr: float) -> None:
        if training.done % TOLD_EVERY == 0:
            steps = spec.steps + spec.second_steps
            print(f"step {training.done}/{steps}  psnr {psnr:.2f}", flush=True)
        if training.done % KEPT_EVERY == 0:
            atomic_write(part, weights.to_bytes(training.state()))

    training.run(show)
    half = weights.to_float16(training.weights())
    kept = weights.quantize(half, weights.FINE_STEP, weights.FINE_LARGE)
    atomic_write(folder / f"{name}.npz", weights.to_bytes(kept, compress=True))
    denoiser = Denoiser(spec, weights.dequantize(kept))
    atomic_write(folder / f"{name}.thumbnail.png", thumbnails.of_denoiser(denoiser))
    results = benchmark(denoiser.denoise, spec.image_set, images.test)
    by_skin = psnr_by_skin(denoiser.denoise, images, noisy=True)
    card = ModelCard(name, spec, {}, results, by_skin, _places(name))
    pretrained.write_card(card, folder)
    part.unlink(missing_ok=True)


def denoiser_in_colour(gray: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the weights of a denoiser for gray images for one that sees in colour, likewise."""
    last = max(gray, key=lambda name: int(name.removeprefix("layer_").partition("/")[0]))
    return in_colour(gray, "layer_1", last.partition("/")[0], drawn=-1)


def _begins_with(name: str) -> dict[str, np.ndarray] | None:
    """Return the weights with which a denoiser begins, None for the initial ones of its seed."""
    if name not in recipes.BEGINS_WITH:
        return None
    shipped = pretrained.cards()[recipes.BEGINS_WITH[name]]
    kept = weights.from_bytes(shipped.weights.read_bytes())
    return denoiser_in_colour(weights.dequantize(kept))


def _places(name: str) -> tuple[str, ...]:
    """Return where the model is shown first: a new training of it changes nothing of that."""
    former = pretrained.cards().get(name)
    return former.best_for if former else ()
