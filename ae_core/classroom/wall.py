"""The wall of a class: it shows the students' runs, ranks them, and pauses them for the teacher.

It caches the cards of runs and the entries of classes, so that showing a hundred students to a
hundred visitors every second costs little.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ae_core.classroom.model import Classroom, Student
from ae_core.classroom.run_card import RunCard, Standing, WallEntry
from ae_core.data import loading
from ae_core.errors import UnknownThing
from ae_core.runs.store import RunRef
from ae_core.service.service import TrainingService

MAX_KEPT = 4096  # cards in the cache, about 3 kB each
MAX_CLASSES = 64  # whose entries are in the cache
ENTRIES_SECONDS = 0.5  # for which all viewers of a class get the same entries
NEWEST = 12  # newest runs of a student, all live ones among them: a sweep has at most half as many
WITH_A_WORKER = ("starting", "running", "paused", "stopping")


class Wall:
    """The wall's view of a service's runs. Any thread may call it."""

    def __init__(self, service: TrainingService, now: Callable[[], float] = time.monotonic) -> None:
        """Show the runs of a service; nothing is read yet. ``now`` is the clock."""
        self._service = service
        self._now = now
        self._cards: OrderedDict[str, RunCard] = OrderedDict()
        self._shown: OrderedDict[str, _Shown] = OrderedDict()  # by the code of the class
        self._lock = threading.Lock()  # guards both; nothing waits while it is held

    def runs(self, classroom: Classroom, student: Student) -> list[str]:
        """Return the ids of a student's runs on the wall, newest first."""
        return [run.id for run in self._on_the_wall(classroom, [student])[0]]

    def cards(self, classroom: Classroom, student: Student) -> list[RunCard]:
        """Return a student's runs on the wall, newest first."""
        return self._found(self._on_the_wall(classroom, [student])[0])

    def entries(self, classroom: Classroom, students: Sequence[Student]) -> list[WallEntry]:
        """Return the entries of the wall, in the order of the students.

        They are at most `ENTRIES_SECONDS` old. Who asks while they are made waits for them.
        """
        with self._lock:
            shown = self._shown.setdefault(classroom.code, _Shown())
            self._shown.move_to_end(classroom.code)
            if len(self._shown) > MAX_CLASSES:
                self._shown.popitem(last=False)
        asked = classroom, tuple(students)
        with shown.making:
            if shown.asked != asked or self._now() >= shown.until:
                shown.entries = self._entries(classroom, students)
                shown.asked, shown.until = asked, self._now() + ENTRIES_SECONDS
            return shown.entries

    def _entries(self, classroom: Classroom, students: Sequence[Student]) -> list[WallEntry]:
        found = []
        runs = self._on_the_wall(classroom, students)
        for student, cards in zip(students, map(self._found, runs), strict=True):
            taking_part = [card for card in cards if card.takes_part(classroom.challenge)]
            best = min(taking_part, key=_order, default=None)
            measured = [card for card in cards if card.psnr is not None]
            newest = next(iter(measured), None)
            shown, sizes = _to_show(cards), _sizes(measured)
            found.append(WallEntry(student, shown, len(cards), best, newest, sizes))
        return found

    def _on_the_wall(self, classroom: Classroom, students: Sequence[Student]) -> list[list[RunRef]]:
        """Return each student's runs since joining and since the wall was cleared."""
        since = (max(classroom.cleared, student.joined) for student in students)
        return [
            [run for run in runs if run.created >= begin]
            for begin, runs in zip(since, self._runs_of(students), strict=True)
        ]

    def _runs_of(self, students: Sequence[Student]) -> list[list[RunRef]]:
        """Return each student's runs, newest first."""
        found: dict[str, list[RunRef]] = {student.visitor: [] for student in students}
        for run in self._service.runs_of([*found]):
            found[run.owner].append(run)
        return [found[student.visitor] for student in students]

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
        newest = [run for runs in self._runs_of(students) for run in runs[:NEWEST]]
        return [card for card in self._found(newest) if card.run.live]

    def _found(self, runs: Iterable[RunRef]) -> list[RunCard]:
        return [card for card in map(self._card, runs) if card is not None]

    def _card(self, run: RunRef) -> RunCard | None:
        """Return a run's card, renewed whenever the run completes an epoch."""
        with self._lock:
            known = self._cards.get(run.id)
        if known is not None and not known.run.live:  # the service caches few ended runs
            return _without_deleted_images(known)
        try:
            now = self._service.snapshot(run.id)
        except UnknownThing:
            return None
        if known is not None and known.epoch == now.epoch and len(known.images):
            card = _without_deleted_images(known.in_same_epoch(now))
        else:
            card = RunCard.of(now, run.created)
        with self._lock:
            self._cards[run.id] = card
            self._cards.move_to_end(run.id)
            if len(self._cards) > MAX_KEPT:
                self._cards.popitem(last=False)
        return card


@dataclass(eq=False)
class _Shown:
    """The entries of a class, what was asked for, and until when they are shown."""

    making: threading.Lock = field(default_factory=threading.Lock)
    asked: tuple[Classroom, tuple[Student, ...]] | None = None
    entries: list[WallEntry] = field(default_factory=list)
    until: float = 0.0


def standings(entries: Sequence[WallEntry]) -> list[Standing]:
    """Rank the students' best runs in the class's challenge; those that look equal share a rank."""
    return _ranked([(entry.student, entry.best) for entry in entries])


def newest_ranked(entries: Sequence[WallEntry]) -> list[Standing]:
    """Rank the runs that the wall shows, likewise; those without a PSNR are left out."""
    shown = [(entry.student, entry.card) for entry in entries]
    return _ranked(
        [(who, card) for who, card in shown if card is not None and card.psnr is not None]
    )


def _ranked(runs: Sequence[tuple[Student, RunCard | None]]) -> list[Standing]:
    there = [(student, card) for student, card in runs if card is not None]
    there.sort(key=lambda run: _order(run[1]))
    merits = [card.merit for _, card in there]
    return [Standing(1 + merits.index(card.merit), student, card) for student, card in there]


def _order(card: RunCard) -> tuple[Any, ...]:
    return *card.merit, card.created


def _sizes(measured: Sequence[RunCard]) -> tuple[tuple[int, float], ...]:
    """Return the best PSNR of each code size, in dB, the smallest code first."""
    best: dict[int, float] = {}
    for card in measured:
        best[card.latent_dim] = max(best.get(card.latent_dim, -math.inf), card.psnr or 0.0)
    return tuple((size, round(best[size], 2)) for size in sorted(best))


def _without_deleted_images(card: RunCard) -> RunCard:
    return card.without_images() if loading.card(card.run.spec.image_set).gone else card


def _to_show(cards: Sequence[RunCard]) -> RunCard | None:
    """Return the run with a worker, otherwise the first in the queue, otherwise the newest one."""
    with_a_worker = [card for card in cards if card.run.status in WITH_A_WORKER]
    waiting = sorted((card for card in cards if card.run.live), key=lambda card: card.run.position)
    return next(iter((*with_a_worker, *waiting, *cards)), None)
