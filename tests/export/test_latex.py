"""The loss as a formula: its numbers add up to the loss of the epoch."""

import re

import pytest

from ae_core.data.loading import load_images
from ae_core.export import latex as formula
from ae_core.specs import CHOICES, TrainingSpec, change
from ae_core.training.loop import fit

SMALL = change(
    TrainingSpec(epochs=1, steps_per_epoch=3),
    encoder="dense8",
    decoder="dense8",
    latent_dim=3,
)
VARIATIONAL = change(SMALL, bottleneck="variational", loss="gaussian-nll")
SPECS = {
    "plain": SMALL,
    "sparse": change(SMALL, bottleneck="sparse", sparsity=1e-3),
    "variational": change(VARIATIONAL, beta=4.0),
    "no weight on the KL divergence": change(VARIATIONAL, beta=0.0),
    "total correlation": change(VARIATIONAL, total_correlation=3.0),
    "nothing held out": change(VARIATIONAL, split="none"),
}
NAMES = {
    "reconstruction": "reconstruction",
    "kl": "KL divergence",
    "sparsity": "sparsity",
    "total_correlation": "total correlation",
}


@pytest.mark.samples(1)
@pytest.mark.parametrize("name", SPECS)
def test_the_parts_of_a_trained_epoch_add_up_to_its_loss(name):
    spec = SPECS[name]
    images = load_images(*spec.images)
    (metrics,) = fit(spec, images, on_epoch=lambda _: None).history
    loss, parts = formula.values(spec, metrics)
    assert loss == metrics["loss" if spec.split == "none" else "val_loss"]
    assert sum(part.weight * value for part, value in parts.items()) == pytest.approx(
        loss, rel=1e-5
    )
    assert tuple(parts) == formula.parts_of(spec)
    shown = formula.in_numbers(loss, parts, NAMES)
    assert formula._number(loss, format) in shown
    for part in parts:
        assert NAMES[part.name] in shown


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("plain", ["reconstruction"]),
        ("sparse", ["reconstruction", "sparsity"]),
        ("variational", ["reconstruction", "kl"]),
        ("total correlation", ["reconstruction", "kl", "total_correlation"]),
    ],
)
def test_a_loss_has_the_terms_of_its_bottleneck(name, terms):
    assert [part.name for part in formula.parts_of(SPECS[name])] == terms


def test_numbers_read_as_the_page_shows_them():
    spec = change(SMALL, bottleneck="sparse", sparsity=1e-5)
    metrics = {"loss": 0.1, "val_loss": 0.25, "val_reconstruction": 0.2, "val_penalty": 0.05}
    shown = formula.in_numbers(*formula.values(spec, metrics), NAMES)
    assert shown == (
        "\\begin{aligned}\n"
        "\\mathcal{L} = 0.25 &= \\underbrace{0.2}_{\\text{reconstruction}} \\\\\n"
        "&+ 1 \\cdot 10^{-5} \\cdot \\underbrace{5000}_{\\text{sparsity}}\n"
        "\\end{aligned}"
    )


def test_a_name_is_text_whatever_is_in_it():
    shown = formula.in_numbers(*formula.values(SMALL, {"loss": 1.0}), {"reconstruction": "a_b{"})
    assert r"\text{a\_b\{}" in shown


@pytest.mark.parametrize("loss", CHOICES["loss"])
def test_every_loss_is_latex_with_its_brackets_closed(loss):
    latex = formula.in_symbols(formula.parts_of(change(SMALL, loss=loss)))
    assert latex.startswith(r"\mathcal{L} = ")
    assert latex.count("{") == latex.count("}") > 0
    assert len(re.findall(r"\\bigl", latex)) == len(re.findall(r"\\bigr", latex))
