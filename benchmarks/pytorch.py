"""Compares seconds per epoch of R1, R3 and R5 in the training service with PyTorch.

``python -m benchmarks.pytorch``: the same layers, images, batches and losses in idiomatic PyTorch
alternate with the service, each in a separate process; the ratio is that of the medians. Both start
an epoch with a new order and end it with the metrics on held-out images. PyTorch is not among the
app's requirements and needs ``pip install torch``; without it, the benchmark only prints a message.
"""

import argparse
import importlib.util
import math
import statistics
import time
from collections.abc import Sequence
from typing import Any

from ae_core.data.loading import load_images
from ae_core.models.precision import resolve_precision
from ae_core.specs import change, from_json, preset, to_json
from benchmarks.own_service import own_service
from benchmarks.report import Report
from benchmarks.training import RECIPES, apart, through_service

NAMES = ("olivetti-conv", "mnist-conv", "mnist-dense")  # R1, R3, R5
PARAMETERS = {"olivetti-conv": 8_579_841, "mnist-conv": 4_385, "mnist-dense": 161_804}


def _layers(name: str) -> Any:
    """Return a recipe's network; its input and output are pixels (N, 1, H, W)."""
    from torch import nn

    if name == "mnist-dense":
        dense = [nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 20), nn.ReLU()]
        dense += [nn.Linear(20, 100), nn.ReLU(), nn.Linear(100, 784), nn.ReLU()]
        return nn.Sequential(nn.Flatten(), *dense, nn.Unflatten(1, (1, 28, 28)))
    if name == "mnist-conv":
        parts: list[nn.Module] = []
        smaller = [(1, 16, nn.MaxPool2d(2)), (16, 8, nn.MaxPool2d(2)), (8, 8, None)]
        larger = [(8, 8, nn.Upsample(scale_factor=2)), (8, 8, nn.Upsample(scale_factor=2))]
        for given, made, then in (*smaller, *larger, (8, 16, None)):
            parts += [nn.Conv2d(given, made, 3, padding=1), nn.ReLU(), *([then] if then else [])]
        return nn.Sequential(*parts, nn.Conv2d(16, 1, 3, padding=1), nn.Sigmoid())
    encoder = [nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU()]
    for given, made in ((16, 32), (32, 64), (64, 128)):
        encoder += [nn.Conv2d(given, made, 3, padding=1), nn.ReLU()]
    code = [nn.Flatten(), nn.Linear(16 * 16 * 128, 256), nn.Sigmoid(), nn.Unflatten(1, (1, 16, 16))]
    decoder = [nn.ConvTranspose2d(1, 128, 3, stride=2, padding=1, output_padding=1), nn.ReLU()]
    for given, made in ((128, 64), (64, 32)):
        decoder += [nn.ConvTranspose2d(given, made, 3, padding=1), nn.ReLU()]
    last = [nn.ConvTranspose2d(32, 1, 3, padding=1), nn.Sigmoid()]
    return nn.Sequential(*encoder, *code, *decoder, *last)


def in_pytorch(name: str, spec_json: str, bfloat16: bool) -> list[float]:
    """Train a recipe with PyTorch and return the seconds of every epoch."""
    import torch

    spec = from_json(spec_json)
    torch.manual_seed(spec.seed)
    images = load_images(*spec.images)
    train, test = (
        torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())
        for pixels in (images.train, images.test)
    )
    network = _layers(name)
    count = sum(weights.numel() for weights in network.parameters())
    if count != PARAMETERS[name]:
        raise AssertionError(f"parameters={count} must be {PARAMETERS[name]}")
    adam = torch.optim.Adam(network.parameters(), spec.learning_rate)
    scale = float(spec.autoencoder.pixel_scale)

    def loss(pixels: Any) -> Any:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            output = network(pixels)
        error = torch.square(output.float() - scale * pixels)
        return 0.5 * error.sum() if spec.loss == "l2" else error.mean()

    seconds = []
    for _ in range(spec.epochs):
        started = time.perf_counter()
        batches = torch.randperm(len(train)).split(spec.batch_size)
        for batch in batches[: spec.steps_per_epoch or len(batches)]:
            adam.zero_grad()
            value = loss(train[batch])
            value.backward()
            adam.step()
        if not math.isfinite(value.item()):
            raise AssertionError(f"loss={value.item()} must be finite")
        with torch.no_grad():
            for batch in test.split(500) if spec.split != "none" else ():
                loss(batch)
        seconds.append(time.perf_counter() - started)
    return seconds


def run(report: Report, names: Sequence[str] = NAMES, rounds: int = 3) -> None:
    """Measure every recipe in ``rounds`` alternating rounds."""
    if importlib.util.find_spec("torch") is None:
        report.figure("PyTorch", "not installed: skipped")
        return
    with own_service() as service:
        for name in names:
            spec = change(preset(name), epochs=RECIPES[name].epochs)
            ours: list[float] = []
            theirs: dict[bool, list[float]] = {False: [], True: []}
            for _ in range(rounds):
                ours += through_service(service, name, spec)[0]
                for bfloat16, seconds in theirs.items():
                    seconds += apart(in_pytorch, name, to_json(spec), bfloat16)[1:]
            own = statistics.median(ours)
            plain, short = (statistics.median(theirs[bfloat16]) for bfloat16 in (False, True))
            words = f"{own:.3f} in {resolve_precision(spec)}, PyTorch {plain:.3f}, "
            report.figure(f"{name}: seconds an epoch", f"{words}in bfloat16 {short:.3f}")
            report.target(f"{name}: ratio to PyTorch", own / plain, 1.0)
            report.figure(f"{name}: ratio to PyTorch in bfloat16", f"{own / short:.2f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("names", nargs="*", default=list(NAMES))
    options = parser.parse_args()
    run(Report(), options.names, options.rounds)
