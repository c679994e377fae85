"""A lesson's file: TOML, of which every field is asked for by kind, and errors that name the line.

It does not know what the fields mean: see `ae_core.lessons.reader`.
"""

import re
import tomllib
from typing import Any

_HEADER = re.compile(r"^\s*\[(\[)?\s*([\w.]+)\s*\]?\]")
_KEY = re.compile(r"^\s*([\w-]+)\s*=")
_MANY_LINES = ('"""', "'''")


class Table:
    """One table of the file; a field that nobody asked for is an error, see `end`."""

    def __init__(self, file: str, text: str) -> None:
        """Read a file.

        Raises:
            ValueError: it is no TOML; the text names file and line.
        """
        self.file = file
        self._text = text
        self._path: tuple[str | int, ...] = ()
        self._asked: set[str] = set()
        try:
            self._fields: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ValueError(f"{file} must be TOML: {error}") from None

    def _inner(self, fields: object, *path: str | int) -> "Table":
        if not isinstance(fields, dict):
            raise self.error(str(path[0]), "a table")
        made: Table = object.__new__(Table)
        made.file, made._text, made._asked = self.file, self._text, set()
        made._fields, made._path = fields, (*self._path, *path)
        return made

    def text(self, name: str, *, optional: bool = False) -> str:
        """Return a field that is a text; without ``optional`` it must not be empty."""
        value = self._field(name)
        if value is None and optional:
            return ""
        if not isinstance(value, str) or not (value.strip() or optional):
            raise self.error(name, "a text in quotes")
        return value.strip()

    def number(self, name: str, usual: float | None = None) -> float:
        """Return a field that is a number."""
        value = self._field(name)
        if value is None and usual is not None:
            return usual
        if type(value) not in (int, float):
            raise self.error(name, "a number")
        return float(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a field that is a list of texts, empty if it is not there."""
        value = self._field(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.error(name, "a list of texts in quotes")
        return tuple(value)

    def settings(self, name: str) -> dict[str, str | int | float]:
        """Return a field that maps names to texts and numbers, empty if it is not there."""
        value = self._field(name)
        if value is None:
            return {}
        allowed = isinstance(value, dict) and all(
            type(one) in (str, int, float) for one in value.values()
        )
        if not allowed:
            raise self.error(name, "settings in braces, as in { latent_dim = 2 }")
        return dict(value)

    def tables(self, name: str) -> list["Table"]:
        """Return the tables ``[[name]]``, none if there are none."""
        value = self._field(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.error(name, f"tables, each begun with [[{'.'.join(self._names(name))}]]")
        return [self._inner(one, name, place) for place, one in enumerate(value)]

    def table(self, name: str) -> "Table | None":
        """Return the table ``[name]``, if it is there."""
        value = self._field(name)
        return None if value is None else self._inner(value, name)

    def end(self) -> None:
        """Check that nothing else stands in the table.

        Raises:
            ValueError: it does; a misspelt field would else be lost in silence.
        """
        for name in self._fields:
            if name not in self._asked:
                fields = ", ".join(sorted(self._asked))
                raise self.problem(name, f" must be one of the fields {fields}")

    def error(self, name: str, must: str, value: object = None) -> ValueError:
        """Return the error of a field: file, line, field, value and what it must be."""
        shown = self._fields.get(name) if value is None else value
        quoted = "" if shown is None else f"={str(shown)[:60]}"
        return self.problem(name, f"{quoted} must be {must}")

    def problem(self, name: str, sentence: str) -> ValueError:
        """Return an error that says something of a field: file, line, field and the sentence."""
        place = ".".join(self._names(name))
        return ValueError(f"{self.file}, line {self._line(name)}: {place}{sentence}")

    def _field(self, name: str) -> Any:
        self._asked.add(name)
        return self._fields.get(name)

    def _names(self, name: str) -> list[str]:
        return [str(part) for part in (*self._path, name) if isinstance(part, str)]

    def _line(self, name: str) -> int:
        """Return the line of a field, or of its table's head where it is missing."""
        wanted, counts = self._path, dict[tuple[str | int, ...], int]()
        here: tuple[str | int, ...] = ()
        head, closes = 1, ""
        for number, line in enumerate(self._text.splitlines(), 1):
            if closes:  # inside a text of many lines
                closes = "" if closes in line else closes
                continue
            header, key = _HEADER.match(line), _KEY.match(line)
            if header:
                here = _path(header[2].split("."), bool(header[1]), counts)
                head = number if here == wanted else head
            elif key and (*here, key[1]) == (*wanted, name):
                return number
            if here == (*wanted, name) and header:
                return number
            closes = next((mark for mark in _MANY_LINES if line.count(mark) == 1), "")
        return head


def _path(
    names: list[str], one_of_many: bool, counts: dict[tuple[str | int, ...], int]
) -> tuple[str | int, ...]:
    """Return where a header leads: ``[[step]]`` the third time is ``("step", 2)``."""
    path: tuple[str | int, ...] = ()
    for place, name in enumerate(names):
        path = (*path, name)
        if place == len(names) - 1 and one_of_many:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
