"""The cookie that names a browser: only what the app has signed is one, and only for a time."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.ui.state import identity
from pages.ui.state.identity import (
    DAYS,
    MIN_SECRET,
    SECONDS_PER_DAY,
    Identity,
    cookie_name,
    earlier_identity,
    signed,
    verified,
)

SECRET, OTHER = "s" * 43, "t" * 43
NOW = 1_800_000_000.0
WRITTEN = signed(Identity("0123456789abcdef"), SECRET, NOW)
names = st.text("0123456789abcdef", min_size=16, max_size=16)
identities = st.builds(Identity, names, st.booleans())


@given(identities, st.floats(1, 4e9), st.integers(0, DAYS * SECONDS_PER_DAY - 1))
def test_what_was_signed_is_read_for_its_time(who, now, later):
    read = verified(signed(who, SECRET, now), SECRET, int(now) + later)
    assert read == (who, later)


@pytest.mark.parametrize(("days", "valid"), [(DAYS - 0.01, True), (DAYS + 0.01, False)])
def test_a_cookie_ends(days, valid):
    assert (verified(WRITTEN, SECRET, NOW + days * SECONDS_PER_DAY) is not None) == valid


def test_another_server_s_clock_may_be_ahead():
    assert verified(WRITTEN, SECRET, NOW - 300) == (Identity("0123456789abcdef"), -300)


@given(st.text() | st.text(string.ascii_letters + string.digits + "._-=", max_size=120))
def test_any_text_is_refused(text):
    assert verified(text, SECRET, NOW) is None


@given(st.integers(0, len(WRITTEN) - 1), st.characters(max_codepoint=0x2FF))
def test_a_changed_character_is_refused(place, character):
    changed = WRITTEN[:place] + character + WRITTEN[place + 1 :]
    assert (verified(changed, SECRET, NOW) is not None) == (changed == WRITTEN)


@given(st.integers(0, len(WRITTEN)), st.text(max_size=4))
def test_added_characters_are_refused(place, text):
    changed = WRITTEN[:place] + text + WRITTEN[place:]
    assert (verified(changed, SECRET, NOW) is not None) == (changed == WRITTEN)


@given(identities)
def test_another_secret_s_cookie_is_refused(who):
    assert verified(signed(who, OTHER, NOW), SECRET, NOW) is None


@given(identities)
def test_a_cookie_needs_no_quotes(who):
    assert set(signed(who, SECRET, NOW)) <= {*string.ascii_letters, *string.digits, *"._-"}


def test_everybody_is_somebody_else():
    assert len({Identity().name for _ in range(100)}) == 100
    assert all(len(Identity().name) == 16 for _ in range(100))


def test_the_earlier_name_is_the_one_of_the_runs_so_far():
    """It was the first 16 digits of the token's SHA-256."""
    assert earlier_identity(b"0123456789abcdef") == Identity("9f9f5111f7b27a78")


def test_apps_on_one_host_have_cookies_of_their_own():
    places = [(SECRET, ""), (OTHER, ""), (SECRET, "/lab"), (SECRET, "/lab2")]
    found = {cookie_name(*each) for each in places}
    assert len(found) == len(places)
    assert all(set(name) <= {*string.ascii_lowercase, *string.digits, "_"} for name in found)


def test_the_operator_s_secret_comes_first_and_must_be_long(monkeypatch, tmp_path):
    monkeypatch.setenv("AE_RUNS_DIR", str(tmp_path))
    monkeypatch.delenv("AE_COOKIE_SECRET", raising=False)
    made = identity.secret()
    assert identity.secret() == made
    monkeypatch.setenv("AE_COOKIE_SECRET", SECRET)
    assert identity.secret() == SECRET
    monkeypatch.setenv("AE_COOKIE_SECRET", "x" * (MIN_SECRET - 1))
    with pytest.raises(ValueError, match="AE_COOKIE_SECRET has 31 of at least 32 characters"):
        identity.secret()
