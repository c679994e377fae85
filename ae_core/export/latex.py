r"""The loss of a spec as a formula, with the numbers of an epoch below it.

It gives LaTeX and knows no page: what each part is called, a page says in its visitor's language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ae_core.specs import TrainingSpec

_SYMBOLS: Mapping[str, str] = {
    "mse": r"\frac{1}{P}\sum_p\,(\hat{x}_p - x_p)^2",
    "l2": r"\frac{1}{2}\sum_p\,(\hat{x}_p - x_p)^2",
    "mae": r"\frac{1}{P}\sum_p\,|\hat{x}_p - x_p|",
    "bce": r"-\frac{1}{P}\sum_p\,\bigl[x_p \log \hat{x}_p + (1-x_p) \log (1-\hat{x}_p)\bigr]",
    "bernoulli-nll": r"-\sum_p\,\bigl[x_p \log \hat{x}_p + (1-x_p) \log (1-\hat{x}_p)\bigr]",
    "gaussian-nll": r"-\sum_p\,\log \mathcal{N}(x_p;\, \hat{x}_p,\, \sigma^2)",
}
_KL = r"\tfrac{1}{2}\sum_d\,\bigl(\mu_d^2 + \sigma_d^2 - \log \sigma_d^2 - 1\bigr)"
_TOTAL_CORRELATION = r"\Bigl[\log q(z) - \sum_d \log q(z_d)\Bigr]"


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
    own = spec.autoencoder
    found = [Term("reconstruction", _SYMBOLS[spec.loss])]
    if own.bottleneck == "sparse" and own.sparsity > 0:
        found.append(Term("sparsity", r"\sum_d |z_d|", r"\lambda", own.sparsity))
    if own.bottleneck == "variational":
        found.append(Term("kl", _KL, r"\beta", own.beta))
        if own.total_correlation > 0:
            found.append(
                Term("total_correlation", _TOTAL_CORRELATION, r"\gamma", own.total_correlation)
            )
    return tuple(found)


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
