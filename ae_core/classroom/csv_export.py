"""A class's runs as a table for the teacher's spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable
from datetime import UTC, datetime

from ae_core.classroom.model import Student
from ae_core.classroom.run_card import RunCard
from ae_core.specs import PRESETS, to_query
from ae_core.text.sentences import FALLBACK, decimal_sign

COLUMNS = (
    *("nickname", "run", "begun", "status", "preset", "image_set", "image_size", "numbers"),
    *("epochs", "epochs_planned", "psnr", "loss", "held_out", "changed_settings"),
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
    buffer = io.StringIO()
    decimal = decimal_sign(language)
    writer = csv.writer(buffer, delimiter=";" if decimal == "," else ",")
    writer.writerow(COLUMNS)
    for student, card in cards:
        run = card.run
        start = run.preset if run.preset in PRESETS else next(iter(PRESETS))
        settings = to_query(run.spec, start)
        cells = (
            student.nickname,
            run.id,
            f"{datetime.fromtimestamp(card.created, UTC):%Y-%m-%d %H:%M:%S}",
            run.status,
            settings.pop("preset"),
            run.spec.image_set,
            card.side,
            card.latent_dim,
            card.epoch,
            run.spec.epochs,
            _number(card.psnr, ".2f", decimal),
            _number(card.loss, ".4g", decimal),
            "yes" if card.held_out else "no",
            "; ".join(f"{name}={value}" for name, value in settings.items()),
        )
        writer.writerow([_no_formula(c) if isinstance(c, str) else c for c in cells])
    return buffer.getvalue().encode("utf-8-sig")


class _Number(str):
    """A number as a spreadsheet reads it; it may begin with a minus sign."""


def _number(value: float | None, form: str, decimal: str) -> _Number:
    return _Number("" if value is None else format(value, form).replace(".", decimal))


def _no_formula(cell: str) -> str:
    return cell if isinstance(cell, _Number) else _FORMULA.sub(r"\1'", cell)
