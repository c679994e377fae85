"""Text that visitors typed: what of it can be seen, how it is cut, and what looks alike.

An emoji may be a sequence of several characters, some of them invisible alone: joiners, variation
selectors, tags (Unicode Technical Standard 51). Such a sequence stays whole.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from confusable_homoglyphs.confusables import confusables_data

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


def looks_like(text: str) -> str:
    """Return the same text for all texts that look alike, also in other capitals.

    A letter of another script between Latin ones stands for the one that it looks like: Νina with
    a Greek Ν is Nina. Other texts count by their capitals, because those are what looks Latin in
    Greek and Cyrillic. As I looks like l, all of I, i, l and 1 are the same.
    """
    plain = unicodedata.normalize("NFKC", text)
    if not any(unicodedata.name(char, "").startswith("LATIN") for char in plain):
        plain = plain.upper()
    latin = "".join(_latin_twins().get(char, char) for char in plain)
    return skeleton(latin.casefold()).casefold().replace("i", "l")


def skeleton(text: str) -> str:
    """Return the same text for all texts that Unicode's table of confusables calls confusable.

    It is for comparing only (Unicode Technical Standard 39, section 4). An emoji sequence stays
    whole; whether the same emoji asks for its coloured form makes no difference.
    """
    pieces = _PIECE.findall(unicodedata.normalize("NFD", text))
    visible = "".join(
        piece.replace("\ufe0f", "") if len(piece) > 1 else _prototypes().get(piece, piece)
        for piece in pieces
        if not _NO_INK.fullmatch(piece)
    )
    return unicodedata.normalize("NFD", visible)


@lru_cache(maxsize=1)
def _prototypes() -> Mapping[str, str]:
    """Return what each confusable character stands for.

    The library's table links every character to its prototype, and the prototype to all of its.
    Of two characters that have only each other, the first one is the prototype here.
    """
    # Marks of direction surround the entries of scripts from right to left.
    links = {
        shown.strip("\u200e"): [each["c"].strip("\u200e") for each in others]
        for shown, others in confusables_data.items()
    }

    def prototype(char: str) -> str:
        others = links.get(char, [])
        if len(others) != 1:
            return char
        (other,) = others
        alone = len(other) == 1 and len(links[other]) == 1
        return min(char, other) if alone else other

    return {
        char: "".join(map(prototype, unicodedata.normalize("NFD", prototype(char))))
        for char in links
        if len(char) == 1
    }


@lru_cache(maxsize=1)
def _latin_twins() -> Mapping[str, str]:
    """Return the ASCII letter or digit of the same kind that each character looks like."""
    ascii_members = {
        (stands_for, unicodedata.category(char)): char
        for char, stands_for in {**{c: c for c in map(chr, range(128))}, **_prototypes()}.items()
        if char.isascii() and char.isalnum()
    }
    found = {
        char: ascii_members.get((stands_for, unicodedata.category(char)))
        for char, stands_for in _prototypes().items()
        if not char.isascii()
    }
    return {char: twin for char, twin in found.items() if twin}
