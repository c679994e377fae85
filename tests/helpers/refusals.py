"""What the app refuses, by the key and the values of its message."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from string import Formatter
from typing import Any

import pytest

from ae_core.errors import Message, UserError
from ae_core.text.sentences import MAX_QUOTED, MessageFormatter, entries, languages, sentence


@contextmanager
def refused(
    key: str, /, kind: type[UserError] = UserError, **values: Any
) -> Iterator[pytest.ExceptionInfo[UserError]]:
    """Expect an error of this key with at least these values, which every language can say."""
    with pytest.raises(kind) as raised:
        yield raised
    check(raised.value, key, **values)


def check(said: Message | UserError, key: str, /, **values: Any) -> None:
    """Check the key and some values of an error or a message, and that all languages say it."""
    assert said.key == key
    assert {name: said.values.get(name) for name in values} == values
    for language in languages():
        assert sentence(said, language)


def says(shown: str, key: str, language: str = "en", /, **values: Any) -> bool:
    """Whether a text holds the sentence of a message with these values; others may be any."""
    return pattern(key, language, **values).search(shown) is not None


def pattern(key: str, language: str = "en", /, **values: Any) -> re.Pattern[str]:
    """Return what finds the sentence of a message with these values; others may be any."""
    writer, found = MessageFormatter(language, MAX_QUOTED), ""
    for fixed, name, written, _ in Formatter().parse(entries(language)[f"message.{key}"]):
        found += re.escape(fixed)
        if name is not None:
            known = name in values
            found += re.escape(writer.format_field(values[name], written or "")) if known else ".+?"
    return re.compile(found)
