"""Where a class is sent, and what it is asked: the values, and how the database has them."""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row

from ae_core.classroom.questions import Question
from ae_core.storage.files import DamagedFile, check_text, checked, reading

MAX_QUERY = 4000  # characters of an address's parameters
PAGE = re.compile(r"[a-z_]{0,30}")


@dataclass(frozen=True)
class Lead:
    """Where a class is sent, and what it is asked.

    Attributes:
        number: grows with everything that the teacher does.
        page: a page of the app, "" before the class was sent anywhere.
        query: the parameters in the page's address.
        taken: whether the students are taken there without their own doing.
        question: the name of the question on all devices, "" if there is none.
    """

    number: int = 0
    page: str = ""
    query: tuple[tuple[str, str], ...] = ()
    taken: bool = False
    question: str = ""

    def __post_init__(self) -> None:
        """Check what comes from an address."""
        parts = [part for pair in self.query for part in pair]
        for part in (self.page, self.question, *parts):
            check_text("lead", part)
        if not PAGE.fullmatch(self.page) or sum(map(len, parts)) > MAX_QUERY:
            raise ValueError(f"page={self.page!r} with {len(self.query)} parameters")


@dataclass(frozen=True)
class Asked:
    """A question in a class.

    Attributes:
        question: the question.
        round: the present round, from 1.
        revealed: whether everybody may see the answer.
        asked: when the teacher asked it last, in seconds since 1970; 0 if it was not asked.
    """

    question: Question
    round: int
    revealed: bool
    asked: float


def lead_in(written: str) -> Lead:
    """Return the lead of a class's row; a damaged one leads nowhere."""
    with suppress(DamagedFile), reading(Path("class", "lead")):
        about = json.loads(written)
        about["query"] = tuple((str(name), str(value)) for name, value in about.get("query", ()))
        return checked(Lead, about)
    return Lead()


def asked_in(row: Row[Any]) -> Asked | None:
    """Return the question of a row, None if it is damaged."""
    with suppress(DamagedFile), reading(Path("class", row.code, row.name)):
        about = json.loads(row.question_json)
        about["choices"] = tuple(map(str, about["choices"]))
        return Asked(checked(Question, about), row.round, row.revealed, row.asked)
    return None
