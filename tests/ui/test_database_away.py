"""Every page while the database does not answer: one sentence, and no exception."""

import pytest

from ae_core.errors import StorageError
from ae_core.storage.database import Database
from tests.helpers.app_page import PAGES, opened, texts
from tests.helpers.refusals import pattern

AWAY = pattern("database_unavailable")
WITHOUT = {"pages/lessons.py"}  # an overview that needs no database
PLACES = [
    *((page, {}) for page in PAGES),
    ("pages/train.py", {"view": "Watch"}),
    ("pages/train.py", {"view": "Compare"}),
    ("pages/train.py", {"run": "0123456789ab"}),
    ("pages/train.py", {"sweep": "0123456789ab"}),
    ("pages/latent_space.py", {"model": "0123456789ab"}),
    ("pages/own_pictures.py", {"set": "28-0123456789ab"}),
    ("pages/classroom.py", {"class": "ABCDE"}),
    ("pages/classroom.py", {"class": "ABCDE", "view": "Teacher"}),
    ("pages/classroom.py", {"class": "ABCDE", "view": "Projector"}),
]


@pytest.fixture
def away(own_runs, monkeypatch):
    """The database of a server that has already started."""
    opened("app.py")

    def refuse(_):
        raise StorageError("database_unavailable")

    for use in ("reading", "changing"):
        monkeypatch.setattr(Database, use, refuse)


@pytest.mark.usefixtures("away")
@pytest.mark.parametrize(("page", "query"), PLACES)
def test_a_page_says_once_that_the_database_is_away(page, query):
    shown = opened(page, **query)
    assert len(AWAY.findall(texts(shown.error))) == (page not in WITHOUT)
