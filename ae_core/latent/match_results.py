"""The store of results in "match the target": the best of each visitor, model and target."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields

import numpy as np
from sqlalchemy import delete, select, tuple_

from ae_core.specs import Limit
from ae_core.storage.database import Database, upsert
from ae_core.storage.tables import MATCHES

MOVES = Limit(0, 100_000)  # counted in one game
MAX_KEPT = 5000  # results; the oldest are dropped
_KEY = (MATCHES.c.model, MATCHES.c.owner, MATCHES.c.target)


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
    """The results of all servers that share a database. Any thread may call it."""

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        """Use a database; ``now`` is the clock."""
        self._database = database
        self._now = now

    def add(self, match: Match) -> None:
        """Store a result, unless the visitor has reached the target in as few moves before.

        Raises:
            StorageError: the database refuses.
        """
        row = asdict(match) | {"found": self._now()}
        known = select(MATCHES.c.moves).where(*(column == row[column.name] for column in _KEY))
        others = select(*_KEY).order_by(MATCHES.c.found.desc(), *_KEY).offset(MAX_KEPT)
        with self._database.changing() as connection:
            moves = connection.scalar(known)
            if moves is None or match.moves < moves:
                upsert(connection, MATCHES, row)
                connection.execute(delete(MATCHES).where(tuple_(*_KEY).in_(others)))

    def of(self, target: str) -> list[Match]:
        """Return all visitors' best results for a target, sorted by model."""
        found = select(*(MATCHES.c[field.name] for field in fields(Match)))
        with self._database.reading() as connection:
            rows = connection.execute(found.where(MATCHES.c.target == target).order_by(*_KEY))
            return [Match(*row) for row in rows]


def target_number(seed: int, available: int) -> int:
    """Return the index of the test image that a seed stands for, uniformly distributed."""
    return int(np.random.default_rng(seed).integers(available))


def level(target: str, stars: int) -> str:
    """Return the name under which the store has a target's results with so many stars.

    Earlier versions had one goal, within 1 dB of the model's own image; their results are under the
    target's own name, for which ``stars`` is 0. Results of different levels are not comparable.
    """
    return f"{target}-stars-{stars}" if stars else target
