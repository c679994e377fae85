"""A class's runs, students, guesses and handed-in work as tables for the teacher's spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from ae_core.classroom.model import Student
from ae_core.classroom.record import ClassRecord, best_card
from ae_core.classroom.run_card import RunCard
from ae_core.specs import PRESETS, to_query
from ae_core.text.sentences import FALLBACK, decimal_sign

COLUMNS = (
    *("nickname", "run", "begun", "status", "preset", "image_set", "image_size", "numbers"),
    *("epochs", "epochs_planned", "psnr", "loss", "held_out", "changed_settings"),
)
STUDENT_COLUMNS = (
    *("nickname", "joined", "steps", "steps_seen", "guesses", "guesses_right", "runs"),
    *("best_run", "best_psnr", "best_numbers", "best_image_set", "handed_in"),
)
GUESS_COLUMNS = ("nickname", "question", "text", "round", "guess", "right", "given")
# As a learning platform's import of grades knows them.
WORK_COLUMNS = (
    *("username", "nickname", "handed_in", "run", "image_set", "numbers", "epochs", "psnr"),
    *("sentences", "grade", "feedback"),
)
# The place before a character that begins a formula (OWASP, "CSV Injection"; spreadsheets in East
# Asia read the wide ones, too): at the beginning of a cell, and after any character at which some
# spreadsheet begins a cell, since those of other languages separate cells by another one.
_FORMULA = re.compile(r"(?:^|(?<=[;,|\"\t\r\n]))(\s*)(?=[=+\-@＝＋－＠])|^(?=[\t\r])")


def table(cards: Iterable[tuple[Student, RunCard]], language: str = FALLBACK) -> bytes:
    """Return runs as CSV, one per line, in UTF-8 with the byte order mark that spreadsheets expect.

    A spreadsheet that writes 3,5 expects semicolons between cells, and one that writes 3.5 expects
    commas. Every spreadsheet reads what students typed as text: an apostrophe stands before
    whatever would begin a formula. Numbers stay numbers, including negative ones.

    Args:
        cards: the runs with their students.
        language: the language of the spreadsheet.
    """
    decimal = decimal_sign(language)

    def cells(student: Student, card: RunCard) -> Sequence[object]:
        run = card.run
        start = run.preset if run.preset in PRESETS else next(iter(PRESETS))
        settings = to_query(run.spec, start)
        return (
            student.nickname,
            run.id,
            _time(card.created),
            run.status,
            settings.pop("preset"),
            run.spec.image_set,
            card.side,
            card.latent_dim,
            card.epoch,
            run.spec.epochs,
            _number(card.psnr, ".2f", decimal),
            _number(card.loss, ".4g", decimal),
            _yes(card.held_out),
            "; ".join(f"{name}={value}" for name, value in settings.items()),
        )

    return _written(COLUMNS, [cells(*each) for each in cards], language)


def students_table(
    record: ClassRecord, cards: Mapping[str, Sequence[RunCard]], language: str = FALLBACK
) -> bytes:
    """Return a class's students as CSV, likewise, with what each did.

    Args:
        record: what the class did.
        cards: each student's runs, by visitor.
        language: the language of the spreadsheet.
    """
    decimal = decimal_sign(language)
    rows = []
    for student in record.students:
        runs = cards.get(student.visitor, ())
        best = best_card(runs)
        steps = record.steps.get(student.visitor, ())
        guesses, right = record.guesses_of(student)
        rows.append(
            (
                student.nickname,
                _time(student.joined),
                len(steps),
                " ".join(steps),
                guesses,
                right,
                len(runs),
                "" if best is None else best.run.id,
                _number(None if best is None else best.psnr, ".2f", decimal),
                "" if best is None else best.latent_dim,
                "" if best is None else best.run.spec.image_set,
                sum(each.visitor == student.visitor for each in record.hand_ins),
            )
        )
    return _written(STUDENT_COLUMNS, rows, language)


def guesses_table(record: ClassRecord, language: str = FALLBACK) -> bytes:
    """Return a class's guesses as CSV, likewise, one per line."""
    decimal = decimal_sign(language)
    rows = []
    for asked in record.asked:
        question = asked.question
        for round_ in range(1, asked.round + 1):
            said = record.guesses.get((question.name, round_), {})
            for student in record.students:
                if student.visitor not in said:
                    continue
                value, given = said[student.visitor]
                right = question.is_right(value)
                choice = question.chosen(value) if question.choices else None
                rows.append(
                    (
                        student.nickname,
                        question.name,
                        question.text,
                        round_,
                        _number(value, "g", decimal) if choice is None else choice,
                        "" if right is None else _yes(right),
                        _time(given),
                    )
                )
    return _written(GUESS_COLUMNS, rows, language)


def work_table(
    record: ClassRecord, cards: Mapping[str, RunCard], language: str = FALLBACK
) -> bytes:
    """Return the work handed in as CSV, likewise, with empty columns for a grade and a feedback.

    Args:
        record: what the class did.
        cards: the runs by their ids, as far as they are there.
        language: the language of the spreadsheet.
    """
    decimal = decimal_sign(language)
    names = {student.visitor: student.nickname for student in record.students}
    rows = []
    for work in record.hand_ins:
        card = cards.get(work.run)
        rows.append(
            (
                work.user_name,
                names[work.visitor],
                _time(work.handed_in),
                work.run,
                "" if card is None else card.run.spec.image_set,
                "" if card is None else card.latent_dim,
                "" if card is None else card.epoch,
                _number(None if card is None else card.psnr, ".2f", decimal),
                work.words,
                "",
                "",
            )
        )
    return _written(WORK_COLUMNS, rows, language)


def _written(columns: Sequence[str], rows: Iterable[Sequence[object]], language: str) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";" if decimal_sign(language) == "," else ",")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_no_formula(cell) if isinstance(cell, str) else cell for cell in row])
    return buffer.getvalue().encode("utf-8-sig")


def _time(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


class _Number(str):
    """A number as a spreadsheet reads it; it may begin with a minus sign."""


def _number(value: float | None, form: str, decimal: str) -> _Number:
    return _Number("" if value is None else format(value, form).replace(".", decimal))


def _no_formula(cell: str) -> str:
    return cell if isinstance(cell, _Number) else _FORMULA.sub(r"\1'", cell)
