"""A TOML reader with typed fields; its errors name the line."""

import re
import tomllib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ae_core.errors import Message, UserError

_HEADER = re.compile(r"^\s*\[(\[)?\s*([\w.]+)\s*\]?\]")
_KEY = re.compile(r"^\s*([\w-]+)\s*=")
_MULTILINE = ('"""', "'''")

_VALID: Mapping[str, Callable[[Any], bool]] = {
    "text": lambda value: isinstance(value, str),
    "number": lambda value: type(value) in (int, float),
    "texts": lambda value: isinstance(value, list) and {type(one) for one in value} <= {str},
    "settings": lambda value: (
        isinstance(value, dict) and {type(one) for one in value.values()} <= {str, int, float}
    ),
    "tables": lambda value: isinstance(value, list) and {type(one) for one in value} <= {dict},
    "table": lambda value: isinstance(value, dict),
}

Read = TypeVar("Read")


@dataclass
class TomlTable:
    """One table of a TOML file.

    Attributes:
        file: the file's name, for errors.
        source: the text of the whole file.
        fields: the fields of this table.
        path: the path of this table in the file, such as ``("step", 2, "guess")``.
    """

    file: str
    source: str
    fields: dict[str, Any]
    path: tuple[str | int, ...] = ()
    _known: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, file: str, source: str) -> "TomlTable":
        """Read a file.

        Raises:
            UserError: it is not TOML; the message names file and line.
        """
        try:
            return cls(file, source, tomllib.loads(source))
        except tomllib.TOMLDecodeError as error:
            raise UserError("lesson_toml", file=file, problem=str(error)) from None

    def text(self, name: str, *, optional: bool = False) -> str:
        """Return a text field; without ``optional`` it must not be empty."""
        text = str(self._field(name, "text", "" if optional else None)).strip()
        if not (text or optional):
            raise self.error(name, "text")
        return text

    def choice(self, name: str, choices: Collection[str], default: str = "") -> str:
        """Return a text field with one of some values."""
        chosen = self.text(name, optional=bool(default)) or default
        if chosen not in choices:
            raise self.error(name, "one_of", choices=tuple(choices))
        return chosen

    def number(self, name: str, default: float | None = None) -> float:
        """Return a numeric field."""
        return float(self._field(name, "number", default))

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a field with a list of texts, empty if it is missing."""
        return tuple(self._field(name, "texts", []))

    def settings(self, name: str) -> dict[str, str | int | float]:
        """Return a field with a mapping from names to texts and numbers, empty if it is missing."""
        return dict(self._field(name, "settings", {}))

    def tables(self, name: str, read: Callable[["TomlTable"], Read]) -> tuple[Read, ...]:
        """Read all tables ``[[name]]``; there may be none."""
        found = self._field(name, "tables", [], head=".".join(self._names(name)))
        return tuple(self._inner(read, one, name, place) for place, one in enumerate(found))

    def table(self, name: str, read: Callable[["TomlTable"], Read]) -> Read | None:
        """Read the table ``[name]``, if there is one."""
        found = self._field(name, "table", {})
        return self._inner(read, found, name) if name in self.fields else None

    def read(self, read: Callable[["TomlTable"], Read]) -> Read:
        """Read the table, and check that ``read`` has used every field.

        Raises:
            UserError: a field is unused; a misspelt one would otherwise go unnoticed.
        """
        made = read(self)
        for name in self.fields:
            if name not in self._known:
                raise self.error(name, "field", fields=tuple(sorted(self._known)))
        return made

    def error(self, name: str, must: str, value: object = None, **values: Any) -> UserError:
        """Return the error of a field.

        Args:
            name: the field's name.
            must: what it must be: the message is ``lesson_must_<must>``.
            value: the wrong part, if it is not the whole field.
            values: the values of that message.
        """
        shown = self.fields.get(name) if value is None else value
        return self.problem(name, Message.of(f"lesson_must_{must}", **values), shown)

    def problem(self, name: str, problem: Message, value: object = None) -> UserError:
        """Return an error that names the file, line and field, its value and the problem."""
        field = ".".join(self._names(name)) + ("" if value is None else f" = {value}")
        return UserError(
            "lesson", file=self.file, line=self._line(name), field=field, problem=problem
        )

    def _field(self, name: str, must: str, default: Any, **values: Any) -> Any:
        self._known.add(name)
        value = self.fields.get(name)
        if value is None and default is not None:
            return default
        if not _VALID[must](value):
            raise self.error(name, must, **values)
        return value

    def _inner(self, read: Callable[["TomlTable"], Read], fields: Any, *path: str | int) -> Read:
        return TomlTable(self.file, self.source, fields, (*self.path, *path)).read(read)

    def _names(self, name: str) -> list[str]:
        return [str(part) for part in (*self.path, name) if isinstance(part, str)]

    def _line(self, name: str) -> int:
        """Return the line of a field, or of its table's header if the field is missing."""
        wanted, counts = self.path, dict[tuple[str | int, ...], int]()
        here: tuple[str | int, ...] = ()
        head, closes = 1, ""
        for number, line in enumerate(self.source.splitlines(), 1):
            if closes:  # inside a multi-line text
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
            closes = next((mark for mark in _MULTILINE if line.count(mark) == 1), "")
        return head


def _path(
    names: list[str], one_of_many: bool, counts: dict[tuple[str | int, ...], int]
) -> tuple[str | int, ...]:
    """Return the path of a header: the third ``[[step]]`` is ``("step", 2)``."""
    path: tuple[str | int, ...] = ()
    for place, name in enumerate(names):
        path = (*path, name)
        if place == len(names) - 1 and one_of_many:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
