"""Results of "match the target": kept, read again, and the best of each visitor alone."""

import json
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.errors import StorageError, disk_reason
from ae_core.latent import match_results
from ae_core.latent.match_results import Match, MatchResultStore, best, target_number
from tests.helpers.refusals import refused

ONE = Match("ann", "vae", "VAE", "digits-32-1", 7, 21.5)


def test_results_are_there_after_a_restart(tmp_path):
    MatchResultStore(tmp_path / "runs").add(ONE)
    assert MatchResultStore(tmp_path / "runs").of(ONE.target) == [ONE]
    assert MatchResultStore(tmp_path / "runs").of("another") == []
    assert MatchResultStore(tmp_path / "elsewhere").of(ONE.target) == []


def test_the_same_result_is_kept_once(tmp_path):
    book = MatchResultStore(tmp_path)
    for _ in range(3):
        book.add(ONE)
    assert len((tmp_path / "matches.jsonl").read_text().splitlines()) == 1


@given(st.lists(st.binary(max_size=30)), st.lists(st.binary(max_size=30)))
def test_damaged_lines_cost_only_themselves(tmp_path_factory, before, after):
    book, path = matches_in(tmp_path_factory.mktemp("matches"))
    book.add(ONE)
    path.write_bytes(b"\n".join([*before, path.read_bytes().strip(), *after]) + b"\n")
    assert book.of(ONE.target) == [ONE]
    book.add(replace(ONE, moves=2))  # not even the next result is lost
    assert [match.moves for match in book.of(ONE.target)] == [2]


@pytest.mark.parametrize(
    "changes",
    [{"moves": "7"}, {"moves": -1}, {"moves": 10**9}, {"moves": True}, {"psnr": math.nan},
     {"psnr": None}, {"model": 7}, {"target": ["digits-32-1"]}, {"more": 1}],
)  # fmt: skip
def test_a_result_with_a_wrong_value_is_left_out_and_logged(tmp_path, caplog, changes):
    book, path = matches_in(tmp_path)
    path.write_text(json.dumps(asdict(ONE) | changes) + "\n" + json.dumps(asdict(ONE)) + "\n")
    assert book.of(ONE.target) == [ONE]
    assert f"{path}:1 is damaged" in caplog.text


def test_a_result_that_cannot_be_saved_is_a_sentence(tmp_path):
    book, path = matches_in(tmp_path)
    path.mkdir()
    assert book.of(ONE.target) == []
    with refused(
        "match_not_saved", StorageError, reason=disk_reason(IsADirectoryError(21, "Is a directory"))
    ):
        book.add(ONE)


def matches_in(folder):
    return MatchResultStore(folder), folder / "matches.jsonl"


def test_the_oldest_make_room(tmp_path, monkeypatch):
    monkeypatch.setattr(match_results, "MAX_KEPT", 3)
    book = MatchResultStore(tmp_path)
    for owner in "abcde":
        book.add(replace(ONE, owner=owner))
    assert {match.owner for match in book.of(ONE.target)} == {"c", "d", "e"}


def test_a_class_that_finishes_at_once_loses_no_result(tmp_path):
    book = MatchResultStore(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: book.add(replace(ONE, owner=str(n))), range(40)))
    assert len(book.of(ONE.target)) == 40


@given(
    st.lists(
        st.builds(
            lambda owner, model, moves: replace(ONE, owner=owner, model=model, moves=moves),
            st.sampled_from("ab"),
            st.sampled_from("xy"),
            st.integers(1, 9),
        )
    )
)
def test_the_fewest_moves_of_each_visitor_with_each_model_count(results):
    expected = {
        (m.model, m.owner): min(
            other.moves for other in results if (other.model, other.owner) == (m.model, m.owner)
        )
        for m in results
    }
    found = best(results)
    assert {(m.model, m.owner): m.moves for m in found} == expected
    assert [(m.model, m.owner) for m in found] == sorted(expected)


def test_seeds_name_pictures_evenly():
    numbers = [target_number(seed, 10) for seed in range(2000)]
    assert target_number(3, 360) == target_number(3, 360)
    counts = np.bincount(numbers, minlength=10)
    assert len(counts) == 10
    assert counts.min() > 150
