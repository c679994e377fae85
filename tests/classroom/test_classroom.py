"""What a class allows: limits, challenges, nicknames."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.classroom.beginning import challenge_preset
from ae_core.classroom.model import (
    MAX_JOINS,
    MAX_NICKNAME,
    MAX_STUDENTS,
    Challenge,
    ClassLimits,
    Classroom,
    Student,
    check_joining,
    check_submission,
    checked_nickname,
)
from ae_core.classroom.rows import class_row, classroom_in
from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.user_image_sets import user_sets
from ae_core.errors import NotAllowed, UserError
from ae_core.models.compatibility import apply_setting, image_shape, network_shapes
from ae_core.specs import change, preset
from ae_core.text.typed import visible_text
from tests.helpers.refusals import check
from tests.helpers.refusals import refused as refusal

DIGITS = preset("digits-dense")


def classroom(**changes):
    return Classroom("ABCDE", "0" * 64, 1000.0, 1001.0, **changes)


@given(
    st.integers(1, 2000),
    st.lists(st.sampled_from(sorted(IMAGE_SETS)), unique=True),
    st.integers(0, 100),
    st.booleans(),
)
def test_a_class_comes_back_from_its_row_as_it_was(epochs, image_sets, runs, paused):
    made = classroom(
        limits=ClassLimits(epochs, tuple(image_sets), runs),
        challenge=Challenge(8, "digits", 32, 12.5) if paused else None,
        paused=paused,
        closed=not paused,
        teacher="eve",
        cleared=float(epochs),
    )
    assert classroom_in(SimpleNamespace(**class_row(made))) == made


@given(st.text())
def test_a_nickname_is_short_text_that_can_be_seen_or_it_is_refused(typed):
    visible = visible_text(typed)
    if not 1 <= len(visible) <= MAX_NICKNAME:
        with pytest.raises(UserError):
            checked_nickname(typed)
        return
    chosen = checked_nickname(typed)
    assert chosen == visible
    assert checked_nickname(chosen) == chosen


@pytest.mark.parametrize("typed", ["<img src=x onerror=alert(1)>", "**bold**", "=1+1", "Zoë 💡"])
def test_what_looks_like_markup_stays_as_it_was_typed(typed):
    assert checked_nickname(f"  {typed}\u202e\x00 ") == typed


@pytest.mark.parametrize(
    ("typed", "key"),
    [("", "nickname_empty"), (" \n\u200b", "nickname_empty"), ("x" * 31, "nickname_long")],
)
def test_a_bad_nickname_is_refused(typed, key):
    with refusal(key, longest=30):
        checked_nickname(typed)


def crowd(count, joined=0.0, *, left=False):
    return [Student(f"v{n}", f"n{n}", joined, left) for n in range(count)]


def test_a_class_takes_so_many_and_no_more():
    check_joining("ABCDE", "Ada", crowd(MAX_STUDENTS - 1), 100.0, again=False)
    with refusal("class_full", code="ABCDE", most=200):
        check_joining("ABCDE", "Ada", crowd(MAX_STUDENTS), 100.0, again=False)
    check_joining("ABCDE", "Ada", crowd(MAX_STUDENTS, left=True), 100.0, again=False)
    with refusal("class_full"):  # who comes and goes fills no disk
        check_joining("ABCDE", "Ada", crowd(2 * MAX_STUDENTS, left=True), 100.0, again=False)


def test_only_so_many_join_at_once():
    with refusal("class_rush", most=60, seconds=10):
        check_joining("ABCDE", "Ada", crowd(MAX_JOINS, 95.0), 100.0, again=False)
    check_joining("ABCDE", "Ada", crowd(MAX_JOINS, 95.0), 106.0, again=False)
    check_joining("ABCDE", "Ada", crowd(MAX_JOINS, 95.0), 100.0, again=True)


@pytest.mark.parametrize("taken", ["Ada", "ADA", "Ａｄａ"])
def test_a_nickname_is_given_once(taken):
    others = [Student("v", taken, 0.0)]
    with refusal("nickname_taken", code="ABCDE", name="ada"):
        check_joining("ABCDE", "ada", others, 100.0, again=False)
    gone = [Student("v", taken, 0.0, left=True)]
    check_joining("ABCDE", "ada", gone, 100.0, again=False)


def refused(limits, specs, begun=0, **changes):
    with pytest.raises(NotAllowed) as error:
        check_submission(classroom(limits=limits, **changes), specs, begun)
    return error.value


def test_without_limits_everything_is_allowed():
    check_submission(classroom(), [preset("mnist-dense")] * 50, 1000)


def test_too_many_epochs_are_a_sentence_and_a_remedy():
    error = refused(ClassLimits(epochs=50), [DIGITS, change(DIGITS, epochs=500)])
    check(error, "class_epochs", count=500, most=50)
    check_submission(classroom(limits=ClassLimits(epochs=50)), [change(DIGITS, **error.remedy)], 0)


def test_other_pictures_are_a_sentence_and_a_remedy():
    limits = ClassLimits(image_sets=("toy-faces", "mnist"))
    error = refused(limits, [DIGITS])
    check(error, "class_images", name="digits", names=("toy-faces", "mnist"))
    (name, value), *_ = error.remedy.items()
    check_submission(classroom(limits=limits), [apply_setting(DIGITS, name, value)], 0)


def test_a_sweep_counts_as_its_runs():
    limits = ClassLimits(runs=3)
    check_submission(classroom(limits=limits), [DIGITS] * 2, 1)
    error = refused(limits, [DIGITS] * 2, begun=2)
    check(error, "class_runs", count=4, most=3, begun=2)
    assert error.remedy == {}


def test_a_paused_class_begins_nothing():
    error = refused(ClassLimits(), [DIGITS], paused=True)
    check(error, "class_paused", code="ABCDE")


@pytest.mark.parametrize(
    ("values", "key", "name"),
    [
        ({"epochs": 0}, "whole", "epochs"),
        ({"runs": 101}, "whole", "runs"),
        ({"image_sets": ("cats",)}, "one_of", "image_set"),
    ],
)
def test_bad_limits_are_refused(values, key, name):
    with refusal(key, name=name):
        ClassLimits(**values)


@pytest.mark.parametrize(
    ("values", "key", "name"),
    [
        ((0, "digits", 32), "whole", "latent_dim"),
        ((8, "cats", 32), "one_of", "image_set"),
        ((8, "digits", 28), "one_of_for", "image_size"),
    ],
)
def test_a_bad_challenge_is_refused(values, key, name):
    with refusal(key, name=name):
        Challenge(*values)


@pytest.mark.parametrize("name", sorted(IMAGE_SETS))
@pytest.mark.parametrize("numbers", [1, 8, 50])
def test_the_settings_of_a_challenge_take_part_in_it(name, numbers):
    for side in IMAGE_SETS[name].sizes:
        limits = ClassLimits(epochs=7, image_sets=(name,))
        spec, start = challenge_preset(Challenge(numbers, name, side), limits)
        network_shapes(spec)  # a network can be built of them
        check_submission(classroom(limits=limits), [spec], 0)
        assert spec.autoencoder.latent_dim == max(1, numbers // 2)  # weak on purpose
        assert (spec.image_set, image_shape(spec)[0]) == (name, side)
        assert spec.split == "held-out"
        preset(start)


def test_a_challenge_whose_images_were_deleted_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("AE_RUNS_DIR", str(tmp_path))
    own = user_sets().create("ada", "Digits", 28)
    user_sets().add(own.id, np.zeros((12, 28, 28, 1), np.uint8))
    challenge = Challenge(8, own.image_set, 28)
    assert challenge_preset(challenge, ClassLimits())[1] == "digits-dense"
    user_sets().delete(own.id, "ada")
    with refusal("unknown_set", id=own.id):
        challenge_preset(challenge, ClassLimits())
