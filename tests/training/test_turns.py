"""Turns: everybody computes, nobody overtakes, and never more at a time than may."""

import threading
import time
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.training.turns import Turn, Turns

SOON = 20.0


class Watched:
    """Trainings that compute for a number of slices each, and what was seen of them."""

    def __init__(self, at_once):
        self.turns = Turns(at_once)
        self.slices = []  # who computed, in order
        self.most = 0
        self._now = Counter()
        self._lock = threading.Lock()

    def train(self, name, slices, pauses):
        with Turn(self.turns, str(name), seconds=0.0) as turn:
            for number in range(slices):
                with self._lock:
                    self._now[name] += 1
                    self.most = max(self.most, self._now.total())
                    self.slices.append(name)
                time.sleep(0.0002)
                with self._lock:
                    self._now[name] -= 1
                if number in pauses:
                    turn.step_aside()
                    turn.come_back()
                else:
                    turn.let_others()


def all_of(threads):
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
        assert not thread.is_alive()


@settings(max_examples=40)
@given(
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(1, 8), st.sets(st.integers(0, 7), max_size=2)), min_size=1,
             max_size=8),
)  # fmt: skip
def test_everybody_computes_all_slices_and_never_more_than_may_at_a_time(at_once, trainings):
    watched = Watched(at_once)
    all_of(
        [
            threading.Thread(target=watched.train, args=(name, slices, pauses))
            for name, (slices, pauses) in enumerate(trainings)
        ]
    )
    assert Counter(watched.slices) == {n: slices for n, (slices, _) in enumerate(trainings)}
    assert watched.most <= at_once
    assert watched.turns.joined == 0
    with Turn(watched.turns, "me"):  # nothing was lost: as many may compute as before
        assert watched.turns.joined == 1


@pytest.mark.parametrize("count", [2, 5])
def test_between_two_slices_of_one_every_other_has_one(count):
    watched, begin = Watched(1), threading.Event()

    def train(name):
        with Turn(watched.turns, str(name), seconds=0.0) as turn:
            begin.wait(SOON)  # the first holds the turn until all are in the line
            for _ in range(20):
                watched.slices.append(name)
                turn.let_others()

    threads = [threading.Thread(target=train, args=(name,)) for name in range(count)]
    for thread in threads:
        thread.start()
    while watched.turns.joined < count:
        time.sleep(0.001)
    begin.set()
    for thread in threads:
        thread.join(SOON)
    rounds = [watched.slices[i : i + count] for i in range(0, len(watched.slices), count)]
    assert all(len(set(each)) == count for each in rounds)


def test_who_is_alone_or_has_not_had_its_time_does_not_wait():
    turns = Turns(1)
    with Turn(turns, "me", seconds=1000.0) as turn:
        turn.let_others()
        assert (turn.others, turn.share) == (0, 1.0)
        waiting = threading.Thread(target=Turn(turns, "other").come_back, daemon=True)
        waiting.start()
        while turn.others == 0:
            time.sleep(0.001)
        turn.let_others()
        assert waiting.is_alive()
        assert turn.share == 0.5
    waiting.join(SOON)
    assert not waiting.is_alive()


def test_an_error_gives_the_turn_away_once_paused_or_not():
    turns = Turns(1)
    for paused in (False, True):
        turn = Turn(turns, "me")
        with suppress(ZeroDivisionError), turn:
            if paused:
                turn.step_aside()
            raise ZeroDivisionError
        assert turns.joined == 0
        with Turn(turns, "next") as next_one:
            assert next_one.others == 0


def test_a_party_of_many_computes_as_long_as_a_party_of_one():
    """Ten forged visitors of one address, and a student."""
    turns, begin, slices = Turns(1), threading.Event(), []

    def train(party):
        with Turn(turns, party, seconds=0.0) as turn:
            begin.wait(SOON)
            while slices.count("student") < 20:
                slices.append(party)
                turn.let_others()

    threads = [threading.Thread(target=train, args=("forged",)) for _ in range(10)]
    threads.append(threading.Thread(target=train, args=("student",)))
    for thread in threads:
        thread.start()
    while turns.joined < len(threads):
        time.sleep(0.001)
    assert turns.share("student") == 0.5
    assert turns.share("forged") == 0.05
    begin.set()
    for thread in threads:
        thread.join(SOON)
    counts = Counter(slices)
    assert counts["student"] - 1 <= counts["forged"] <= counts["student"] + len(threads)
