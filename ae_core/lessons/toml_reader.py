"""A TOML reader whose errors name the line; every field is asked for by its kind."""

import re
import tomllib
from typing import Any

from ae_core.errors import Message, UserError

_HEADER = re.compile(r"^\s*\[(\[)?\s*([\w.]+)\s*\]?\]")
_KEY = re.compile(r"^\s*([\w-]+)\s*=")
_MANY_LINES = ('"""', "'''")


class Table:
    """One table of the file; a field that nobody asked for is an error, see `end`."""

    def __init__(self, file: str, text: str) -> None:
        """Read a file.

        Raises:
            UserError: it is no TOML; the sentence names file and line.
        """
        self.file = file
        self._text = text
        self._path: tuple[str | int, ...] = ()
        self._asked: set[str] = set()
        try:
            self._fields: dict[str, Any] = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise UserError("lesson_toml", file=file, problem=str(error)) from None

    def _inner(self, fields: object, *path: str | int) -> "Table":
        if not isinstance(fields, dict):
            raise self.error(str(path[0]), "table")
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
            raise self.error(name, "text")
        return value.strip()

    def number(self, name: str, usual: float | None = None) -> float:
        """Return a field that is a number."""
        value = self._field(name)
        if value is None and usual is not None:
            return usual
        if type(value) not in (int, float):
            raise self.error(name, "number")
        return float(value)

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a field that is a list of texts, empty if it is not there."""
        value = self._field(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise self.error(name, "texts")
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
            raise self.error(name, "settings")
        return dict(value)

    def tables(self, name: str) -> list["Table"]:
        """Return the tables ``[[name]]``, none if there are none."""
        value = self._field(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.error(name, "tables", head=".".join(self._names(name)))
        return [self._inner(one, name, place) for place, one in enumerate(value)]

    def table(self, name: str) -> "Table | None":
        """Return the table ``[name]``, if it is there."""
        value = self._field(name)
        return None if value is None else self._inner(value, name)

    def end(self) -> None:
        """Check that nothing else stands in the table.

        Raises:
            UserError: it does; a misspelt field would else be lost in silence.
        """
        for name in self._fields:
            if name not in self._asked:
                raise self.error(name, "field", fields=tuple(sorted(self._asked)))

    def error(self, name: str, must: str, value: object = None, **values: Any) -> UserError:
        """Return the error of a field.

        Args:
            name: of the field.
            must: what it must be: the message is ``lesson_must_<must>``.
            value: what is wrong in it, if it is not the whole field.
            values: for that message.
        """
        shown = self._fields.get(name) if value is None else value
        return self.problem(name, Message.of(f"lesson_must_{must}", **values), shown)

    def problem(self, name: str, problem: Message, value: object = None) -> UserError:
        """Return an error that tells the file, the line, the field, its value, and a problem."""
        field = ".".join(self._names(name)) + ("" if value is None else f" = {value}")
        return UserError(
            "lesson", file=self.file, line=self._line(name), field=field, problem=problem
        )

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
