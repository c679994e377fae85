"""The wall of a class: it shows the students' runs, ranks them, and pauses them for the teacher.

It caches the cards of runs, so that showing a hundred students every second costs little.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache

from ae_core.classroom.model import Classroom, Student
from ae_core.classroom.run_card import RunCard, WallEntry
from ae_core.data import loading
from ae_core.errors import UnknownThing
from ae_core.service.service import TrainingService

MAX_KEPT = 4096  # cards in the cache, about 3 kB each
NEWEST = 12  # newest runs of a student, all live ones among them: a sweep has at most half as many
WITH_A_WORKER = ("starting", "running", "paused", "stopping")


class Wall:
    """The wall's view of a service's runs. Any thread may call it."""

    def __init__(self, service: TrainingService) -> None:
        """Show the runs of a service; nothing is read yet."""
        self._service = service
        self._begun = lru_cache(maxsize=4 * MAX_KEPT)(self._read_begun)
        self._cards: OrderedDict[str, RunCard] = OrderedDict()
        self._lock = threading.Lock()  # guards `_cards`; nothing waits while it is held

    def runs(self, classroom: Classroom, student: Student) -> list[str]:
        """Return the ids of a student's runs on the wall, newest first."""
        since = max(classroom.cleared, student.joined)
        found = []
        for run_id in self._service.runs(student.visitor):
            begun = self._begun(run_id)
            if begun is not None and begun < since:
                break
            found += [run_id] if begun is not None else []
        return found

    def cards(self, classroom: Classroom, student: Student) -> list[RunCard]:
        """Return a student's runs on the wall, newest first."""
        return self._found(self.runs(classroom, student))

    def entries(self, classroom: Classroom, students: Sequence[Student]) -> list[WallEntry]:
        """Return the entries of the wall, in the order of the students."""
        found = []
        for student in students:
            cards = self.cards(classroom, student)
            taking_part = [card for card in cards if card.takes_part(classroom.challenge)]
            best = min(taking_part, key=lambda card: card.rank, default=None)
            found.append(WallEntry(student, _to_show(cards), len(cards), best))
        return found

    def pause(self, students: Sequence[Student]) -> None:
        """Pause all runs of the students that have a worker, on the wall or not."""
        for card in self._live(students):
            if card.run.status in ("starting", "running"):
                self._service.pause(card.run.id)

    def resume(self, students: Sequence[Student]) -> None:
        """Resume all runs of the students that have a worker."""
        for card in self._live(students):
            if card.run.status in ("starting", "running", "paused"):
                self._service.resume(card.run.id)

    def stop(self, students: Sequence[Student], run_id: str) -> None:
        """Stop a run, if it is live and belongs to one of these students."""
        if any(card.run.id == run_id for card in self._live(students)):
            self._service.stop(run_id)

    def clear_queue(self, students: Sequence[Student]) -> None:
        """Take all waiting runs of the students off the queue."""
        for card in self._live(students):
            if card.run.status == "queued":
                self._service.stop(card.run.id)

    def _live(self, students: Sequence[Student]) -> list[RunCard]:
        newest = [run for s in students for run in self._service.runs(s.visitor)[:NEWEST]]
        return [card for card in self._found(newest) if card.run.live]

    def _found(self, run_ids: Sequence[str]) -> list[RunCard]:
        return [card for card in map(self._card, run_ids) if card is not None]

    def _card(self, run_id: str) -> RunCard | None:
        """Return a run's card, renewed whenever the run completes an epoch."""
        with self._lock:
            known = self._cards.get(run_id)
        if known is not None and not known.run.live:  # the service caches few ended runs
            return _without_deleted_images(known)
        begun = self._begun(run_id)
        try:
            now = self._service.snapshot(run_id)
        except UnknownThing:
            return None
        if known is not None and known.epoch == now.epoch and len(known.images):
            card = _without_deleted_images(known.in_same_epoch(now))
        else:
            card = RunCard.of(now, begun or 0.0)
        with self._lock:
            self._cards[run_id] = card
            self._cards.move_to_end(run_id)
            if len(self._cards) > MAX_KEPT:
                self._cards.popitem(last=False)
        return card

    def _read_begun(self, run_id: str) -> float | None:
        """Return the time at which a run began, None if there is no such run."""
        try:
            return self._service.store.read(run_id).created
        except UnknownThing:
            return None


def standings(entries: Sequence[WallEntry]) -> list[tuple[Student, RunCard]]:
    """Return the best run of each student in the class's challenge, the leader first."""
    best = [(entry.student, entry.best) for entry in entries if entry.best is not None]
    return sorted(best, key=lambda entry: entry[1].rank)


def _without_deleted_images(card: RunCard) -> RunCard:
    return card.without_images() if loading.card(card.run.spec.image_set).gone else card


def _to_show(cards: Sequence[RunCard]) -> RunCard | None:
    """Return the run with a worker, otherwise the first in the queue, otherwise the newest one."""
    with_a_worker = [card for card in cards if card.run.status in WITH_A_WORKER]
    waiting = sorted((card for card in cards if card.run.live), key=lambda card: card.run.position)
    return next(iter((*with_a_worker, *waiting, *cards)), None)
