"""The store of results in "match the target": one line per result in ``matches.jsonl``."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ae_core.storage import FileLock

MAX_KEPT = 5000  # results; the oldest are dropped
NEAR = 1.0  # dB: an image this close to the model's best one has matched the target


@dataclass(frozen=True)
class Match:
    """A target that a visitor has reached.

    Attributes:
        owner: an opaque name for the visitor.
        model: the id of the model whose sliders were moved.
        title: the model's title for display.
        target: the target's name, the same for every model.
        moves: the number of slider moves.
        psnr: the PSNR of the visitor's image, in dB.
    """

    owner: str
    model: str
    title: str
    target: str
    moves: int
    psnr: float


class MatchResultStore:
    """The results of all servers that share a folder. Any thread may call it."""

    def __init__(self, root: Path) -> None:
        """Store results in a folder, which need not exist yet."""
        self._path = root / "matches.jsonl"
        self._changing = FileLock(root / "matches.lock")

    def add(self, match: Match) -> None:
        """Store a result unless it is already there.

        Raises:
            OSError: the file cannot be written.
        """
        with self._changing.held():
            lines, line = self._lines(), json.dumps(asdict(match))
            if line in lines:
                return
            lines = [*lines, line][-MAX_KEPT:]
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._path.with_suffix(".part")
            fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
            fresh.replace(self._path)

    def of(self, target: str) -> list[Match]:
        """Return all visitors' best results for a target, by model."""
        found = [Match(**json.loads(line)) for line in self._lines()]
        return best(match for match in found if match.target == target)

    def _lines(self) -> list[str]:
        if not self._path.is_file():
            return []
        return self._path.read_text(encoding="utf-8").splitlines()


def best(matches: Iterable[Match]) -> list[Match]:
    """Return, for each visitor and model, the match with the fewest moves, sorted by model."""
    found: dict[tuple[str, str], Match] = {}
    for match in matches:
        key = (match.model, match.owner)
        if key not in found or match.moves < found[key].moves:
            found[key] = match
    return [found[key] for key in sorted(found)]


def target_number(seed: int, available: int) -> int:
    """Return the index of the test image that a seed stands for, uniformly distributed."""
    return int(np.random.default_rng(seed).integers(available))
