"""Text that visitors typed: what of it can be seen, and how it is cut.

An emoji may be a sequence of several characters, some of them invisible alone: joiners, variation
selectors, tags (Unicode Technical Standard 51). Such a sequence stays whole.
"""

import re
import unicodedata
from collections.abc import Iterator

_PICTOGRAPH = (
    r"[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u23ff\u2460-\u24ff\u25a0-\u27bf"
    r"\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
)
_ONE = rf"{_PICTOGRAPH}(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
_EMOJI = (
    rf"[\U0001f1e6-\U0001f1ff]{{2}}"  # a flag of two letters
    rf"|[#*0-9]\ufe0f?\u20e3"  # a keycap
    rf"|\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"  # a flag of tags
    rf"|{_ONE}(?:\u200d{_ONE})*"
)
_PIECE = re.compile(rf"{_EMOJI}|.", re.DOTALL)
# Printable to Python, but without any ink: joiners, fillers and variation selectors.
_NO_INK = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    r"\U000e0100-\U000e01ef]"
)


def visible_text(typed: str) -> str:
    """Return a text without invisible characters, and with single spaces between words."""
    return " ".join("".join(map(_visible, _PIECE.findall(typed))).split())


def _visible(piece: str) -> str:
    if len(piece) > 1:  # an emoji sequence
        return piece
    if _NO_INK.fullmatch(piece) or unicodedata.category(piece) == "Cf":
        return ""
    return piece if piece.isprintable() else " "


def shortened(text: str, most: int) -> str:
    """Return a text of at most ``most`` characters, cut with "…" between two visible signs."""
    if len(text) <= most:
        return text
    end = 0
    for sign in _signs(text):
        if end + len(sign) >= most:
            break
        end += len(sign)
    return f"{text[:end]}…"


def _signs(text: str) -> Iterator[str]:
    """Return the signs of a text: an emoji sequence, or a letter with the marks after it."""
    sign = ""
    for piece in _PIECE.findall(text):
        if sign and unicodedata.category(piece[0])[0] != "M" and piece[0] != "\u200d":
            yield sign
            sign = ""
        sign += piece
    yield sign
