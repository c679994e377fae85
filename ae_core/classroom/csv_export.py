"""A class's runs as a table for the teacher's spreadsheet."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from ae_core.classroom.model import Student
from ae_core.classroom.run_card import RunCard
from ae_core.specs import PRESETS, to_query

COLUMNS = (
    *("nickname", "run", "begun", "status", "preset", "image_set", "image_size", "numbers"),
    *("epochs", "epochs_planned", "psnr", "loss", "held_out", "changed_settings"),
)
FORMULAS = ("=", "+", "-", "@", "\t", "\r")  # characters that begin a formula


def table(cards: Iterable[tuple[Student, RunCard]]) -> bytes:
    """Return runs as CSV, one per line, in UTF-8 with the byte order mark that spreadsheets expect.

    Every spreadsheet reads what students typed as text: a cell that would begin a formula gets
    a leading apostrophe. Numbers stay numbers, including negative ones.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
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
            card.psnr,
            card.loss,
            "yes" if card.held_out else "no",
            "; ".join(f"{name}={value}" for name, value in settings.items()),
        )
        writer.writerow([_no_formula(c) if isinstance(c, str) else c for c in cells])
    return buffer.getvalue().encode("utf-8-sig")


def _no_formula(cell: str) -> str:
    return f"'{cell}" if cell.startswith(FORMULAS) else cell
