"""Arithmetic expressions in lessons: only numbers, dotted names and comparisons.

Python's parser reads them and this module evaluates them, so a lesson's file can only compute.
``{{big.val_psnr - small.val_psnr:.1f}}`` in a text is an expression and the format of its value.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping

from ae_core.errors import UserError

Number = float | bool

MAX_CHARACTERS = 300
_PLACE = re.compile(r"\{\{(.+?)(?::([^:{}]*))?\}\}")
_FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "abs": abs,
    "min": min,
    "max": max,
    "round": round,
    "sqrt": math.sqrt,
    "log10": math.log10,
}
_OPERATORS: Mapping[type, Callable[..., Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.Not: operator.not_,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class MissingFigure(KeyError):
    """A name has no value yet, because its experiment has not been done."""


class Expression:
    """One expression, checked at its creation."""

    def __init__(self, text: str) -> None:
        """Read an expression.

        Raises:
            UserError: the text is not an expression, or contains more than arithmetic.
        """
        if len(text) > MAX_CHARACTERS:
            raise UserError("expression_long", expression=text, most=MAX_CHARACTERS)
        try:
            self._body = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError):
            raise UserError("expression", expression=text) from None
        self.text = text
        self.names = frozenset(_names(self._body, text))

    def value(self, numbers: Mapping[str, float]) -> Number:
        """Evaluate the expression.

        Raises:
            MissingFigure: a name has no value.
            UserError: it has no result, for example in a division by zero.
        """
        try:
            return _value(self._body, numbers)
        except (ZeroDivisionError, OverflowError, ValueError, TypeError) as error:
            raise UserError("expression_value", expression=self.text, problem=str(error)) from None


def expressions_in(text: str) -> list[Expression]:
    """Return the expressions in a text.

    Raises:
        UserError: an expression is invalid, or its format is not for numbers.
    """
    found = []
    for match in _PLACE.finditer(text):
        found.append(Expression(match[1]))
        _written(1.0, match[2] or "", match[0])
    return found


def fill(
    text: str,
    numbers: Mapping[str, float],
    written: Callable[[float, str], str] = format,
    missing: str | None = None,
) -> str:
    """Return a text with its expressions evaluated.

    Args:
        text: the text.
        numbers: the values of the names.
        written: writes a number in Python's own format.
        missing: what to write for an expression whose figures are not known yet.

    Raises:
        MissingFigure: a figure is not known, and ``missing`` is None.
        UserError: see `Expression.value`.
    """

    def value(match: re.Match[str]) -> str:
        try:
            found = Expression(match[1]).value(numbers)
        except MissingFigure:
            if missing is None:
                raise
            return missing
        return _written(found, match[2] or "", match[0], written)

    return _PLACE.sub(value, text)


def _written(
    value: Number, form: str, place: str, written: Callable[[float, str], str] = format
) -> str:
    try:
        return written(value, form or ".4g")
    except ValueError:
        raise UserError("expression_format", expression=place) from None


def _names(node: ast.expr, text: str) -> list[str]:
    """Return the names in a node; raise an error for anything but arithmetic."""
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return []
    if isinstance(node, ast.Name):
        return [node.id]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return [f"{node.value.id}.{node.attr}"]
    return [name for part in _parts(node, text) for name in _names(part, text)]


def _parts(node: ast.expr, text: str) -> list[ast.expr]:
    match node:
        case ast.BinOp(left, op, right) if type(op) in _OPERATORS:
            return [left, right]
        case ast.UnaryOp(op, operand) if type(op) in _OPERATORS:
            return [operand]
        case ast.BoolOp(_, values):
            return values
        case ast.Compare(left, ops, comparators) if all(type(op) in _OPERATORS for op in ops):
            return [left, *comparators]
        case ast.IfExp(test, body, orelse):
            return [test, body, orelse]
        case ast.Call(ast.Name(name), args, []) if name in _FUNCTIONS:
            return args
    raise UserError("expression_signs", expression=text, functions=tuple(_FUNCTIONS))


def _value(node: ast.expr, numbers: Mapping[str, float]) -> Number:
    match node:
        case ast.Constant(value):
            return float(value)  # type: ignore[arg-type]  # `_names` admits only numbers
        case ast.Name(name):
            return _known(name, numbers)
        case ast.Attribute(ast.Name(owner), name):
            return _known(f"{owner}.{name}", numbers)
        case ast.BinOp(left, op, right):
            return _OPERATORS[type(op)](_value(left, numbers), _value(right, numbers))
        case ast.UnaryOp(op, operand):
            return _OPERATORS[type(op)](_value(operand, numbers))
        case ast.BoolOp(op, values):
            each = [bool(_value(value, numbers)) for value in values]
            return all(each) if isinstance(op, ast.And) else any(each)
        case ast.Compare(left, ops, comparators):
            terms = [_value(term, numbers) for term in (left, *comparators)]
            pairs = zip(ops, terms, terms[1:], strict=False)
            return all(_OPERATORS[type(op)](a, b) for op, a, b in pairs)
        case ast.IfExp(test, body, orelse):
            return _value(body if _value(test, numbers) else orelse, numbers)
        case ast.Call(ast.Name(name), args):
            return _FUNCTIONS[name](*(_value(arg, numbers) for arg in args))
    raise AssertionError(ast.dump(node))  # `_names` admits nothing else


def _known(name: str, numbers: Mapping[str, float]) -> float:
    if name not in numbers:
        raise MissingFigure(name)
    return numbers[name]
