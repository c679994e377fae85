"""The files that a teacher takes from a class: tables, and a page to print."""

import time
from collections.abc import Sequence
from dataclasses import replace

from ae_core.classroom.model import Classroom
from ae_core.classroom.run_card import RunCard
from ae_core.export.class_page import printed
from ae_core.export.class_tables import guesses_table, students_table, table, work_table
from pages.ui.backend.leading import record_of
from pages.ui.backend.service import class_wall, classroom_service
from pages.ui.i18n.text import language, text
from pages.ui.widgets.download_menu import File


def files_of(classroom: Classroom) -> list[File]:
    """Return the files of a class; each is made when the menu opens.

    They tell of all runs, also of those from before the wall was cleared.
    """
    code, written = classroom.code, language()
    classroom = replace(classroom, cleared=0.0)

    def runs() -> bytes:
        students = classroom_service().students(code)
        wall = class_wall()
        each = ((who, run) for who in students for run in reversed(wall.cards(classroom, who)))
        return table(each, written)

    def students() -> bytes:
        return students_table(record_of(code), _cards(classroom), written)

    def work() -> bytes:
        by_id = {card.run.id: card for cards in _cards(classroom).values() for card in cards}
        return work_table(record_of(code), by_id, written)

    def page() -> bytes:
        return printed(code, record_of(code), _cards(classroom), written, time.time())

    def guesses() -> bytes:
        return guesses_table(record_of(code), written)

    csv = "text/csv"
    return [
        File(text("classroom.csv"), f"class-{code}.csv", runs, csv),
        File(text("classroom.export.students"), f"class-{code}-students.csv", students, csv),
        File(text("classroom.export.guesses"), f"class-{code}-guesses.csv", guesses, csv),
        File(text("classroom.export.work"), f"class-{code}-work.csv", work, csv),
        File(text("classroom.export.page"), f"class-{code}.html", page, "text/html"),
    ]


def _cards(classroom: Classroom) -> dict[str, Sequence[RunCard]]:
    """Return each student's runs, by visitor."""
    students = classroom_service().students(classroom.code)
    return {each.visitor: class_wall().cards(classroom, each) for each in students}
