r"""The loss of a spec as a formula, with the numbers of an epoch below it.

It gives LaTeX and knows no page: what each part is called, a page says in its visitor's language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ae_core.specs import TrainingSpec
from ae_core.specs.losses import LOSSES


@dataclass(frozen=True)
class Term:
    """One part of a loss.

    Attributes:
        name: ``reconstruction``, ``kl``, ``sparsity`` or ``total_correlation``.
        symbols: its formula in LaTeX, without its weight.
        letter: of its weight, in LaTeX, empty for the reconstruction.
        weight: by which it is multiplied.
    """

    name: str
    symbols: str
    letter: str = ""
    weight: float = 1.0


@dataclass(frozen=True)
class Value:
    """What one part of a loss was in an epoch.

    Attributes:
        term: the part.
        value: of the part before it is multiplied by its weight.
    """

    term: Term
    value: float


def terms(spec: TrainingSpec) -> tuple[Term, ...]:
    """Return the parts of a spec's loss; those of weight 0 that are not measured are left out."""
    added = [
        Term(term.name, term.latex, term.letter, weight) for term, weight in spec.autoencoder.terms
    ]
    return (Term("reconstruction", LOSSES[spec.loss].latex), *added)


def values(spec: TrainingSpec, metrics: Mapping[str, float]) -> tuple[float, tuple[Value, ...]]:
    """Return the loss of an epoch and the value of each of its parts.

    Args:
        spec: what is trained.
        metrics: of the epoch, see `ae_core.training.loop.Epoch`; the held-out ones if there are
        some.
    """
    held = "val_" if "val_loss" in metrics else ""
    loss = metrics[f"{held}loss"]
    found = []
    for term in terms(spec):
        if term.name == "reconstruction":
            value = metrics.get(f"{held}reconstruction", loss)
        elif term.name == "kl":
            value = metrics[f"{held}kl"]
        else:
            value = metrics[f"{held}penalty"] / term.weight
        found.append(Value(term, value))
    return loss, tuple(found)


def in_symbols(parts: Sequence[Term]) -> str:
    r"""Return ``\mathcal{L} = … + \beta …`` in LaTeX, a line each."""
    return _in_lines(
        r"\mathcal{L}",
        [f"{part.letter}\\,{part.symbols}" if part.letter else part.symbols for part in parts],
    )


def in_numbers(loss: float, parts: Sequence[Value], names: Mapping[str, str]) -> str:
    r"""Return ``\mathcal{L} = 12.3 = 10.1 + 1 \cdot 2.2`` in LaTeX, every part with its name.

    Args:
        loss: the sum.
        parts: of the loss.
        names: of the parts, in words, by `Term.name`.
    """
    if len(parts) == 1:
        return r"\mathcal{L} = " + f"{_named(loss, names[parts[0].term.name])}"
    summands = []
    for part in parts:
        named = _named(part.value, names[part.term.name])
        weight = f"{_number(part.term.weight)} \\cdot " if part.term.letter else ""
        summands.append(weight + named)
    return _in_lines(r"\mathcal{L} = " + _number(loss), summands)


def _in_lines(left: str, summands: Sequence[str]) -> str:
    """Return an equation whose summands stand below each other: a phone is not wide."""
    if len(summands) == 1:
        return f"{left} = {summands[0]}"
    lines = " \\\\\n&+ ".join(summands)
    return f"\\begin{{aligned}}\n{left} &= {lines}\n\\end{{aligned}}"


def _named(value: float, name: str) -> str:
    words = "".join(f"\\{letter}" if letter in "#$%&_{}" else letter for letter in name)
    return f"\\underbrace{{{_number(value)}}}_{{\\text{{{words}}}}}"


def _number(value: float) -> str:
    """Return a number as the page's other figures show it, 1e-05 as a power of ten."""
    digits, _, power = f"{value:.4g}".partition("e")
    return f"{digits} \\cdot 10^{{{int(power)}}}" if power else digits
