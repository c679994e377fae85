"""The slots of the workers that train: a small run takes one, one that needs memory takes more."""

import math
from dataclasses import dataclass

from ae_core.errors import UserError
from ae_core.service.queue import Entry
from ae_core.service.run_memory import most_bytes
from ae_core.specs import TrainingSpec
from ae_core.training.memory import STARTED, bytes_beside_others

MAX_ATTEMPTS = 2  # at training a run; one that is lost before it has started does not count


@dataclass(frozen=True)
class Slots:
    """What the workers offer.

    Attributes:
        all: the slots of all workers.
        worker: those of one worker, which are what one run may need in memory.
    """

    all: int
    worker: int

    def taken_by(self, entry: Entry, spec: TrainingSpec) -> int:
        """Return how many slots of a worker a run takes.

        Runs that take turns in one worker so need no more memory together than one alone may. A run
        that was lost once too often takes a whole worker: it may have been a neighbour's fault.
        """
        if entry.attempt > MAX_ATTEMPTS:
            return self.worker
        slot = max(1, most_bytes() - STARTED) / self.worker
        try:
            return min(self.worker, math.ceil(bytes_beside_others(spec) / slot))
        except UserError:  # its images are gone: the worker says so
            return 1
