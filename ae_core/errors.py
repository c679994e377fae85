"""The errors that visitors see, as a key and values; `ae_core.text.sentences` makes the sentence.

    UserError                  a refusal: a bad setting, file, link or name
    ├── UnknownThing           a link names something that is not on this server
    ├── Busy                   the visitor has the maximum number of runs in progress
    ├── NotAllowed             a rule of the visitor's class forbids it
    ├── NotYours               only the owner may change the thing
    ├── ImageSetUnavailable    the images are not on this server and could not be downloaded
    ├── ImageSetCorrupt        the content of the images' file is wrong
    ├── StorageError           the disk or the database refused
    └── ServiceUnavailable     no worker answers

A programming error (a wrong shape, a broken invariant) stays a ``ValueError`` or ``TypeError``.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Message:
    """A sentence in no particular language yet.

    Attributes:
        key: the key of the entry in ``assets/text/<language>/message.toml``.
        values: the entry's fields: text, numbers, tuples of them, or further messages.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, key: str, **values: Any) -> Message:
        """Return the message with these values."""
        return cls(key, values)

    def __str__(self) -> str:
        """Return the key and values for logs and test reports."""
        return f"{self.key}({', '.join(f'{name}={value}' for name, value in self.values.items())})"


class UserError(Exception):
    """A problem that a visitor can fix, or has to know about.

    Attributes:
        message: the message for the visitor.
    """

    def __init__(self, key: str, /, **values: Any) -> None:
        """Create the message from its key and values."""
        self.message = Message(key, values)
        super().__init__(self.message)

    @classmethod
    def from_message(cls, message: Message) -> Self:
        """Return the error that says this message."""
        return cls(message.key, **message.values)

    @property
    def key(self) -> str:
        """The key of the message."""
        return self.message.key

    @property
    def values(self) -> Mapping[str, Any]:
        """The values of the message."""
        return self.message.values

    def __reduce__(self) -> tuple[Any, ...]:
        """Make the error picklable, so that a worker can send it to the server."""
        return _rebuilt, (type(self), self.key, dict(self.values))


def _rebuilt(kind: type[UserError], key: str, values: dict[str, Any]) -> UserError:
    return kind(key, **values)


class UnknownThing(UserError):
    """A link names a run, a sweep, a class or a set that is not on this server."""


class Busy(UserError):
    """The visitor has the maximum number of runs in progress."""


class NotAllowed(UserError):
    """A rule of the visitor's class forbids it."""

    @property
    def remedy(self) -> Mapping[str, Any]:
        """Settings that the class allows, by name; empty if no setting helps."""
        found: Mapping[str, Any] = self.values.get("remedy", {})
        return found


class NotYours(UserError):
    """Only the owner may change the thing."""


class ImageSetUnavailable(UserError):
    """An image set's file is missing and could not be downloaded."""


class ImageSetCorrupt(UserError):
    """The content of an image set's file is wrong."""


class StorageError(UserError):
    """The disk or the database refused; the log has the original error."""


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def disk_reason(error: OSError) -> Message:
    """Return why the disk refused and what helps, without the path: the log has that."""
    if error.errno in _FULL:
        return Message.of("disk_full")
    if error.errno in _FORBIDDEN:
        return Message.of("disk_forbidden")
    return Message.of("disk_refused", problem=error.strerror or type(error).__name__)


class ServiceUnavailable(UserError):
    """No worker answers at the moment."""
