"""Bytes with an address: what is kept of them, and how much."""

import gzip
import hashlib

from hypothesis import given
from hypothesis import strategies as st

from pages.ui.widgets.addressed import WORTH_IT, Addressed, Kept

NAMES = st.sampled_from("abcdef")


def test_the_name_is_a_hash_of_the_content():
    assert Addressed(b"x").name == hashlib.sha256(b"x").hexdigest()
    assert Addressed(b"x").address() == f"./bytes/{Addressed(b'x').name}"


@given(st.lists(st.tuples(NAMES, st.integers(0, 50))), st.integers(1, 100))
def test_those_shown_last_are_kept_as_far_as_they_fit(shown, most):
    kept, expected = Kept(most), []
    for name, size in shown:
        kept.add(name, Addressed(bytes(size)))
        expected = [(other, length) for other, length in expected if other != name]
        expected.append((name, size))
        while sum(length for _, length in expected) > most and len(expected) > 1:
            del expected[0]
    found = {name: kept.find(name) for name in "abcdef"}
    sizes = {name: len(each.content) for name, each in found.items() if each is not None}
    assert sizes == dict(expected)


@given(st.binary(), st.integers(1, 2000))
def test_what_is_packed_is_the_same_content_in_much_less(content, times):
    shown = Addressed(content * times)
    if shown.packed is shown.content:
        packed = gzip.compress(shown.content, 1)
        assert len(packed) >= WORTH_IT * len(shown.content)
    else:
        assert gzip.decompress(shown.packed) == shown.content
        assert len(shown.packed) < WORTH_IT * len(shown.content)
