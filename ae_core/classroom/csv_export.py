"""A class's runs as a table for a spreadsheet.

It knows neither how a class is kept nor how its wall is drawn.
"""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from ae_core.classroom.model import Student
from ae_core.classroom.run_card import RunView
from ae_core.specs import PRESETS, to_query

COLUMNS = (
    *("nickname", "run", "begun", "status", "preset", "image_set", "image_size", "numbers"),
    *("epochs", "epochs_planned", "psnr", "loss", "held_out", "changed_settings"),
)
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def table(runs: Iterable[tuple[Student, RunView]]) -> bytes:
    """Return runs as CSV (UTF-8 with the mark that spreadsheets look for), one a line.

    What students typed is text in every spreadsheet: a cell that would begin a formula gets an
    apostrophe before it. Numbers stay numbers, negative ones too.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for student, run in runs:
        start = run.preset if run.preset in PRESETS else next(iter(PRESETS))
        settings = to_query(run.spec, start)
        texts_and_numbers = (
            student.nickname,
            run.id,
            f"{datetime.fromtimestamp(run.created, UTC):%Y-%m-%d %H:%M:%S}",
            run.status,
            settings.pop("preset"),
            run.spec.image_set,
            run.side,
            run.numbers,
            run.epoch,
            run.spec.epochs,
            run.psnr,
            run.loss,
            "yes" if run.held_out else "no",
            "; ".join(f"{name}={value}" for name, value in settings.items()),
        )
        writer.writerow([_text(c) if isinstance(c, str) else c for c in texts_and_numbers])
    return buffer.getvalue().encode("utf-8-sig")


def _text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULAS) else cell
