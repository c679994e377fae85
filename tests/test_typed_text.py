"""Text that visitors typed: invisible characters go, emoji stay whole."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ae_core.typed_text import shortened, visible_text

EMOJI = {
    "a scientist": "👩🏽\u200d🔬",
    "a family": "👨\u200d👩\u200d👧\u200d👦",
    "a heart": "❤\ufe0f",
    "a heart on fire": "❤\ufe0f\u200d🔥",
    "a flag": "🇩🇪",
    "a flag of tags": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "a rainbow flag": "🏳\ufe0f\u200d🌈",
    "a keycap": "1\ufe0f\u20e3",
    "a thumb": "👍🏿",
}
every_emoji = pytest.mark.parametrize("emoji", EMOJI.values(), ids=EMOJI)


@every_emoji
def test_an_emoji_stays_whole(emoji):
    assert visible_text(f" Ada{emoji}  B ") == f"Ada{emoji} B"
    assert visible_text(emoji) == emoji


@pytest.mark.parametrize(
    "hidden",
    [*"\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u2066\ufe0f\ufe00\u3164\u115f\uffa0\u2800\u034f",
     "\U000e0041", "\U000e0100"],
)  # fmt: skip
def test_nothing_invisible_is_left(hidden):
    assert visible_text(f"A{hidden}da{hidden}") == "Ada"
    assert visible_text(hidden * 3) == ""


@pytest.mark.parametrize(
    "name", ["Zoë", "Zoe\u0308", "李雷", "Ольга", "नेहा", "Đặng", "=1+1", "**b**"]
)
def test_a_name_in_any_script_stays(name):
    assert visible_text(name) == name


@given(st.text())
def test_what_can_be_seen_is_seen_again(typed):
    visible = visible_text(typed)
    assert visible_text(visible) == visible == " ".join(visible.split())
    assert not any(unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs", "Co") for c in visible)


@every_emoji
@pytest.mark.parametrize("room", range(1, 12))
def test_no_emoji_is_cut(emoji, room):
    cut = shortened("Ada" + emoji + "and more words", 3 + room)
    assert len(cut) <= 3 + room
    kept = cut.removesuffix("…").removeprefix("Ada")
    assert kept == "" or kept.startswith(emoji)


def test_a_letter_keeps_its_marks():
    assert shortened("Zoe\u0308 and more", 4) == "Zo…"
    assert shortened("Zoe\u0308 and more", 5) == "Zoe\u0308…"


@given(st.text(), st.integers(1, 50))
def test_a_cut_text_is_short_and_the_beginning(text, most):
    cut = shortened(text, most)
    assert len(cut) <= most
    assert cut == text or text.startswith(cut.removesuffix("…"))
