"""The slots of the workers that train: a small run takes one, one that needs memory takes more."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ae_core.errors import UserError
from ae_core.service.queue import Entry
from ae_core.service.run_memory import most_bytes
from ae_core.specs import TrainingSpec
from ae_core.training.memory import STARTED, bytes_beside_others

MAX_ATTEMPTS = 2  # at training a run; one that is lost before it has started does not count
MAX_UNBEGUN = 6  # if workers die before they have started it: it waited there for another run


@dataclass(frozen=True)
class Slots:
    """What the workers offer.

    Attributes:
        all: the slots of all workers.
        worker: those of one worker, which are what one run may need in memory.
    """

    all: int
    worker: int

    def has_room(
        self, specs: Mapping[str, TrainingSpec], training: Sequence[Entry], next_one: Entry
    ) -> bool:
        """Return whether a run may start beside those in training.

        Visitors whom nobody knows yet leave half of the slots to the others: a stream of them must
        not take all.

        Args:
            specs: the runs' specs by id.
            training: the runs in training.
            next_one: the run that would start.
        """
        taken = {each.id: self.taken_by(each, specs.get(each.id)) for each in (*training, next_one)}
        if sum(taken.values()) > self.all:
            return False
        unknown = [taken[each.id] for each in training if not each.known]
        most = max(self.all // self.worker, self.all // 2)  # at least one in each worker
        return next_one.known or not unknown or sum(unknown) + taken[next_one.id] <= most

    def taken_by(self, entry: Entry, spec: TrainingSpec | None) -> int:
        """Return how many slots of a worker a run takes.

        Runs that take turns in one worker so need no more memory together than one alone may. A run
        that was lost once too often takes a whole worker: it may have been a neighbour's fault.
        """
        if entry.attempt > MAX_ATTEMPTS:
            return self.worker
        if spec is None:  # it is damaged
            return 1
        slot = max(1, most_bytes() - STARTED) / self.worker
        try:
            return min(self.worker, math.ceil(bytes_beside_others(spec) / slot))
        except UserError:  # its images are gone: the worker says so
            return 1
