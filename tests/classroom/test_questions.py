"""Questions that teachers type, and bars of any numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.classroom.questions import (
    MAX_BINS,
    MAX_CHOICE,
    MAX_CHOICES,
    MAX_QUESTION,
    MOST,
    Question,
    bars,
    typed_question,
)
from tests.helpers.refusals import refused

NUMBER = Question("n", "How many?")
numbers = st.floats(-MOST, MOST).map(NUMBER.check)
rounds = st.lists(st.dictionaries(st.text(max_size=3), numbers, max_size=20), max_size=3)


@given(rounds)
def test_every_number_is_in_the_one_bin_that_holds_it(given_rounds):
    found = bars(NUMBER, given_rounds)
    assert [sum(row) for row in found.rounds] == [len(each) for each in given_rounds]
    if not found.edges:
        return
    width = found.edges[1] - found.edges[0]
    assert min(v for each in given_rounds for v in each.values()) >= found.edges[0] - width * 1e-6
    assert list(found.edges) == sorted(found.edges)


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=50))
def test_whole_numbers_are_counted_as_an_oracle_counts_them(values):
    found = bars(NUMBER, [{str(place): float(value) for place, value in enumerate(values)}])
    low, *_, high = found.edges
    assert len(found.rounds[0]) <= MAX_BINS
    assert all(edge.is_integer() for edge in found.edges)
    for begin, end, count in zip(found.edges, found.edges[1:], found.rounds[0], strict=False):
        assert count == sum(begin <= value < end for value in values)
    assert low <= min(values) <= max(values) < high


@given(st.lists(st.integers(0, 30), max_size=50))
def test_the_bounds_of_a_lesson_do_not_move_while_the_class_guesses(values):
    question = Question("n", "How many?", low=0.0, high=30.0, step=1.0)
    whole = bars(question, [{str(n): float(n) for n in (0, 30)}]).edges
    found = bars(question, [{str(place): float(value) for place, value in enumerate(values)}])
    assert found.edges == (whole if values else ())


@given(st.lists(st.integers(1, 3), max_size=50))
def test_choices_are_counted(values):
    question = Question("c", "Which?", ("a", "b", "c"))
    found = bars(question, [{str(place): float(value) for place, value in enumerate(values)}])
    assert found.rounds == (tuple(values.count(choice) for choice in (1, 2, 3)),)
    assert found.edges == ()


def test_a_choice_that_is_not_there_any_more_has_no_text():
    question = Question("c", "Which?", ("a", "b"))
    assert [question.chosen(value) for value in (0.0, 1.0, 2.0, 3.0)] == ["", "a", "b", ""]


@pytest.mark.parametrize("markup", ["<img src=x onerror=alert(1)>", "**bold**", "a & b", "=1+1"])
def test_what_looks_like_markup_stays_as_it_was_typed(markup):
    question = typed_question("", f" {markup}\u202e ", [markup, "", f"{markup}!"], 2.0)
    assert question == Question("", markup, (markup, f"{markup}!"), truth=2.0)


@pytest.mark.parametrize(
    ("text", "choices", "truth", "key"),
    [
        ("", [], None, "question_empty"),
        (" \u200b\n", [], None, "question_empty"),
        ("x" * (MAX_QUESTION + 1), [], None, "question_long"),
        ("x", ["a"], None, "question_choices"),
        ("x", list("abcdefghi")[: MAX_CHOICES + 1], None, "question_choices"),
        ("x", ["a", "b" * (MAX_CHOICE + 1)], None, "question_choice_long"),
        ("x", ["a", "b"], 3.0, "guess_choice"),
        ("x", [], 2 * MOST, "guess_number"),
        ("x", [], math.nan, "guess_number"),
    ],
)
def test_a_bad_question_is_a_sentence(text, choices, truth, key):
    with refused(key):
        typed_question("", text, choices, truth)


@pytest.mark.parametrize(
    ("question", "value", "right"),
    [
        (Question("c", "?", ("a", "b"), truth=2.0), 2.0, True),
        (Question("c", "?", ("a", "b"), truth=2.0), 1.0, False),
        (Question("n", "?", truth=9.4, close=3.0), 12.0, True),
        (Question("n", "?", truth=9.4, close=3.0), 12.5, False),
        (Question("n", "?"), 12.5, None),
    ],
)
def test_a_guess_is_right_or_nobody_knows(question, value, right):
    assert question.is_right(value) is right
