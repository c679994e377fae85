"""The file that takes a run home and brings it back: a page with a run's settings and weights.

Two blocks of the page are read, each of which it has once: JSON with the settings, the metrics and
the names and shapes of the weights; and the weights themselves, little-endian float32 in base64 in
that order. `ae_core.runs.home_reader` reads them; by the rest a browser draws.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile

import numpy as np

from ae_core.specs import TrainingSpec, flatten

FORMAT = 1
MAX_BYTES = 25 << 20  # of a file; the server's limit for any upload
MAX_FIGURE = 1e15  # of a metric: beyond, no curve can be drawn
STATUSES = ("finished", "stopped")
RUN = '<script type="application/json" id="lab-run">'
NUMBERS = '<script type="text/plain" id="lab-numbers">'
END = "</script>"


@dataclass(frozen=True, eq=False)
class HomeFile:
    """What a file says of a run, or of a model that comes with the app.

    Attributes:
        spec: the spec that was trained.
        saved: the day on which the file was made.
        preset: the preset that the run started from, if the app knows it.
        status: one of `STATUSES`.
        history: the metrics of every epoch.
        weights: all weights by name, float32; none of a model that comes with the app, or if the
            whole network is too large to come back.
        model: the name of such a model, empty for a run.
        digest: that of the model's decoder, see `ae_core.models.browser_network`.
    """

    spec: TrainingSpec
    saved: date
    preset: str = ""
    status: str = "finished"
    history: tuple[Mapping[str, float], ...] = ()
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    model: str = ""
    digest: str = ""


def blocks(file: HomeFile, numbers: bytes = b"") -> str:
    """Return the two blocks for a page; where there are no weights, ``numbers`` are the decoder."""
    run = {
        "format": FORMAT,
        "model": file.model,
        "digest": file.digest,
        "saved": file.saved.isoformat(),
        "preset": file.preset,
        "status": file.status,
        "spec": flatten(file.spec),
        "arrays": [
            {"name": name, "dtype": "float32", "shape": array.shape}
            for name, array in file.weights.items()
        ],
        "history": _drawable(file.history),
    }
    numbers = numbers or b"".join(each.astype("<f4").tobytes() for each in file.weights.values())
    said = in_page(json.dumps(run, ensure_ascii=False))
    return f"{RUN}{said}{END}\n{NUMBERS}{base64.b64encode(numbers).decode()}{END}\n"


def in_page(text: str) -> str:
    """Return JSON as it may stand in a page's script element."""
    return text.replace("<", "\\u003c")


def _drawable(history: tuple[Mapping[str, float], ...]) -> list[Mapping[str, float]]:
    """Return the first epochs, as long as a curve can show all their metrics."""
    return list(takewhile(lambda epoch: all(map(on_a_curve, epoch.values())), history))


def on_a_curve(value: float) -> bool:
    """Return whether a curve can show a metric."""
    return abs(value) <= MAX_FIGURE  # NaN is not
