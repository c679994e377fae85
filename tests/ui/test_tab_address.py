"""A page does not go back to an address that the browser sent before it had the newest one."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from pages.ui.streamlit_adapter import TabAddress


def request(query, *, value=None, automatic=False, back=False):
    """Return what a browser sends; `value` is its only widget's, None for a click on a link."""
    widgets = []
    if value is not None:
        widgets = [SimpleNamespace(id="slider", SerializeToString=lambda: str(value).encode())]
    return SimpleNamespace(
        query_string=query,
        widget_states=SimpleNamespace(widgets=widgets),
        is_auto_rerun=automatic,
        is_history_navigation=back,
    )


def opened():
    """Return a tab that was opened with ``a=1``, whose page then made it ``a=2``."""
    tab = TabAddress()
    tab.ask(request("a=1"))
    assert tab.present("a=1") == "a=1"
    tab.change("a=2")
    return tab


def test_an_action_before_the_new_address_arrived_does_not_undo_it():
    tab = opened()
    tab.ask(request("a=1", value=5))
    assert tab.present("a=1") == "a=2"


def test_nor_does_a_tick():
    tab = opened()
    tab.ask(request("a=1", automatic=True))
    assert tab.present("a=1") == "a=2"


def test_a_link_to_the_former_address_and_back_lead_there():
    for asked in (request("a=1"), request("a=1", value=5, back=True)):
        tab = opened()
        tab.ask(asked)
        assert tab.present("a=1") == "a=1"


def test_a_page_that_runs_again_by_itself_forgets_nothing():
    tab = opened()
    assert tab.present("a=2") == "a=2"  # `st.rerun`: the browser still knows nothing
    tab.ask(request("a=1", value=5))
    assert tab.present("a=1") == "a=2"


def test_an_address_by_hand_counts_once_the_browser_had_the_newest():
    tab = opened()
    tab.ask(request("a=2", value=5))
    assert tab.present("a=2") == "a=2"
    tab.ask(request("a=1", value=6))
    assert tab.present("a=1") == "a=1"


@given(st.lists(st.integers(0, 3), max_size=12))
def test_however_late_a_browser_is_it_undoes_nothing(steps):
    """Each step is an action, sent with one of the newest addresses, that sets the next one."""
    tab, addresses = TabAddress(), ["n=0"]
    tab.ask(request("n=0"))
    tab.present("n=0")
    seen = 0
    for number, progress in enumerate(steps, start=1):
        seen = min(len(addresses) - 1, seen + progress)  # what has arrived at the browser
        tab.ask(request(addresses[seen], value=number))
        assert tab.present(addresses[seen]) == addresses[-1]
        addresses.append(f"n={number}")
        tab.change(addresses[-1])
