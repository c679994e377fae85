"""With what students of a class begin: settings that the class allows, and a seed of their own."""

from dataclasses import replace

import numpy as np
import pytest

from ae_core.classroom.beginning import first_settings
from ae_core.classroom.model import Challenge, ClassLimits, Classroom, Student, check_submission
from ae_core.data.loading import load_images
from ae_core.specs import change
from ae_core.training.loop import fit


def classroom(**changes):
    return Classroom("ABCDE", "0" * 64, 1000.0, 1001.0, **changes)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"limits": ClassLimits(3)},
        {"limits": ClassLimits(50, ("toy-faces", "mnist"))},
        {"limits": ClassLimits(4), "challenge": Challenge(8, "toy-faces", 64, channels=3)},
    ],
)
def test_a_student_s_first_run_is_allowed_and_nobody_else_s(settings):
    opened = classroom(**settings)
    specs = [first_settings(opened, Student(f"v{n}", "Ada", 0.0))[0] for n in range(30)]
    check_submission(opened, specs, 0)
    assert len({spec.seed for spec in specs}) == len(specs)
    assert {replace(spec, seed=0) for spec in specs} == {replace(specs[0], seed=0)}
    assert specs[0] == first_settings(opened, Student("v0", "Other nickname", 9.0))[0]


def test_three_students_train_three_runs_and_each_repeats_theirs_bit_by_bit():
    """All of them press the same button, twice."""

    def trained(visitor):
        spec, _ = first_settings(classroom(), Student(visitor, visitor, 0.0))
        spec = change(spec, image_size=8, epochs=2)
        run = fit(spec, load_images(*spec.images), on_epoch=lambda epoch: None)
        losses = [epoch["val_loss"] for epoch in run.history]
        return losses, np.concatenate([array.ravel() for array in run.weights.values()])

    (ada, ada_s), (bob, _), (cem, _) = (trained(name) for name in ("ada", "bob", "cem"))
    assert len({ada[0], bob[0], cem[0]}) == 3
    again, same = trained("ada")
    assert again == ada
    np.testing.assert_array_equal(same, ada_s)
