"""A widget outside of a fragment is not changed by the fragment's own tick."""

from types import SimpleNamespace

import pytest
from streamlit.runtime.scriptrunner_utils.script_run_context import RunLocation, ThreadState

from pages.ui import streamlit_adapter
from pages.ui.state.by_hand import by_hand


@pytest.mark.parametrize(
    ("drawn_in", "runs", "takes"),
    [
        (None, None, True),  # of the page, which runs again
        (None, ["tick"], False),  # of the page, and only a fragment runs again
        ("tick", ["tick"], True),  # of the fragment that runs again
        ("tick", None, True),
    ],
)
def test_only_what_a_hand_can_have_changed_is_taken(monkeypatch, drawn_in, runs, takes):
    context = SimpleNamespace(fragment_ids_this_run=runs)
    monkeypatch.setattr(streamlit_adapter, "get_script_run_ctx", lambda **_: context)
    taken = []
    ThreadState.initialize(fragment_id=drawn_in, run_location=RunLocation.CALLBACK)
    by_hand(lambda: taken.append(True))()
    assert bool(taken) is takes
