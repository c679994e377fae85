r"""Formats the loss of a spec as a LaTeX formula, with the values of an epoch below its parts."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ae_core.specs import TrainingSpec
from ae_core.specs.losses import LOSSES


@dataclass(frozen=True)
class Part:
    """A part of a loss.

    Attributes:
        name: ``reconstruction`` or the name of a term in `ae_core.specs.losses.BOTTLENECKS`.
        symbols: its equation in LaTeX, without its weight.
        letter: the symbol of the weight in LaTeX, empty for the reconstruction.
        weight: the weight's value.
        metric: its name among an epoch's metrics; a ``penalty`` includes its weight.
    """

    name: str
    symbols: str
    letter: str = ""
    weight: float = 1.0
    metric: str = "reconstruction"


def parts_of(spec: TrainingSpec) -> tuple[Part, ...]:
    """Return the parts of a spec's loss."""
    return (
        Part("reconstruction", LOSSES[spec.loss].latex),
        *(
            Part(term.name, term.latex, term.letter, weight, term.metric)
            for term, weight in spec.autoencoder.terms
        ),
    )


def values(spec: TrainingSpec, metrics: Mapping[str, float]) -> tuple[float, dict[Part, float]]:
    """Return the loss of an epoch, and each of its parts without its weight.

    Args:
        spec: the run's spec.
        metrics: the epoch's metrics; those on held-out images are used if there are any.
    """
    held = "val_" if "val_loss" in metrics else ""
    loss = metrics[f"{held}loss"]
    # A single part is the loss itself and is not listed again.
    found = {part: metrics.get(f"{held}{part.metric}", loss) for part in parts_of(spec)}
    return loss, {
        part: value / part.weight if part.metric == "penalty" else value
        for part, value in found.items()
    }


def in_symbols(parts: Sequence[Part]) -> str:
    r"""Return ``\mathcal{L} = … + \beta …`` in LaTeX, one line per part."""
    return _in_lines(
        r"\mathcal{L}",
        [f"{part.letter}\\,{part.symbols}" if part.letter else part.symbols for part in parts],
    )


def in_numbers(
    loss: float,
    parts: Mapping[Part, float],
    names: Mapping[str, str],
    written: Callable[[float, str], str] = format,
) -> str:
    r"""Return ``\mathcal{L} = 12.3 = 10.1 + 1 \cdot 2.2`` in LaTeX, every part with its name.

    Args:
        loss: the sum.
        parts: the parts of the loss, with their values.
        names: the names of the parts for display, by `Part.name`.
        written: writes a number in Python's own format for LaTeX.
    """
    if len(parts) == 1:
        return r"\mathcal{L} = " + _named(_number(loss, written), names[next(iter(parts)).name])
    summands = []
    for part, value in parts.items():
        weight = f"{_number(part.weight, written)} \\cdot " if part.letter else ""
        summands.append(weight + _named(_number(value, written), names[part.name]))
    return _in_lines(r"\mathcal{L} = " + _number(loss, written), summands)


def _in_lines(left: str, summands: Sequence[str]) -> str:
    """Return an equation with one summand per line, so that it fits on a phone."""
    if len(summands) == 1:
        return f"{left} = {summands[0]}"
    lines = " \\\\\n&+ ".join(summands)
    return f"\\begin{{aligned}}\n{left} &= {lines}\n\\end{{aligned}}"


def _named(value: str, name: str) -> str:
    words = "".join(f"\\{letter}" if letter in "#$%&_{}" else letter for letter in name)
    return f"\\underbrace{{{value}}}_{{\\text{{{words}}}}}"


def _number(value: float, written: Callable[[float, str], str]) -> str:
    """Format a number like the page's other figures, but 1e-05 as a power of ten."""
    digits, _, power = written(value, ".4g").partition("e")
    return f"{digits} \\cdot 10^{{{int(power)}}}" if power else digits
