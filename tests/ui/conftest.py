"""Where the pages of these tests keep their runs."""

import pytest

from pages.ui.backend import service as backend


@pytest.fixture(scope="module")
def own_runs(tmp_path_factory):
    """Runs, classes and sets of a module go to a folder of its own; its workers end with it."""

    def forget():
        for kept in (
            backend.service,
            backend.match_results,
            backend.classroom_service,
            backend.class_wall,
        ):
            kept.clear()

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AE_RUNS_DIR", str(tmp_path_factory.mktemp("runs")))
        forget()
        yield
        backend.service().close()
        forget()
