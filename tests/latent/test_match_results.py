"""Results of "match the target": kept, read again, and the best of each visitor alone."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ae_core.latent import match_results
from ae_core.latent.match_results import Match, MatchResultStore, best, target_number

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
