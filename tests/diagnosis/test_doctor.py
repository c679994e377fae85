"""The doctor: every finding on a made-up history, on a near miss, and on a run that has it."""

import math
from dataclasses import replace
from functools import cache

import pytest

from ae_core.data.catalog import IMAGE_SETS
from ae_core.data.loading import load_images
from ae_core.diagnosis import doctor, remedies, rules
from ae_core.diagnosis.doctor import examine
from ae_core.diagnosis.rules import FINE, HINT, PROBLEM
from ae_core.models.compatibility import network_shapes
from ae_core.specs import PRESETS, change, preset
from ae_core.storage.files import data_dir
from ae_core.text.sentences import FALLBACK, entries
from ae_core.training.loop import fit
from tests.helpers.training import first_train_images

DIGITS = change(preset("digits-dense"), image_size=8)
VAE = change(DIGITS, bottleneck="variational", loss="bernoulli-nll")
SIGMOID = change(DIGITS, code_activation="sigmoid")
SPARSE = change(SIGMOID, bottleneck="sparse", sparsity=1.0)
FACES = change(preset("olivetti-conv"), split="held-out")
SIGNS = ("output_mean", "output_spread", "explained", "used_dimensions", "saturated_share")
LONG = 20  # epochs: more steps than any rule waits for


def course(epochs=LONG, **columns):
    """A healthy history of a plain network, with some columns replaced: numbers or functions."""
    healthy = {
        "loss": lambda e: 0.3 + 0.2 / e,
        "psnr": lambda e: 20 - 3 / e,
        "code_mean": 0.1,
        "near_zero_share": 0.2,
        "output_mean": 0.3,
        "output_spread": 0.9,
        "explained": 0.8,
        "seconds": 0.1,
    }
    table = healthy | {f"val_{k}": healthy[k] for k in ("loss", "psnr", "near_zero_share")}
    table |= columns
    return tuple(
        {name: float(v(e) if callable(v) else v) for name, v in table.items()}
        for e in range(1, epochs + 1)
    )


def kinds(spec, history, **end):
    return [finding.kind for finding in examine(spec, history, **end)]


# kind, spec, the sign, a near miss (or another spec for which the same is no sign)
LIVE_CASES = [
    ("posterior_collapse", VAE, {"used_dimensions": 3, "explained": 0.2}, {"used_dimensions": 8}),
    ("posterior_collapse", VAE, {"used_dimensions": 0}, {"used_dimensions": 16}),
    ("unused_dimensions", VAE, {"used_dimensions": 4}, {"used_dimensions": 8}),
    ("unused_dimensions", VAE, {"used_dimensions": 7, "explained": 0.2}, {"used_dimensions": 8}),
    (
        "code_saturated",
        SIGMOID,
        {"saturated_share": 0.95, "explained": 0.2},
        {"saturated_share": 0.95, "explained": 0.9},
    ),
    (
        "code_saturated",
        SIGMOID,
        {"saturated_share": 0.95, "explained": 0.2},
        {"saturated_share": 0.73, "explained": 0.2},
    ),
    (
        "code_mostly_zero",
        SPARSE,
        {"val_near_zero_share": 0.96, "explained": 0.3},
        {"val_near_zero_share": 0.9, "explained": 0.3},
    ),
    (
        "code_mostly_zero",
        change(DIGITS, code_activation="relu"),
        {"val_near_zero_share": 0.96, "explained": 0.3},
        {"val_near_zero_share": 0.96, "explained": 0.9},
    ),
    (
        "learning_rate_high",
        change(DIGITS, learning_rate=0.05),
        {"explained": 0.1},
        {"explained": 0.3},
    ),
    (
        "learning_rate_high",
        change(DIGITS, learning_rate=0.05, latent_dim=2),
        {"explained": -0.1},
        {"explained": 0.1},
    ),
    (
        "learning_rate_high",
        DIGITS,
        {"loss": lambda e: 1 / e if e < 18 else 0.5},
        {"loss": lambda e: 1 / e if e != 20 else 0.5},  # one epoch alone
    ),
    (
        "learning_rate_low",
        change(DIGITS, learning_rate=1e-5),
        {"explained": -1.0},
        {"explained": 0.1},
    ),
    (
        "learning_rate_low",
        change(DIGITS, optimizer="sgd"),
        {"explained": -1.0},
        {"explained": 0.1},
    ),
    (
        "black_output",
        DIGITS,
        {"output_spread": 0.01, "output_mean": 0.001, "explained": -0.6},
        {"output_spread": 0.05, "output_mean": 0.001, "explained": -0.6},
    ),
    (
        "constant_output",
        DIGITS,
        {"output_spread": 0.01, "explained": 0.0},
        {"output_spread": 0.05, "explained": 0.0},
    ),
    ("overfitting", DIGITS, {"psnr": lambda e: 20 + e}, {"psnr": lambda e: 22 - 3 / e}),
    (
        "getting_worse",
        DIGITS,
        {"val_loss": lambda e: 0.3 + abs(e - 8) / 70},
        {"val_loss": lambda e: 0.3 + 0.2 / e + 0.002 * (e % 2)},
    ),
    (
        "too_little_data",
        FACES,
        {"psnr": lambda e: 20 + e},
        {"psnr": lambda e: 22 - 3 / e},
    ),
    (
        "flat",
        DIGITS,
        {"val_psnr": lambda e: min(15 + e, 22), "psnr": 22},
        {"val_psnr": lambda e: 22 + 0.02 * e, "psnr": 22},
    ),
]


@pytest.mark.parametrize(("kind", "spec", "sign", "miss"), LIVE_CASES)
def test_a_finding_is_made_and_a_near_miss_is_not(kind, spec, sign, miss):
    assert kind in kinds(spec, course(**sign))
    assert kind not in kinds(spec, course(**miss))


@pytest.mark.parametrize(
    ("kind", "spec", "sign"),
    [case[:3] for case in LIVE_CASES if case[0] in {r.__name__[1:] for r in rules.RULES}],
)
def test_what_ails_a_network_is_not_said_of_a_young_one(kind, spec, sign):
    """With one batch an epoch, 20 epochs are 20 steps."""
    assert kinds(replace(spec, steps_per_epoch=1), course(**sign)) != [kind]
    assert kinds(spec, course(1, **sign)) != [kind]


def test_what_is_said_of_one_network_is_not_said_of_another():
    """A sparse code is to be near zero, a linear one has no zero, sgd has another scale."""
    sign = {"saturated_share": 0.95, "explained": 0.2}
    assert "code_saturated" not in kinds(SPARSE, course(**sign))
    sign = {"val_near_zero_share": 0.96, "explained": 0.3}
    assert "code_mostly_zero" not in kinds(DIGITS, course(**sign))
    fast = change(DIGITS, optimizer="sgd", learning_rate=0.5)
    assert "learning_rate_high" not in kinds(fast, course(explained=0.1))
    assert "posterior_collapse" not in kinds(DIGITS, course(used_dimensions=0))


def test_the_cause_is_named_and_not_its_effects():
    dead = course(used_dimensions=0, output_spread=0, explained=0, psnr=lambda e: 20 + e)
    assert kinds(VAE, dead) == ["posterior_collapse"]


@pytest.mark.thorough
def test_a_healthy_run_is_told_so():
    [live] = examine(DIGITS, course())
    assert (live.kind, live.severity, live.remedy) == ("learning", FINE, {})
    [ended] = examine(DIGITS, course(), status="finished")
    assert (ended.kind, ended.severity) == ("healthy", FINE)


@pytest.mark.parametrize(
    ("explained", "name"),
    [(1, "very_good"), (0.89, "good"), (0.74, "fair"), (0, "poor"), (-0.01, "worse_than_mean")],
)
def test_the_explained_variance_has_a_grade_that_has_a_word(explained, name):
    assert rules.grade(explained) == name
    assert entries(FALLBACK)[f"run.grade.{name}"]


def test_before_the_first_epoch_there_is_nothing_to_say():
    for status in ("queued", "starting", "running", "stopped", "failed"):
        assert examine(DIGITS, (), status=status) == ()


def test_a_run_that_became_nan_is_told_what_to_try_and_another_failure_is_not():
    spec = change(DIGITS, learning_rate=0.5)
    [found] = examine(spec, course(2), status="failed", diverged=True)
    assert (found.kind, found.severity) == ("nan", PROBLEM)
    assert found.values == {"rate": 0.5}
    assert found.remedy == {"learning_rate": 1e-3}
    assert examine(spec, course(2), status="failed") == ()


def test_a_run_that_ended_while_it_gained_is_to_be_longer():
    rising = course(val_psnr=lambda e: 15 + 0.1 * e, psnr=lambda e: 15 + 0.1 * e)
    [found] = examine(DIGITS, rising, status="finished")
    assert (found.kind, found.severity) == ("still_falling", HINT)
    assert found.values == {"gain": pytest.approx(0.4), "since": 16}
    assert found.remedy == {"epochs": 80}
    assert kinds(DIGITS, rising) == ["learning"]  # it goes on anyway
    little = course(val_psnr=lambda e: 15 + 0.05 * e, psnr=lambda e: 15 + 0.05 * e)
    [found] = examine(DIGITS, little, status="finished")
    assert (found.kind, found.values["gain"]) == ("nearly_done", pytest.approx(0.2))
    slow = course(val_psnr=lambda e: 15 + 0.02 * e, psnr=lambda e: 15 + 0.02 * e)
    assert kinds(DIGITS, slow, status="finished") == ["healthy"]
    longest = change(DIGITS, epochs=2000)
    assert examine(longest, rising, status="finished")[0].remedy == {}


def test_a_run_that_was_too_short_to_tell_is_not_called_healthy():
    """One epoch has no trend; a few poor ones without a gain may be the first of many."""
    for short in (course(1), course(3, explained=0.3, psnr=11, val_psnr=11)):
        [found] = examine(change(DIGITS, epochs=3), short, status="finished")
        assert (found.kind, found.severity, found.remedy) == ("too_short", HINT, {"epochs": 6})
    assert kinds(DIGITS, course(1, explained=0.99), status="finished") == ["healthy"]
    assert kinds(DIGITS, course(3, psnr=22, val_psnr=22), status="finished") == ["healthy"]
    large = change(DIGITS, batch_size=512)  # 20 epochs are 60 steps
    poor = course(explained=-1, psnr=lambda e: 7 + e / 1000, val_psnr=lambda e: 7 + e / 1000)
    assert kinds(large, poor, status="finished") == ["too_short"]
    small = change(DIGITS, latent_dim=2)  # explains little in any case
    assert kinds(small, course(3, explained=0.3, psnr=11, val_psnr=11), status="finished") == [
        "healthy"
    ]


def test_it_is_too_early_to_call_a_network_healthy_that_is_worse_than_gray_and_gains_nothing():
    assert kinds(DIGITS, course(3, explained=-1, psnr=8, val_psnr=8)) == ["too_early"]
    assert kinds(DIGITS, course(1, explained=-1, psnr=8, val_psnr=8)) == ["learning"]
    gaining = {"psnr": lambda e: 8 + e / 10, "val_psnr": lambda e: 8 + e / 10}
    assert kinds(DIGITS, course(3, explained=-1, **gaining)) == ["learning"]


def test_large_steps_that_threw_a_network_off_are_not_youth():
    """With 45 batches an epoch, two epochs are enough, one is not."""
    lost = {"explained": -1.3, "output_spread": 0.2, "psnr": 7.8, "val_psnr": 7.8}
    fast = change(DIGITS, learning_rate=1.0)
    assert kinds(fast, course(2, **lost)) == ["learning_rate_high"]
    assert kinds(fast, course(1, **lost), status="finished") == ["too_short"]
    assert kinds(DIGITS, course(2, **lost), status="finished") == ["too_short"]
    sgd = change(fast, optimizer="sgd")
    assert kinds(sgd, course(3, loss=1.0, **lost)) == ["learning_rate_high"]
    assert kinds(sgd, course(3, **lost)) == ["too_early"]  # its loss falls in every epoch


def test_an_output_that_large_steps_of_sgd_made_constant_is_not_called_too_slow():
    same = {"explained": -0.02, "output_spread": 0.0, "psnr": 11.3, "val_psnr": 11.3}
    sgd = change(DIGITS, optimizer="sgd", learning_rate=0.1)
    assert kinds(sgd, course(loss=1.0, **same)) == ["learning_rate_high"]
    assert kinds(sgd, course(**same)) == ["learning_rate_low"]  # its loss falls in every epoch
    assert kinds(change(sgd, learning_rate=1e-3), course(loss=1.0, **same)) == ["learning_rate_low"]


def test_a_network_that_is_worse_than_gray_has_not_memorised():
    rebounds = {"val_loss": lambda e: 0.3 + abs(e - 8) / 70, "psnr": 8, "val_psnr": 8}
    assert "getting_worse" in kinds(DIGITS, course(explained=0.1, **rebounds))
    assert "getting_worse" not in kinds(DIGITS, course(explained=-0.1, **rebounds))


def test_a_poor_run_that_still_gains_slowly_is_to_be_longer():
    slow = {"val_psnr": lambda e: 11 + 0.02 * e, "psnr": lambda e: 11 + 0.02 * e}
    assert kinds(DIGITS, course(explained=0.1, **slow), status="finished") == ["still_falling"]
    assert kinds(DIGITS, course(explained=0.8, **slow), status="finished") == ["healthy"]


def test_a_cosine_schedule_gains_at_its_end():
    still = course(val_psnr=22, psnr=22)
    assert kinds(DIGITS, still) == ["flat"]
    assert kinds(change(DIGITS, schedule="cosine"), still) == ["learning"]
    assert kinds(change(DIGITS, schedule="cosine"), still, status="finished") == ["flat"]


def test_who_holds_nothing_out_cannot_know():
    spec = preset("olivetti-conv")
    history = [{k: v for k, v in m.items() if not k.startswith("val_")} for m in course(40)]
    assert kinds(spec, history, status="finished")[-1] == "nothing_held_out"
    assert "nothing_held_out" not in kinds(spec, history)  # no news while it trains
    many = change(DIGITS, split="none")
    assert "nothing_held_out" not in kinds(many, history, status="finished")


def test_older_runs_are_examined_with_what_they_have():
    def older(**columns):
        history = course(**columns)
        return [{k: v for k, v in m.items() if k not in SIGNS} for m in history]

    assert kinds(DIGITS, older()) == ["learning"]
    assert kinds(VAE, older(kl=0.001, val_kl=0.001)) == ["posterior_collapse"]
    assert kinds(VAE, older(kl=3, val_kl=3)) == ["learning"]
    assert kinds(SPARSE, older(val_near_zero_share=0.99)) == ["code_mostly_zero"]
    assert kinds(DIGITS, older(psnr=lambda e: 20 + e)) == ["overfitting"]


# --- remedies --------------------------------------------------------------------------------

REMEDIES = {
    "lower_learning_rate": remedies.lower_learning_rate,
    "stabilize": remedies.stabilize,
    "usual_learning_rate": remedies.usual_learning_rate,
    "fix_dead_units": remedies.fix_dead_units,
    "reduce_kl_weight": remedies.reduce_kl_weight,
    "reduce_sparsity": remedies.reduce_sparsity,
    "regularize": lambda spec: remedies.regularize(spec, spec.epochs // 3 or 1),
    "regularize late": lambda spec: remedies.regularize(spec, spec.epochs),
    "train_longer": remedies.train_longer,
    "enlarge_code": remedies.enlarge_code,
    "shrink_code": lambda spec: remedies.shrink_code(spec, 1),
    "hold_out": remedies.hold_out,
}


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("remedy", REMEDIES.values(), ids=REMEDIES.keys())
def test_a_remedy_of_any_preset_can_be_trained(name, remedy):
    spec = preset(name)
    for tried in (spec, change(spec, optimizer="sgd"), change(spec, learning_rate=1e-6)):
        changed = change(tried, **remedy(tried))
        network_shapes(changed)
        assert changed != tried or not remedy(tried)


@pytest.mark.parametrize("name", ["lower_learning_rate", "reduce_kl_weight", "reduce_sparsity"])
def test_a_remedy_taken_again_and_again_comes_to_an_end(name):
    start = {
        "lower_learning_rate": DIGITS,
        "reduce_kl_weight": change(VAE, beta=100.0),
        "reduce_sparsity": SPARSE,
    }[name]
    spec, seen = start, []
    while (remedy := REMEDIES[name](spec)) and len(seen) < 20:
        seen.append(remedy)
        spec = change(spec, **remedy)
        if name == "reduce_sparsity" and spec.autoencoder.sparsity < 1e-8:
            break
    assert 1 < len(seen) < 20


# --- real runs -------------------------------------------------------------------------------

SHORT = {"epochs": 8, "image_size": 8}  # 360 steps, a second or two
SICK = {
    "posterior_collapse": change(VAE, beta=100.0, **SHORT),
    "learning_rate_high": change(DIGITS, learning_rate=1.0, **SHORT),
    "learning_rate_low": change(DIGITS, learning_rate=1e-6, **SHORT),
    "code_saturated": change(SIGMOID, learning_rate=0.1, **SHORT),
    "code_mostly_zero": change(SPARSE, latent_dim=64, **SHORT),
}


@cache
def trained(spec, pictures=0, tests=0):
    images = load_images(*spec.images)
    if pictures:
        images = first_train_images(images, pictures)
    if tests:
        images = replace(images, test=images.test[:tests], test_labels=images.test_labels[:tests])
    return fit(spec, images, on_epoch=lambda _: None)


def findings(spec, outcome):
    diverged = outcome.reason is not None and outcome.reason.key.startswith("diverged")
    return examine(spec, outcome.history, status=outcome.status, diverged=diverged)


@pytest.mark.thorough
@pytest.mark.parametrize("kind", SICK)
def test_a_run_that_has_it_is_found_and_its_remedy_helps(kind):
    spec = SICK[kind]
    [found] = findings(spec, trained(spec))
    assert (found.kind, found.severity) == (kind, PROBLEM)
    better = change(spec, **found.remedy)
    assert all(f.severity != PROBLEM for f in findings(better, trained(better)))
    last = trained(better).history[-1]
    assert last["explained"] > trained(spec).history[-1]["explained"] + 0.2


@pytest.mark.thorough
def test_a_run_that_blows_up_is_found_and_its_remedy_helps():
    wild = {"optimizer": "sgd", "loss": "mse", "learning_rate": 1.0}
    spec = change(DIGITS, pixel_scale=255, output_activation="linear", **wild, **SHORT)
    outcome = trained(spec)
    assert outcome.status == "failed"
    [found] = findings(spec, outcome)
    assert found.kind == "nan"
    better = change(spec, **found.remedy)
    assert trained(better).status == "finished"
    assert math.isfinite(trained(better).history[-1]["loss"])


@pytest.mark.thorough
def test_a_run_on_few_pictures_learns_them_by_heart():
    spec = change(DIGITS, epochs=80)
    [found] = findings(spec, trained(spec, pictures=100))
    assert found.kind == "overfitting"
    assert found.values["gap"] > doctor.OVERFITTING_GAP
    assert found.remedy == {"dropout": remedies.DROPOUT}
    better = change(spec, **found.remedy)
    last, before = (trained(s, pictures=100).history[-1] for s in (better, spec))
    assert last["psnr"] - last["val_psnr"] < before["psnr"] - before["val_psnr"] - 1


@pytest.mark.thorough
def test_a_run_that_was_too_short_is_found_and_more_of_it_helps():
    spec = change(DIGITS, epochs=2)
    [found] = findings(spec, trained(spec))
    assert found.kind == "still_falling"
    better = change(spec, **found.remedy)
    gained = trained(better).history[-1]["val_psnr"] - trained(spec).history[-1]["val_psnr"]
    assert gained > doctor.STILL_GAINING


@pytest.mark.thorough
def test_a_run_that_cannot_get_better_is_found_and_a_larger_code_helps():
    """One linear number of a digit is soon as good as it can be."""
    small = {"latent_dim": 1, "encoder": "", "decoder": "", "output_activation": "linear"}
    spec = change(DIGITS, loss="mse", learning_rate=1e-2, epochs=40, **small)
    [found] = findings(spec, trained(spec))
    assert found.kind == "flat"
    better = change(spec, **found.remedy)
    assert better.autoencoder.latent_dim == 2
    assert trained(better).history[-1]["val_psnr"] > trained(spec).history[-1]["val_psnr"] + 0.3


@pytest.mark.thorough
def test_a_healthy_run_has_no_problem_at_any_epoch():
    for spec in (DIGITS, VAE, SIGMOID):
        history = trained(change(spec, epochs=9)).history
        for epochs in range(1, 10):
            assert kinds(spec, history[:epochs]) == ["learning"]


def available(name):
    if not IMAGE_SETS[name].available:
        pytest.skip(f"{data_dir()} (AE_DATA_DIR) holds no {IMAGE_SETS[name].file}")


@pytest.mark.thorough
def test_the_recipe_that_turns_black_is_found_and_its_remedy_helps():
    """On as many pictures as its few steps take, and not many more."""
    available("mnist")
    few = {"pictures": 5000, "tests": 500}
    spec = change(preset("mnist-conv-as-written"), batch_size=8, epochs=4)
    spec = change(spec, steps_per_epoch=130)
    [found] = findings(spec, trained(spec, **few))
    assert found.kind == "black_output"
    assert found.remedy == {"initializer": "he_uniform"}
    better = change(spec, **found.remedy)
    assert {f.severity for f in findings(better, trained(better, **few))} == {HINT}
    assert trained(better, **few).history[-1]["explained"] > 0.5


@pytest.mark.thorough
def test_too_few_faces_are_found():
    available("olivetti")
    spec = change(DIGITS, image_set="olivetti", image_size=32, latent_dim=64, epochs=80)
    [found] = findings(spec, trained(spec))
    assert found.kind == "too_little_data"
    assert found.values == {"pictures": IMAGE_SETS["olivetti"].train_count}
    assert found.remedy == {"augment": "jitter"}


# --- words -----------------------------------------------------------------------------------


def test_every_finding_has_words_that_take_its_values():
    nan = examine(DIGITS, (), status="failed", diverged=True)
    rising = course(val_psnr=lambda e: 15 + 0.1 * e)
    made = [*nan, *examine(DIGITS, rising, status="finished"), *examine(DIGITS, course())]
    made += examine(preset("olivetti-conv"), course(60, psnr=22), status="finished")
    for _, spec, sign, _ in LIVE_CASES:
        made += examine(spec, course(**sign))
    little = course(val_psnr=lambda e: 15 + 0.05 * e, psnr=lambda e: 15 + 0.05 * e)
    made += examine(DIGITS, little, status="finished")
    made += examine(DIGITS, course(1), status="finished")
    made += examine(DIGITS, course(3, explained=-1, psnr=8, val_psnr=8))
    words = entries(FALLBACK)
    for finding in made:
        assert words[f"doctor.seen.{finding.kind}"].format(**finding.values)
    worded = {key.removeprefix("doctor.seen.") for key in words if key.startswith("doctor.seen.")}
    assert worded == {finding.kind for finding in made} | {"healthy"}
