"""The server behind the pages of these tests: one for all, on the workers of all other tests."""

import pytest
import streamlit as st

from pages.ui.backend import service as backend


@pytest.fixture(scope="session")
def own_runs(runs_folder, connection):
    """A service whose runs, classes and sets no other test sees; returns their folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backend, "Connection", lambda scheduler, ends: connection)
        yield runs_folder
        backend.service().close()
        st.cache_resource.clear()
