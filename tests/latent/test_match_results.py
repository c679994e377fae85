"""Results of "match the target": kept, read again, and the best of each visitor alone."""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, replace
from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.latent import match_results
from ae_core.latent.earlier_matches import matches_in
from ae_core.latent.match_results import Match, MatchResultStore, target_number
from ae_core.storage.database import Database
from ae_core.storage.files import DamagedFile

ONE = Match("ann", "vae", "VAE", "digits-32-1", 7, 21.5)


@pytest.fixture
def book(database):
    return MatchResultStore(database, now=count(1000.0).__next__)


def test_another_server_sees_a_result(book, database):
    book.add(ONE)
    with closing(Database(database.address)) as elsewhere:
        assert MatchResultStore(elsewhere).of(ONE.target) == [ONE]
        assert MatchResultStore(elsewhere).of("another") == []


def test_the_fewest_moves_of_a_visitor_with_a_model_count(book):
    for moves, psnr in ((7, 20.0), (9, 25.0), (3, 21.0), (3, 22.0), (4, 23.0)):
        book.add(replace(ONE, moves=moves, psnr=psnr))
    assert book.of(ONE.target) == [replace(ONE, moves=3, psnr=21.0)]


def test_visitors_models_and_targets_have_results_of_their_own(book):
    others = [
        replace(ONE, model="a"),
        replace(ONE, owner="bob", moves=9),
        replace(ONE, owner="bob", model="a", title="A"),
        replace(ONE, target="digits-32-2"),
    ]
    for match in (ONE, *others):
        book.add(match)
    assert book.of(ONE.target) == [others[0], others[2], ONE, others[1]]  # by model and visitor
    assert book.of("digits-32-2") == [others[3]]


def test_the_oldest_make_room(book, monkeypatch):
    monkeypatch.setattr(match_results, "MAX_KEPT", 3)
    for owner in "abcde":
        book.add(replace(ONE, owner=owner))
    assert {match.owner for match in book.of(ONE.target)} == {"c", "d", "e"}
    book.add(replace(ONE, owner="c", moves=1))  # a better one is a new one
    book.add(replace(ONE, owner="d", moves=8))
    book.add(replace(ONE, owner="f"))
    assert {match.owner for match in book.of(ONE.target)} == {"c", "e", "f"}


def test_results_of_the_same_second_make_room_one_by_one(database, monkeypatch):
    monkeypatch.setattr(match_results, "MAX_KEPT", 3)
    book = MatchResultStore(database, now=lambda: 1000.0)
    for owner in "abcde":
        book.add(replace(ONE, owner=owner))
    assert len(book.of(ONE.target)) == 3


def test_a_class_that_finishes_at_once_loses_no_result(book):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: book.add(replace(ONE, owner=str(n))), range(40)))
    assert len(book.of(ONE.target)) == 40


# --- the file of earlier versions --------------------------------------------------------------

LINE = json.dumps(asdict(ONE)).encode()


@given(st.lists(st.binary(max_size=30)), st.lists(st.binary(max_size=30)))
def test_damaged_lines_cost_only_themselves(tmp_path_factory, before, after):
    path = tmp_path_factory.mktemp("matches") / "matches.jsonl"
    path.write_bytes(b"\n".join([*before, LINE, *after]) + b"\n")
    assert list(matches_in(path)) == [ONE]


@pytest.mark.parametrize(
    "changes",
    [{"moves": "7"}, {"moves": -1}, {"moves": 10**9}, {"moves": True}, {"psnr": math.nan},
     {"psnr": None}, {"model": 7}, {"target": ["digits-32-1"]}, {"more": 1}],
)  # fmt: skip
def test_a_result_with_a_wrong_value_is_left_out_and_logged(tmp_path, caplog, changes):
    path = tmp_path / "matches.jsonl"
    path.write_text(json.dumps(asdict(ONE) | changes) + "\n" + LINE.decode() + "\n")
    assert list(matches_in(path)) == [ONE]
    assert f"{path}:1 is damaged" in caplog.text


def test_a_file_that_cannot_be_read_is_damaged(tmp_path):
    (tmp_path / "matches.jsonl").mkdir()
    with pytest.raises(DamagedFile):
        list(matches_in(tmp_path / "matches.jsonl"))


def test_seeds_name_pictures_evenly():
    numbers = [target_number(seed, 10) for seed in range(2000)]
    assert target_number(3, 360) == target_number(3, 360)
    counts = np.bincount(numbers, minlength=10)
    assert len(counts) == 10
    assert counts.min() > 150
