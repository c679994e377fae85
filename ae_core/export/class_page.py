"""What a class did as one page of HTML to print; whatever somebody typed is text, never markup."""

import base64
import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from ae_core import images
from ae_core.classroom.lead import Asked
from ae_core.classroom.questions import Bars, Question
from ae_core.classroom.record import ClassRecord, best_card
from ae_core.classroom.run_card import RunCard
from ae_core.text.sentences import number, say

STYLE = """
body { font: 11pt/1.4 system-ui, sans-serif; color: #111; margin: 2rem auto; max-width: 60rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: 4px 8px; border-bottom: 1px solid #bbb; vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
img { image-rendering: pixelated; height: 48px; }
section, tr { break-inside: avoid; }
.bar { display: inline-block; height: 0.9em; background: #3558d8; print-color-adjust: exact; }
.bar.right { background: #0b7a4b; }
td.wide { width: 50%; }
td.name { min-width: 7rem; }
p, td, h2, h3 { overflow-wrap: anywhere; }
"""


def printed(
    code: str,
    record: ClassRecord,
    cards: Mapping[str, Sequence[RunCard]],
    language: str,
    now: float,
) -> bytes:
    """Return a page that needs nothing else, in UTF-8.

    Args:
        code: the code of the class.
        record: what the class did.
        cards: each student's runs, by visitor.
        language: the language of the page.
        now: seconds since 1970.
    """
    title = say("summary.title", language, code=code)
    day = say("summary.made", language, date=datetime.fromtimestamp(now, UTC).date())
    parts = [
        f"<h1>{_text(title)}</h1><p>{_text(day)}</p>",
        _students(record, cards, language),
        *(_question(record, asked, language) for asked in record.asked),
        _work(record, cards, language),
    ]
    page = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{_text(title)}</title><style>{STYLE}</style></head>"
        f"<body>{''.join(parts)}</body></html>"
    )
    return page.encode(errors="replace")


def _students(record: ClassRecord, cards: Mapping[str, Sequence[RunCard]], language: str) -> str:
    head = [say("summary.nickname", language), say("summary.steps", language)]
    head += [say("summary.guesses", language), say("summary.runs", language)]
    head += [say("summary.best", language), say("summary.picture", language)]
    rows = []
    for student in record.students:
        runs = cards.get(student.visitor, ())
        best = best_card(runs)
        count, right = record.guesses_of(student)
        figures = (
            str(len(record.steps.get(student.visitor, ()))),
            f"{right} / {count}",
            str(len(runs)),
            "–" if best is None else f"{number(best.psnr or 0.0, '.1f', language)} dB",
        )
        cells = "".join(f'<td class="number">{_text(each)}</td>' for each in figures)
        rows.append(f"<tr><td>{_text(student.nickname)}</td>{cells}<td>{_picture(best)}</td></tr>")
    return _table(head, rows)


def _picture(card: RunCard | None) -> str:
    """Return a run's first pair of images: the original and what is drawn of it."""
    if card is None or not len(card.images):
        return ""
    pair = np.concatenate([card.images[0, 0], card.images[0, 1]], axis=1)
    written = base64.b64encode(images.to_png(pair)).decode()
    return f'<img alt="" src="data:image/png;base64,{written}">'


def _question(record: ClassRecord, asked: Asked, language: str) -> str:
    question, bars = asked.question, record.bars(asked)
    rows = []
    for place in range(len(bars.rounds[-1])):
        counts = [each[place] if place < len(each) else 0 for each in bars.rounds]
        right = question.truth is not None and _holds(question, bars, place, question.truth)
        most = max(1, *(count for each in bars.rounds for count in each))
        kind = "bar right" if right else "bar"
        drawn = f'<span class="{kind}" style="width:{100 * counts[-1] / most:.0f}%"></span>'
        label = _label(question, bars, place, language)
        told = " → ".join(map(str, counts))
        rows.append(
            f'<tr><td>{_text(label)}</td><td class="wide">{drawn}</td>'
            f'<td class="number">{told}</td></tr>'
        )
    answer = ""
    if question.truth is not None:
        said = _in_words(question, question.truth, language)
        answer = f"<p>{_text(say('summary.answer', language, answer=said))}</p>"
    return f"<section><h2>{_text(question.text)}</h2>{answer}{_table([], rows)}</section>"


def _in_words(question: Question, value: float, language: str) -> str:
    if question.choices:
        return question.chosen(value)
    form = ".1f" if question.step else ".6g"
    return f"{number(value, form, language)} {question.unit}".strip()


def _holds(question: Question, bars: Bars, place: int, value: float) -> bool:
    if question.choices:
        return value == place + 1
    return bars.edges[place] <= value < bars.edges[place + 1]


def _label(question: Question, bars: Bars, place: int, language: str) -> str:
    if question.choices:
        return question.choices[place]
    low, end = bars.edges[place : place + 2]
    whole = question.step > 0 and question.step.is_integer()
    last = min(end - 1, question.high) if whole else end  # as `guess_bars.js` shows it
    shown = number(low, "g", language)
    if last > low:
        shown = f"{shown}–{number(last, 'g', language)}"
    return f"{shown} {question.unit}".strip()


def _work(record: ClassRecord, cards: Mapping[str, Sequence[RunCard]], language: str) -> str:
    if not record.hand_ins:
        return ""
    names = {student.visitor: student.nickname for student in record.students}
    by_id = {card.run.id: card for runs in cards.values() for card in runs}
    rows = []
    for work in record.hand_ins:
        card, said = by_id.get(work.run), ""
        if card is not None:
            said = say("run.numbers", language, count=card.latent_dim)
            if card.psnr is not None:
                said += f", {number(card.psnr, '.1f', language)} dB"
        rows.append(
            f'<tr><td class="name">{_text(names[work.visitor])}</td><td>{_picture(card)}</td>'
            f'<td class="name">{_text(said)}</td><td class="wide">{_text(work.words)}</td></tr>'
        )
    return f"<section><h2>{_text(say('summary.work', language))}</h2>{_table([], rows)}</section>"


def _table(head: Sequence[str], rows: Sequence[str]) -> str:
    titles = "".join(f"<th>{_text(each)}</th>" for each in head)
    return f"<table>{f'<tr>{titles}</tr>' if head else ''}{''.join(rows)}</table>"


def _text(written: str) -> str:
    return html.escape(written)
