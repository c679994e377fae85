"""Which runs may train at the same time: their memory, and the places that strangers leave."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.service import run_memory, slots
from ae_core.service.queue import Entry
from ae_core.service.slots import MAX_ATTEMPTS, Slots
from ae_core.specs import PRESETS, change, preset
from ae_core.training.memory import STARTED, bytes_beside_others, bytes_needed

SMALL = preset("digits-dense")
GIGABYTE = 1 << 30


def entries(count, *, known=True, attempt=1):
    return [Entry(f"{known}{n}", f"v{n}", "", float(n), attempt=attempt, known=known)
            for n in range(count)]  # fmt: skip


def started(offered, specs, waiting):
    """Those of the waiting runs that train at the same time."""
    training = []
    for entry in waiting:
        if offered.has_room(specs, training, entry):
            training.append(entry)
    return training


@given(st.lists(st.sampled_from(sorted(PRESETS)), min_size=1, max_size=40), st.integers(1, 100),
       st.integers(1, 16))  # fmt: skip
def test_runs_in_one_worker_need_no_more_memory_than_one_may(names, offered, gigabytes):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(run_memory.VARIABLE, f"{gigabytes} GiB")
        waiting = entries(len(names))
        specs = {e.id: preset(name) for e, name in zip(waiting, names, strict=True)}
        training = started(Slots(offered, offered), specs, waiting)
    needed = [bytes_beside_others(specs[entry.id]) for entry in training]
    assert training, "the first run always has room"
    if len(training) > 1:
        assert STARTED + sum(needed) <= gigabytes * GIGABYTE
    assert len(training) <= offered


def test_a_class_has_room_on_a_laptop_with_4_gb(monkeypatch):
    monkeypatch.setenv(run_memory.VARIABLE, "2 GiB")
    waiting = entries(60)
    training = started(Slots(100, 100), {e.id: SMALL for e in waiting}, waiting)
    assert 15 <= len(training) < 60


def test_a_large_run_is_alone(monkeypatch):
    large = change(SMALL, encoder="dense4096, dense4096", decoder="dense4096")
    monkeypatch.setenv(run_memory.VARIABLE, str(bytes_needed(large)))
    waiting = entries(2)
    assert started(Slots(100, 100), dict.fromkeys([e.id for e in waiting], large), waiting) == [
        waiting[0]
    ]


def test_strangers_leave_half_of_the_slots_to_those_who_are_known(monkeypatch):
    monkeypatch.setattr(slots, "most_bytes", lambda: 1 << 40)
    strangers, students = entries(300, known=False), entries(60)
    specs = {e.id: SMALL for e in (*strangers, *students)}
    training = started(Slots(100, 100), specs, [*strangers, *students])
    assert [sum(e.known is known for e in training) for known in (False, True)] == [50, 50]
    assert len(started(Slots(1, 1), specs, strangers)) == 1
    assert len(started(Slots(4, 1), specs, strangers)) == 4  # workers that take no turns


def test_a_run_that_was_lost_too_often_takes_a_whole_worker():
    (entry,) = entries(1, attempt=MAX_ATTEMPTS)
    assert Slots(200, 100).taken_by(entry, SMALL) < 100
    assert Slots(200, 100).taken_by(replace(entry, attempt=MAX_ATTEMPTS + 1), SMALL) == 100


def test_a_run_whose_images_or_row_are_gone_stands_in_nobodys_way():
    (entry,) = entries(1)
    assert Slots(1, 1).taken_by(entry, replace(SMALL, image_set="own-000000000000")) == 1
    assert Slots(1, 1).taken_by(entry, None) == 1
