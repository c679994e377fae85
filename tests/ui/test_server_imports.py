"""What a server has loaded when every page was visited: nothing that slows its visitors down."""

import os
import subprocess
import sys

import pytest

from ae_core.storage.files import ROOT

VISITS = """
import sys

from ae_core.classroom.service import ClassroomService
from pages.ui.backend.service import service
from tests.helpers.app_page import PAGES, opened

for page in ("app.py", *PAGES):
    opened(page)
book = ClassroomService(service().store.database)
classroom, secret = book.open_class("eve")
book.join(classroom.code, "ada", "Ada")
for query in ({"teacher": secret}, {"view": "Projector"}):
    page = opened("pages/classroom.py", **{"class": classroom.code}, **query)
    assert "Ada" in "".join(str(each.proto) for each in page.main)
service().connection.close()
names = ("tensorflow", "keras", "sklearn", "skimage", "scipy", "pandas")
print("imported:", [name for name in names if name in sys.modules])
"""


@pytest.mark.thorough
def test_visiting_every_page_and_the_wall_of_a_class_imports_nothing_heavy(connection, tmp_path):
    """The workers are those of the other tests."""
    scheduler = connection.client().scheduler.address
    environment = {**os.environ, "AE_RUNS_DIR": str(tmp_path), "AE_SCHEDULER": scheduler}
    done = subprocess.run(
        [sys.executable, "-c", VISITS],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert "imported: []" in done.stdout, done.stderr[-2000:]
