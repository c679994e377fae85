"""What the app refuses, by the key and the values of its message."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ae_core.errors import Message, UserError
from ae_core.sentences import languages, sentence


@contextmanager
def refused(key: str, /, kind: type[UserError] = UserError, **values: Any) -> Iterator[None]:
    """Expect an error of this key with at least these values, which every language can say."""
    with pytest.raises(kind) as raised:
        yield
    check(raised.value, key, **values)


def check(said: Message | UserError, key: str, /, **values: Any) -> None:
    """Check the key and some values of an error or a message, and that all languages say it."""
    assert said.key == key
    assert {name: said.values.get(name) for name in values} == values
    for language in languages():
        assert sentence(said, language)
