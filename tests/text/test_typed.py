"""Text that visitors typed: invisible characters go, emoji stay whole."""

import unicodedata

import pytest
from confusable_homoglyphs.confusables import confusables_data
from hypothesis import given
from hypothesis import strategies as st

from ae_core.storage.files import ROOT
from ae_core.text.typed import looks_like, shortened, skeleton, visible_text

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


# --- what looks alike -------------------------------------------------------------------------

NAMES = (ROOT / "tests/fixtures/first-names.txt").read_text(encoding="utf-8").split()
ALONE = [
    pair
    for shown, others in confusables_data.items()
    for pair in [(shown.strip("\u200e"), each["c"].strip("\u200e")) for each in others]
    # Unicode compares decomposed texts, in which these do not occur.
    if all(unicodedata.normalize("NFD", each) == each for each in pair)
]


def test_all_that_unicode_calls_confusable_has_one_skeleton():
    assert len(ALONE) > 10_000
    assert [pair for pair in ALONE if skeleton(pair[0]) != skeleton(pair[1])] == []


def test_plain_names_stay_different():
    assert len(set(NAMES)) == len(NAMES) >= 200
    by_look = {}
    for name in NAMES:
        by_look.setdefault(looks_like(name), []).append(name)
    assert [names for names in by_look.values() if len(names) > 1] == []


@given(st.sampled_from(NAMES))
def test_capitals_make_no_other_name(name):
    assert looks_like(name.upper()) == looks_like(name.lower()) == looks_like(name)


@pytest.mark.parametrize(
    ("name", "fake"),
    [
        ("Anna", "\u0410nna"),  # Cyrillic
        ("Anna", "Ann\u0430"),
        ("ANNA", "\u0391\u039d\u039d\u0391"),  # Greek throughout
        ("Nina", "\u039dina"),
        ("Oscar", "Os\u0441ar"),
        ("Ida", "lda"),
        ("Ida", "1da"),
        ("Otto", "0tto"),
        ("Ben", "\uff22\uff45\uff4e"),  # wide
        ("Ada❤", "Ada❤\ufe0f"),
        ("Zoë", "Zoe\u0308"),
    ],
)
def test_a_name_that_looks_like_another_is_the_same(name, fake):
    assert fake != name
    assert looks_like(fake) == looks_like(name)


@every_emoji
def test_an_emoji_s_parts_are_not_the_emoji(emoji):
    parts = emoji.replace("\u200d", "")
    assert looks_like(f"Ada{emoji}") != looks_like("Ada")
    assert (looks_like(parts) == looks_like(emoji)) == ("\u200d" not in emoji)


@given(st.text())
def test_a_skeleton_is_its_own_skeleton(text):
    assert skeleton(skeleton(text)) == skeleton(text)
