"""The order in which runs go to workers: first come, first served, a sweep one run at a time.

It knows runs by their ids only, and no lock: its owner, the roster, holds one.
"""


class TrainingQueue:
    """Ids of runs that wait and of those that are with a worker."""

    def __init__(self) -> None:
        """Begin with neither."""
        self._waiting: dict[str, str] = {}  # ids and their sweeps, "" without one
        self._training: dict[str, str] = {}

    def add(self, run_id: str, sweep: str) -> None:
        """Put a run at the end; ``sweep`` is empty for a run of its own."""
        self._waiting[run_id] = sweep

    def place(self, run_id: str) -> int:
        """Return a run's place from 1, 0 if it does not wait."""
        return [*self._waiting].index(run_id) + 1 if run_id in self._waiting else 0

    def start_next(self, slots: int) -> str | None:
        """Take the first run that may train now, if fewer than ``slots`` are with a worker.

        The runs of a sweep train one after the other, however many slots are free.
        """
        if len(self._training) >= slots:
            return None
        under_way = set(self._training.values()) - {""}
        for run_id, sweep in self._waiting.items():
            if sweep not in under_way:
                self._training[run_id] = self._waiting.pop(run_id)
                return run_id
        return None

    def leave(self, run_id: str) -> bool:
        """Take a run off the queue; return whether it waited."""
        return self._waiting.pop(run_id, None) is not None

    def empty(self) -> list[str]:
        """Take all runs off the queue and return them in their order."""
        waiting, self._waiting = [*self._waiting], {}
        return waiting

    def free_slot(self, run_id: str) -> None:
        """Take note that a run is no longer with a worker."""
        self._training.pop(run_id, None)
