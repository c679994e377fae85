"""What sources report of their recipes, and where it stands beside a run of one."""

import pytest

from ae_core.pretrain.console import epoch_line
from ae_core.specs import PRESETS, change, preset
from ae_core.specs.published import PUBLISHED, published
from ae_core.text.sentences import entries, languages


@pytest.mark.parametrize("name", PUBLISHED)
def test_figures_are_of_a_preset_s_epochs_and_have_a_name(name):
    spec, found = PRESETS[name], PUBLISHED[name]
    assert list(found.rows) == sorted(found.rows)
    assert all(len(row) == len(found.figures) for row in found.rows.values())
    assert found.rows
    held_out = {figure.startswith("val_") for figure in found.figures}
    assert not (True in held_out and spec.split == "none")
    for language in languages():
        assert {f"run.metric.{figure}" for figure in found.figures} <= set(entries(language))


def test_the_first_recipe_s_console_of_its_600_epochs():
    found = PUBLISHED["olivetti-conv"]
    assert found.of(1) == {"loss": 11.933, "code_mean": 0.542}
    assert found.of(600) == {"loss": 0.4636, "code_mean": 0.4237}
    assert max(found.rows) == preset("olivetti-conv").epochs
    assert found.of(4) == {}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_run_is_of_the_recipe_with_any_seed_and_length_but_no_other_setting(name):
    spec = preset(name)
    assert published(spec, name) is PUBLISHED[name]
    assert published(change(spec, seed=7, epochs=3, precision="bfloat16"), name) is PUBLISHED[name]
    assert published(change(spec, learning_rate=0.5), name) is None
    assert published(spec, "digits-dense") is None


def test_the_command_line_speaks_as_the_recipe_does():
    metrics = {"loss": 12.323, "code_mean": 0.4961, "near_zero_share": 0.25}
    line = epoch_line(change(preset("olivetti-conv"), epochs=3), "olivetti-conv", 1, metrics)
    assert line.split("  ") == [
        "epoch 1/3",
        "average loss per sample 12.323 (published: 11.933)",
        "code mean 0.4961 (published: 0.542)",
        "near zero share 0.25",
    ]
    other = epoch_line(preset("digits-dense"), "digits-dense", 2, {"loss": 0.1, "val_loss": 0.2})
    assert other.split("  ")[1:] == ["loss 0.1", "val loss 0.2"]
