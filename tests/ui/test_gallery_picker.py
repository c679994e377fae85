"""Leafing through pictures: every picture is on one page, and the ends have no way beyond."""

import pytest
from streamlit.testing.v1 import AppTest


def leafing(a_page: int, available: int) -> None:
    from pages.ui.pickers.gallery_picker import page_turning
    from pages.ui.state.query_params import linked_index

    start = linked_index("picture", available) // a_page * a_page
    page_turning("pictures", "picture", start, a_page, available)


def pages_along(page: AppTest, words: str) -> list[int]:
    """Press a button until it cannot be pressed; the number in the address after every time."""
    found = []
    while not (button := next(b for b in page.button if b.label == words)).disabled:
        button.click().run()
        assert not page.exception
        found.append(int(page.query_params["picture"]))
    return found


@pytest.mark.parametrize(("a_page", "available"), [(24, 50), (24, 48), (24, 24), (18, 5), (1, 3)])
def test_more_leads_to_every_page_once_and_back_to_the_first(a_page, available):
    page = AppTest.from_function(leafing, args=(a_page, available)).run()
    starts = [*range(0, available, a_page)]
    assert pages_along(page, "More") == starts[1:]
    assert pages_along(page, "Back") == starts[-2::-1]


def test_a_picture_in_the_middle_of_a_page_is_on_it():
    page = AppTest.from_function(leafing, args=(24, 100))
    page.query_params["picture"] = "53"
    page.run()
    assert pages_along(page, "Back") == [24, 0]
