"""The store of results in "match the target": one line per result in ``matches.jsonl``."""

import json
import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ae_core.errors import StorageError, disk_reason
from ae_core.specs import Limit
from ae_core.storage.files import DamagedFile, FileLock, atomic_write, checked, reading

_log = logging.getLogger(__name__)

MOVES = Limit(0, 100_000)  # counted in one game
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

    def __post_init__(self) -> None:
        MOVES.check("moves", self.moves)


class MatchResultStore:
    """The results of all servers that share a folder. Any thread may call it."""

    def __init__(self, root: Path) -> None:
        """Store results in a folder, which need not exist yet."""
        self._path = root / "matches.jsonl"
        self._changing = FileLock(root / "matches.lock")

    def add(self, match: Match) -> None:
        """Store a result unless it is already there.

        Raises:
            StorageError: the file cannot be read or written.
        """
        with self._changing.held(_unwritable):
            try:
                lines, line = self._lines(), json.dumps(asdict(match))
                if line not in lines:
                    kept = [*lines, line][-MAX_KEPT:]
                    atomic_write(self._path, ("\n".join(kept) + "\n").encode(), lasting=False)
            except OSError as error:
                raise _unwritable(error) from error

    def of(self, target: str) -> list[Match]:
        """Return all visitors' best results for a target, by model; damaged lines are left out."""
        try:
            with reading(self._path):
                lines = self._lines()
        except DamagedFile:
            return []
        found = []
        for number, line in enumerate(lines, start=1):
            try:
                with reading(self._path.with_name(f"{self._path.name}:{number}")):
                    found.append(checked(Match, json.loads(line)))
            except DamagedFile:
                continue
        return best(match for match in found if match.target == target)

    def _lines(self) -> list[str]:
        try:
            return self._path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []


def _unwritable(error: OSError) -> StorageError:
    _log.error("a match result could not be saved: %s", error)
    return StorageError("match_not_saved", reason=disk_reason(error))


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
