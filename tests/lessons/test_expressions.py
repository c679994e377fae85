"""Arithmetic of lessons against Python's own, and nothing but arithmetic."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.errors import UserError
from ae_core.lessons.expressions import Expression, MissingFigure, expressions_in, fill
from tests.helpers.refusals import check, refused

NUMBERS = {"a": 3.0, "b.c": -2.0, "d.e": 0.5}

FORMS = (
    *("({} + {})", "({} - {})", "({} * {})", "max({}, {})", "min({}, {})", "abs({} - {})"),
    *("({} < {})", "({} <= {})", "({} == {})", "(1 if {} else {})"),
    *("(({} > 0) and ({} > 0))", "(({} > 0) or ({} > 1))"),
)


@st.composite
def arithmetic(draw, depth=3):
    """An expression as text for us and, with names replaced, for Python."""
    if depth == 0 or draw(st.booleans()):
        name = draw(st.sampled_from([*NUMBERS, "2", "0.25"]))
        return name, str(NUMBERS.get(name, name))
    left, right = draw(arithmetic(depth - 1)), draw(arithmetic(depth - 1))
    form = draw(st.sampled_from(FORMS))
    return form.format(left[0], right[0]), form.format(left[1], right[1])


@given(arithmetic())
def test_values_are_those_of_python(pair):
    ours, pythons = pair
    expected = eval(pythons)  # made above
    if " and " in ours or " or " in ours:
        assert bool(Expression(ours).value(NUMBERS)) == bool(expected)
    else:
        assert Expression(ours).value(NUMBERS) == expected


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os')",
        "a.b.c",
        "(lambda: 1)()",
        "[1, 2]",
        "a[0]",
        "'text'",
        "open('x')",
        "a if b",
        "",
        "1 +",
        "x := 2",
        "max(a, key=a)",
        "a ** 9999",
        "True",
        "().__class__",
        "a" * 400,
    ],
)
def test_what_is_no_arithmetic_is_refused(text):
    with pytest.raises(UserError) as refusal:
        Expression(text)
    assert refusal.value.key in ("expression", "expression_signs", "expression_long")
    check(refusal.value, refusal.value.key, expression=text)


def test_names_are_known_before_their_values():
    expression = Expression("big.psnr - small.psnr > 2 * margin")
    assert expression.names == {"big.psnr", "small.psnr", "margin"}
    with pytest.raises(MissingFigure, match=r"big\.psnr"):
        expression.value({"small.psnr": 1.0, "margin": 0.0})


@pytest.mark.parametrize("text", ["1 / (a - 3)", "log10(a - 3)", "sqrt(b.c)"])
def test_what_has_no_result_says_so(text):
    with refused("expression_value", expression=text):
        Expression(text).value(NUMBERS)


def test_texts_are_filled_in():
    text = r"\frac{1}{2}: {{a:.1f}} and {{b.c * 2}}, {one brace} stays, {{100 * d.e:.0f}} %"
    assert fill(text, NUMBERS) == r"\frac{1}{2}: 3.0 and -4, {one brace} stays, 50 %"
    assert [one.text for one in expressions_in(text)] == ["a", "b.c * 2", "100 * d.e"]


def test_what_is_not_known_yet_can_be_left_open():
    with pytest.raises(MissingFigure):
        fill("{{big.psnr:.1f}} of {{a:.0f}}", NUMBERS)
    assert fill("{{big.psnr:.1f}} of {{a:.0f}}", NUMBERS, missing="…") == "… of 3"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("{{a:.1q}}", "expression_format"),
        ("{{a +}}", "expression"),
        ("{{open(1)}}", "expression_signs"),
    ],
)
def test_a_text_that_cannot_be_filled_is_refused_beforehand(text, key):
    with refused(key):
        expressions_in(text)
