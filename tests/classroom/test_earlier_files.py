"""Files of classes and students of earlier versions: they are read, or they are damaged."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core.classroom.earlier_files import classroom_from_json, student_from_json
from ae_core.classroom.model import Challenge, ClassLimits, Classroom, Student
from ae_core.storage.files import DAMAGED, LAST_SECOND

CLASS = {
    **{"code": "ABCDE", "key": "0" * 64, "created": 1000.0, "paused": True, "cleared": 1002.0},
    "limits": {"epochs": 9, "image_sets": ["digits"], "runs": 3},
    "challenge": {"latent_dim": 8, "image_set": "digits", "image_size": 32, "begun": 12.5},
}
STUDENT = {"visitor": "ada", "nickname": "Ada", "joined": 1001.0, "left": False}
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([10**400, 1e300, [], ["digits"], [["digits"]], {}, {"epochs": "5"}])
)


def test_a_class_is_read_and_was_last_used_when_it_was_opened():
    assert classroom_from_json(json.dumps(CLASS)) == Classroom(
        *("ABCDE", "0" * 64, 1000.0, 1000.0, ""),
        limits=ClassLimits(9, ("digits",), 3),
        challenge=Challenge(8, "digits", 32, 12.5),
        paused=True,
        cleared=1002.0,
    )


def test_a_challenge_of_an_older_version_is_read():
    older = json.dumps(CLASS).replace('"latent_dim"', '"numbers"')
    assert '"numbers": 8' in older
    assert classroom_from_json(older) == classroom_from_json(json.dumps(CLASS))


def test_a_student_is_read():
    assert student_from_json(json.dumps(STUDENT)) == Student("ada", "Ada", 1001.0)


@given(st.sampled_from([*CLASS, "other"]), VALUES)
@settings(max_examples=100)
def test_a_class_with_any_value_reads_or_is_damaged(field, value):
    try:
        found = classroom_from_json(json.dumps(CLASS | {field: value}))
    except DAMAGED:
        return
    assert type(found.paused) is bool
    assert 0 <= found.created == found.used <= LAST_SECOND


@given(st.sampled_from([*STUDENT, "other"]), VALUES)
@settings(max_examples=60)
def test_a_student_with_any_value_reads_or_is_damaged(field, value):
    try:
        found = student_from_json(json.dumps(STUDENT | {field: value}))
    except DAMAGED:
        return
    assert 0 <= found.joined <= LAST_SECOND


@pytest.mark.parametrize("read", [classroom_from_json, student_from_json])
@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"code": 1}', "[" * 100_000])
def test_what_is_no_class_and_no_student_is_damaged(read, text):
    with pytest.raises(DAMAGED):
        read(text)
