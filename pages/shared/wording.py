"""Settings in words, and numbers as people read them; no widgets."""

from collections.abc import Mapping

from ae_core.corruption import blur_sigma, jpeg_quality
from ae_core.own_images import is_own
from ae_core.snapshot import Snapshot
from ae_core.specs import PRESETS, flatten
from pages.shared.text import text

LABELS: Mapping[str, str] = {
    "image_set": "Image set",
    "image_size": "Picture size",
    "split": "Train on",
    "augment": "Augmentation",
    "encoder": "Encoder layers",
    "decoder": "Decoder layers",
    "code": "The code is",
    "latent_dim": "Code size",
    "bottleneck": "Bottleneck",
    "activation": "Hidden activation",
    "code_activation": "Code activation",
    "output_activation": "Output activation",
    "initializer": "Initial weights",
    "components": "Principal components (0: none)",
    "dropout": "Dropout",
    "beta": "β, weight of the KL divergence",
    "total_correlation": "Weight of the total correlation",
    "sparsity": "λ, price of an active code unit",
    "pixel_scale": "Pixels from 0 to",
    "kind": "Corruption",
    "amount": "Amount",
    "where": "Where",
    "loss": "Loss",
    "sigma": "σ of the Gaussian likelihood",
    "optimizer": "Optimizer",
    "learning_rate": "Learning rate",
    "schedule": "Learning rate falls",
    "batch_size": "Batch size",
    "epochs": "Epochs",
    "steps_per_epoch": "Batches an epoch (0: all)",
    "seed": "Seed",
    "precision": "Precision",
    "max_seconds": "Time limit, seconds",
}

HELP: Mapping[str, str] = {
    "latent_dim": "How many numbers are left of a picture between encoder and decoder.",
    "encoder": "For example: dense256, conv16, conv32/2 (stride 2), pool2, conv16-valid.",
    "decoder": "From the code to the picture; the last layer, to the pixels, is added by itself. "
    "For example: dense3136, reshape7x7x64, convT32/2 (transposed, stride 2), up2.",
    "split": "held-out: some pictures (or people) are kept for validation.",
    "seed": "The same settings with the same seed give the same run.",
    "components": "The network then works between coordinates along so many components, and starts "
    "as PCA: its layers learn what PCA leaves.",
    "dropout": "Share of the hidden units that are left out at every step, against over-fitting.",
    "where": "batch: new noise for every batch, clipped. layer: a noise or dropout layer.",
    "sparsity": "Added to the loss: λ times the sum of |z|.",
    "total_correlation": "Added to the loss: this times how much the numbers of the code depend on "
    "each other. With it, numbers and properties of the pictures can come to match.",
}

CHOICE_WORDS: Mapping[str, str] = {
    "mse": "Mean squared error",
    "l2": "L2, ½·Σ(x̂−x)²",
    "mae": "Mean absolute error",
    "bce": "Binary cross-entropy",
    "gaussian-nll": "Gaussian likelihood (nats)",
    "bernoulli-nll": "Bernoulli likelihood (nats)",
    "held-out": "part, the rest is held out",
    "everything": "all pictures",
    "dense": "dense",
    "conv": "convolutional",
    "map": "the last feature map",
    "none": "none",
    "gaussian": "Gaussian noise",
    "heteroscedastic": "Gaussian, a σ per pixel",
    "masking": "masking (pixels black)",
    "salt-and-pepper": "salt and pepper",
    "speckle": "speckle",
    "block": "a block missing",
    "blur": "blur",
    "jpeg": "JPEG artefacts",
    "batch": "each batch anew",
    "layer": "a layer in the encoder",
    "mirror": "mirror every second time",
    "jitter": "mirror, move, turn a little",
    "constant": "never",
    "cosine": "to zero, along a cosine",
    "glorot_uniform": "Glorot (the usual ones)",
    "he_uniform": "He (made for ReLU)",
}


def amount_in_words(kind: str, amount: float, side: int) -> str:
    """Return what an amount of noise means for pictures of a side."""
    if kind in ("gaussian", "speckle"):
        return f"σ = {amount:.2f}, with pixels from 0 to 1"
    if kind == "heteroscedastic":
        return f"a σ from 0 to {2 * amount:.2f}, another one for every pixel"
    if kind == "blur":
        return f"σ = {blur_sigma(amount, side):.1f} pixels"
    if kind == "jpeg":
        return f"JPEG quality {jpeg_quality(amount)} of 95"
    return f"{amount:.0%} of the pixels"


STATUS_WORDS = {
    "queued": "Waiting",
    "starting": "Starting",
    "running": "Training",
    "paused": "Paused",
    "stopping": "Stopping",
    "finished": "Finished",
    "stopped": "Stopped",
    "failed": "Failed",
}


def run_name(snapshot: Snapshot) -> str:
    """Return what tells a run from others: its preset and what was changed from it."""
    spec = flatten(snapshot.spec)
    name = snapshot.preset if snapshot.preset in PRESETS else in_words(snapshot.spec.image_set)
    usual = flatten(PRESETS[name].spec) if name in PRESETS else spec
    changed = [f"{LABELS[key].lower()} {in_words(str(value))}"
               for key, value in spec.items() if value != usual[key]]  # fmt: skip
    if not changed:
        changed = [f"{snapshot.spec.autoencoder.latent_dim} numbers"]
    more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
    return f"{name}: {', '.join(changed[:3])}{more} ({snapshot.id[:4]})"


def in_words(choice: str) -> str:
    """Return a choice as the page words it."""
    if is_own(choice):
        return text("own.in_short")
    return CHOICE_WORDS.get(choice, choice)


def duration(seconds: float) -> str:
    """Return a duration to be read at a glance, e.g. ``about 40 s`` without the ``about``."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    if seconds < 90:
        return f"{round(seconds / 5) * 5} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"


def size(count: int) -> str:
    """Return a number of bytes to be read at a glance."""
    return f"{count} B" if count < 10_000 else f"{count / 1000:.1f} kB"
