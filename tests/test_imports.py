"""What the import contracts in pyproject.toml cannot say: what a process has loaded in the end."""

import ast
import re
import subprocess
import sys

import pytest

from ae_core.storage.files import ROOT

PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]
HEAVY = ("keras", "tensorflow", "torch")


def loaded_after(code: str, names=HEAVY) -> list[str]:
    """Which of some packages a fresh Python has loaded after some imports."""
    program = f"{code}\nimport sys\nprint(*[name for name in {names} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_the_server_and_the_command_line_load_no_keras():
    parts = [path.relative_to(ROOT).with_suffix("") for path in (ROOT / "pages/ui").rglob("*.py")]
    modules = [".".join(part.parts) for part in parts if part.name != "__init__"]
    assert "pages.ui.shell.frame" in modules
    code = "\n".join(f"import {name}" for name in [*modules, "ae_core.__main__"])
    assert loaded_after(code) == []


def test_the_core_loads_no_streamlit():
    code = "import ae_core.__main__, ae_core.classroom.service, ae_core.service.worker"
    assert loaded_after(code, ("streamlit",)) == []


def test_the_question_can_be_answered_with_yes():
    assert loaded_after("import sys; sys.modules['keras'] = sys") == ["keras"]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_caches_are_named_in_the_backend_only_and_the_session_keeps_widgets_elsewhere(path):
    """A widget's key has a dot or is a variable; what else a session keeps is in ui/state."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    ui = ROOT / "pages" / "ui"
    kept = re.findall(r"session_state(?:\.\w|\[\"[^.]*?\"\])", path.read_text(encoding="utf-8"))
    assert not kept or path.is_relative_to(ui / "state"), kept
    assert not named & {"cache_data", "cache_resource"} or path.is_relative_to(ui / "backend")


def test_no_two_fragments_are_of_one_function():
    """Streamlit tells them apart by their function and their place: a late tick draws the other."""
    found = []
    for path in PAGES:
        source = path.read_text(encoding="utf-8")
        for name in re.findall(r"st\.fragment\((?:run_every=[^)]*\)\()?(\w+)\)", source):
            here = f"def {name}(" in source
            found.append(f"{path}:{name}" if here else name)
    assert len(found) >= 7, "the pattern finds them"
    assert len(set(found)) == len(found), found
