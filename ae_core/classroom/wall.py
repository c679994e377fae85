"""The runs of a class: which of them stand on the wall, who leads a challenge, what is held.

It knows neither how a class is kept nor how the wall is drawn. What is worked out of a run's epoch
is remembered, so that looking at a hundred students every second costs little. Any thread may ask.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ae_core.classroom.model import Challenge, Classroom, Student
from ae_core.classroom.run_card import RunView, renewed, view_of, without_pictures
from ae_core.data.user_image_sets import PREFIX, is_gone
from ae_core.runs.store import UnknownRun
from ae_core.service.service import TrainingService

MOST_KEPT = 4096  # runs of which a view, about 3 kB, is remembered
NEWEST = 12  # runs of a student among which are those under way: a sweep has at most half as many
WITH_A_WORKER = ("starting", "running", "paused", "stopping")


@dataclass(frozen=True, eq=False)
class Place:
    """A student on the wall: the run that is shown, or None, and how many there are."""

    student: Student
    run: RunView | None
    runs: int


class Wall:
    """The runs of a service's visitors, as a wall shows them."""

    def __init__(self, service: TrainingService) -> None:
        """Look at the runs of a service; nothing is read yet."""
        self._service = service
        self._begun = lru_cache(maxsize=4 * MOST_KEPT)(self._read_begun)
        self._views: OrderedDict[str, RunView] = OrderedDict()
        self._lock = threading.Lock()  # around `_views`; nothing inside waits

    def runs(self, room: Classroom, student: Student) -> list[str]:
        """Return the ids of a student's runs on the wall, newest first."""
        since = max(room.cleared, student.joined)
        found = []
        for run_id in self._service.runs(student.visitor):
            begun = self._begun(run_id)
            if begun is not None and begun < since:
                break
            found += [run_id] if begun is not None else []
        return found

    def views(self, room: Classroom, student: Student) -> list[RunView]:
        """Return a student's runs on the wall, newest first."""
        return self._look(self.runs(room, student))

    def places(self, room: Classroom, students: Sequence[Student]) -> list[Place]:
        """Return what stands on the wall, in the order of the students."""
        found = []
        for student in students:
            views = self.views(room, student)
            found.append(Place(student, _to_show(views), len(views)))
        return found

    def standings(
        self, room: Classroom, students: Sequence[Student]
    ) -> list[tuple[Student, RunView]]:
        """Return the best run of each student in the class's challenge, the leader first."""
        best = []
        for student in students if room.challenge else ():
            views = self.views(room, student)
            taking_part = [view for view in views if takes_part(view, room.challenge)]
            if taking_part:
                best.append((student, min(taking_part, key=_rank)))
        return sorted(best, key=lambda entry: _rank(entry[1]))

    def hold(self, students: Sequence[Student]) -> None:
        """Pause what students have with a worker, on the wall or not."""
        for view in self._under_way(students):
            if view.status in ("starting", "running"):
                self._service.pause(view.id)

    def go_on(self, students: Sequence[Student]) -> None:
        """Let what students have with a worker go on."""
        for view in self._under_way(students):
            if view.status in ("starting", "running", "paused"):
                self._service.resume(view.id)

    def stop(self, students: Sequence[Student], run_id: str) -> None:
        """End a run, if it is one of these students' and under way."""
        if any(view.id == run_id for view in self._under_way(students)):
            self._service.stop(run_id)

    def _under_way(self, students: Sequence[Student]) -> list[RunView]:
        newest = [run for s in students for run in self._service.runs(s.visitor)[:NEWEST]]
        return [view for view in self._look(newest) if view.live]

    def _look(self, run_ids: Sequence[str]) -> list[RunView]:
        return [view for view in map(self._view, run_ids) if view is not None]

    def _view(self, run_id: str) -> RunView | None:
        """Return a run's view, worked out anew if it has completed another epoch."""
        with self._lock:
            known = self._views.get(run_id)
        if known is not None and not known.live:  # the service remembers few of those that ended
            return _without_deleted_pictures(known)
        begun = self._begun(run_id)
        try:
            now = self._service.snapshot(run_id)
        except UnknownRun:
            return None
        if known is not None and known.epoch == now.epoch and len(known.pictures):
            view = _without_deleted_pictures(renewed(known, now))
        else:
            view = view_of(now, begun or 0.0)
        with self._lock:
            self._views[run_id] = view
            self._views.move_to_end(run_id)
            if len(self._views) > MOST_KEPT:
                self._views.popitem(last=False)
        return view

    def _read_begun(self, run_id: str) -> float | None:
        """Return when a run was begun, None for one that is gone."""
        try:
            return self._service.store.read(run_id).created
        except UnknownRun:
            return None


def _without_deleted_pictures(view: RunView) -> RunView:
    name = view.spec.image_set
    return without_pictures(view) if name.startswith(PREFIX) and is_gone(name) else view


def takes_part(view: RunView, challenge: Challenge | None) -> bool:
    """Whether a run counts in a challenge."""
    return (
        challenge is not None
        and view.created >= challenge.begun
        and view.status != "failed"
        and view.held_out
        and view.psnr is not None
        and view.numbers <= challenge.numbers
        and view.spec.image_set == challenge.image_set
        and view.side == challenge.image_size
    )


def _rank(view: RunView) -> tuple[float, int, float]:
    """Return what is least for the best run: of equal ones that with fewer numbers, the older."""
    return -(view.psnr or 0.0), view.numbers, view.created


def _to_show(views: Sequence[RunView]) -> RunView | None:
    """Return the run with a worker, else the first in the queue, else the newest one."""
    under_way = [view for view in views if view.status in WITH_A_WORKER]
    waiting = sorted((view for view in views if view.live), key=lambda view: view.position)
    return next(iter((*under_way, *waiting, *views)), None)
