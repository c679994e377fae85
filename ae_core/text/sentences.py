"""The texts of the app in every language: ``assets/text/<language>/*.toml``, one folder each.

``say("lessons.begin", "de")`` is the entry ``begin`` of ``de/lessons.toml``. An entry has fields
for values: ``{count}`` is written in the language's style (4,096 or 4.096), with a true minus sign.
Other formats are:

    {count:n image}    the number with its noun in the right plural: the entry ``noun.image``
    {choices:or}       a list: a, b or c
    {name:setting}     a setting as the pages name it: the entry ``settings.label.<name>``
    {share:.1f}        a number by Python's own format, with the language's decimal sign
    {share:.0%}        likewise, with the language's space before the percent sign

A value that is a message or an error becomes its sentence, and a date is written out. English is
complete; a test compares every other language with it.
"""

import math
import re
import string
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from functools import lru_cache
from numbers import Integral
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from babel.numbers import format_decimal, get_decimal_symbol, get_group_symbol

from ae_core.errors import Message, UserError
from ae_core.storage.files import ROOT
from ae_core.text.typed import shortened

FOLDER = ROOT / "assets" / "text"
FALLBACK = "en"
MAX_QUOTED = 120  # characters of a value in a message: it may come from a visitor
_DIGITS = re.compile(r"[\d.,]*\d")
_MINUS_ZERO = re.compile(r"-[0.,]+\W*")


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Return the available languages."""
    return tuple(sorted(folder.name for folder in FOLDER.iterdir() if folder.is_dir()))


@lru_cache(maxsize=8)
def entries(language: str) -> Mapping[str, str]:
    """Return all entries of a language by key."""
    found: dict[str, str] = {}
    for path in sorted((FOLDER / language).glob("*.toml")):
        _flatten(path.stem, tomllib.loads(path.read_text(encoding="utf-8")), found)
    return found


def say(key: str, language: str = FALLBACK, /, **values: Any) -> str:
    """Return an entry, filled with values.

    Args:
        key: file, tables within the file and entry, joined by dots.
        language: one of `languages`.
        values: the values of the entry's fields.

    Raises:
        KeyError: there is no such entry, or it names a value that is not given.
    """
    entry = entries(language)[key]
    return formatter(language).format(entry, **values) if values else entry


def sentence(said: Message | UserError, language: str = FALLBACK) -> str:
    """Return a message, or the message of an error, as a sentence."""
    message = said.message if isinstance(said, UserError) else said
    entry = entries(language)[f"message.{message.key}"]
    return formatter(language, MAX_QUOTED).format(entry, **message.values)


def number(value: float, form: str = "", language: str = FALLBACK, /) -> str:
    """Return a number as a language writes it: 20.1, 4,096 and 64% or 20,1, 4.096 and 64 %.

    Args:
        value: the number.
        form: Python's own format, such as ``.1f``, ``,`` or ``.0%``.
        language: one of `languages`.
    """
    exact = int(value) if isinstance(value, Integral) else float(value)  # also of NumPy
    return formatter(language).format_field(exact, form)


@lru_cache(maxsize=8)
def decimal_sign(language: str) -> str:
    """Return the decimal sign of a language: a point or a comma."""
    return str(get_decimal_symbol(Locale(language)))


class MessageFormatter(string.Formatter):
    """Fills an entry's fields in one language."""

    def __init__(self, language: str, max_quoted: int | None = None) -> None:
        self._language = language
        self._max_quoted = max_quoted  # characters of a text
        self._locale = Locale(language)
        self._signs = {".": decimal_sign(language), ",": get_group_symbol(self._locale)}

    def format_field(self, value: Any, format_spec: str) -> str:
        """Return a value as this language writes it; the module's docstring lists the formats."""
        if isinstance(value, Message | UserError):
            return sentence(value, self._language)
        if isinstance(value, date):
            return str(format_date(value, format="long", locale=self._locale))
        if format_spec.startswith("n "):
            return self._counted(value, format_spec[2:])
        if format_spec == "setting":
            return self._setting(str(value))
        if format_spec in ("or", "and") or isinstance(value, tuple):
            style = "or" if format_spec == "or" else "standard"
            return self._listed(value, style if format_spec else "unit")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return format(self._quoted(str(value)), format_spec)
        return self._number(value, format_spec)

    def _number(self, value: float, format_spec: str) -> str:
        """Write a number with a true minus sign, and none before zero."""
        written = self._hyphened(value, format_spec)
        if not written.startswith("-"):
            return written
        return written[1:] if _MINUS_ZERO.fullmatch(written) else f"−{written[1:]}"

    def _hyphened(self, value: float, format_spec: str) -> str:
        """Write a number with a hyphen for a minus sign, as Python and Babel do."""
        if isinstance(value, int) and abs(value) < 1000 and not format_spec:
            return str(value)  # the common case, without Babel's 30 µs
        if isinstance(value, int) and value.bit_length() > 53:  # visitors may enter any number
            return self._quoted(str(value)) if value.bit_length() < 1000 else "10…"
        if format_spec:
            return self._localized(format(value, format_spec))
        if isinstance(value, float) and not math.isfinite(value):
            return str(value)
        if isinstance(value, float) and (abs(value) >= 1e9 or 0 < abs(value) < 1e-6):
            return self._localized(f"{value:g}")
        small = 0 < abs(value) < 1e-3  # then up to six digits after the zeros, else after the point
        form = "@#####" if small else "#,##0.######"
        return str(format_decimal(value, format=form, locale=self._locale))

    def _localized(self, written: str) -> str:
        """Replace the signs in Python's number format by the language's own."""
        own = _DIGITS.sub(lambda found: "".join(self._signs.get(c, c) for c in found[0]), written)
        if not own.endswith("%"):
            return own
        return own[:-1] + str(self._locale.percent_formats[None].pattern).lstrip("#,0.")

    def _counted(self, value: float, noun: str) -> str:
        forms = entries(self._language)
        form = forms.get(f"noun.{noun}.{self._locale.plural_form(value)}")
        return f"{self._number(value, '')} {form or forms[f'noun.{noun}.other']}"

    def _setting(self, name: str) -> str:
        label = entries(self._language).get(f"settings.label.{name}")
        if label is None:
            return self._quoted(name)
        return label if label.lower() == name.lower() else f"{label} ({name})"

    def _listed(self, values: Sequence[Any], style: Any) -> str:
        written = [self.format_field(value, "") for value in values]
        if style == "unit":
            return ", ".join(written)
        return str(format_list(written, style=style, locale=self._locale))

    def _quoted(self, text: str) -> str:
        return text if self._max_quoted is None else shortened(text, self._max_quoted)


@lru_cache(maxsize=16)
def formatter(language: str, max_quoted: int | None = None) -> MessageFormatter:
    """Return the one formatter of a language and a length of quoted texts; it keeps no state."""
    return MessageFormatter(language, max_quoted)


def _flatten(prefix: str, table: Mapping[str, object], found: dict[str, str]) -> None:
    for name, value in table.items():
        key = f"{prefix}.{name}"
        if isinstance(value, dict):
            _flatten(key, value, found)
        else:
            found[key] = str(value)
