"""Who may import whom, read from the imports themselves; and the server loads no Keras."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Every module of ae_core imports only modules that come before it here, wherever in its file.
ORDER = (
    *(
        "specs.limits",
        "specs.layers",
        "specs.autoencoder",
        "specs.training",
        "specs.denoiser",
        "specs.recipes",
        "specs.presets",
    ),
    *("specs.wire", "specs", "run_record", "file_lock", "store"),
    *("brush", "toy_faces", "image_sets", "downloads", "sources", "image_files"),
    *("own_set", "own_sets", "own_images", "data"),
    *("plan", "precision", "refit", "sweep", "drawing", "estimate"),
    *("expressions", "lesson_figures", "lesson_file", "lessons", "lesson_reader"),
    *("pictures", "uploads", "handwriting", "baselines", "metrics", "corruption", "filters"),
    "colour",
    *("keras_layers_code", "keras_loss_code", "keras_noise_code", "keras_pictures_code"),
    *("keras_training_code", "keras_code", "formula", "notebook"),
    *("compression", "rate_curves", "anomaly"),
    *("eyes", "faces"),
    *(
        "weights",
        "likeness",
        "latent",
        "disentanglement",
        "paths",
        "atlas",
        "live_decoder",
        "trials",
        "vital_signs",
    ),
    *("moments", "replay", "snapshot", "figures", "matches", "code_figures"),
    *("sweep_figures", "measure_figures", "pretrained", "pretraining_recipes"),
    *("control", "objectives", "architectures", "components", "augmentation"),
    *("autoencoder", "batches", "optimizers", "compiling", "steps", "training"),
    *("course", "remedies", "symptoms", "doctor"),
    *("denoiser", "denoiser_training"),
    *(
        "galleries",
        "inference",
        "rivals",
        "exploration",
        "exports",
        "measuring",
        "squeezing",
        "surprise",
        "pretraining",
        "photos",
        "denoising",
        "lesson_measures",
        "run_events",
        "tasks",
        "cluster",
        "connection",
        "ending",
    ),
    *(
        "training_queue",
        "queue_book",
        "run_index",
        "pace",
        "meters",
        "live_run",
        "forecast",
        "ended_runs",
    ),
    *("under_way", "roster", "following", "attempts", "jobs", "news", "dispatcher", "service"),
    *("classroom", "class_rules", "class_files", "class_book"),
    *("run_view", "class_wall", "wall_bytes", "class_table", "join_address"),
    "__main__",
)
# The only modules that import Keras or TensorFlow when they are imported: for workers.
WORKERS = (
    "objectives",
    "architectures",
    "components",
    "augmentation",
    "autoencoder",
    "optimizers",
    "steps",
    "training",
    "denoiser",
    "denoiser_training",
)
# These may do so inside functions, which then run in a worker or on the command line.
LATE = (
    "inference",
    "exploration",
    "measuring",
    "surprise",
    "denoising",
    "pretraining",
    "tasks",
    "__main__",
)
NETWORKS = {"keras", "tensorflow"}
# The only files that name what Streamlit remembers: of one visitor, and for all of them.
SHARED = ROOT / "pages" / "shared"
KEEPERS = {
    SHARED / "session.py": {"session_state"},
    SHARED / "answers" / "server.py": {"cache_data", "cache_resource"},
    SHARED / "answers" / "pictures.py": {"cache_data", "cache_resource"},
    SHARED / "answers" / "models.py": {"cache_data", "cache_resource"},
    SHARED / "answers" / "measures.py": {"cache_data"},
    SHARED / "answers" / "lesson.py": {"cache_data", "cache_resource"},
    SHARED / "answers" / "denoised.py": {"cache_resource"},
}

CORE = sorted((ROOT / "ae_core").rglob("*.py"))
PAGES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]


def path_id(path):
    return path.relative_to(ROOT).as_posix()


def name_of(path):
    """``specs.limits`` for ae_core/specs/limits.py, ``specs`` for its __init__."""
    parts = list(path.relative_to(ROOT / "ae_core").with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in CORE if name_of(path)}


def imported(nodes):
    """Dotted names that import statements among `nodes` ask for."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not used here"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def everywhere(path):
    return set(imported(ast.walk(tree_of(path))))


def when_imported(path):
    """Imports that run when the module is imported: outside functions and TYPE_CHECKING."""

    def walk(node):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                continue
            if isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
                continue
            yield child
            yield from walk(child)

    return set(imported(walk(tree_of(path))))


def packages(names):
    return {name.split(".")[0] for name in names}


def core_modules(names):
    """Modules of ae_core among dotted names."""
    parts = {name.removeprefix("ae_core.") for name in names if name.startswith("ae_core.")}
    return parts & set(MODULES)


def test_every_module_has_its_place_in_the_order():
    assert sorted(ORDER) == sorted(MODULES)


@pytest.mark.parametrize("name", MODULES)
def test_imports_run_downward(name):
    before = set(ORDER[: ORDER.index(name)])
    assert core_modules(everywhere(MODULES[name])) - {name} <= before


@pytest.mark.parametrize("path", CORE, ids=path_id)
def test_the_core_knows_no_page(path):
    assert not packages(everywhere(path)) & {"streamlit", "pages", "app"}


@pytest.mark.parametrize("name", MODULES)
def test_only_the_workers_modules_import_keras(name):
    if name not in WORKERS:
        imports = when_imported(MODULES[name])
        assert not packages(imports) & NETWORKS
        assert not core_modules(imports) & set(WORKERS)
    if name not in (*WORKERS, *LATE):
        imports = everywhere(MODULES[name])
        assert not packages(imports) & NETWORKS
        assert not core_modules(imports) & set(WORKERS)


@pytest.mark.parametrize("path", PAGES, ids=path_id)
def test_no_page_imports_keras_or_a_worker_s_module(path):
    imports = everywhere(path)
    assert not packages(imports) & NETWORKS
    assert not core_modules(imports) & set(WORKERS)


@pytest.mark.parametrize("path", CORE, ids=path_id)
def test_what_pages_share_is_only_for_pages(path):
    assert "pages" not in packages(everywhere(path))


@pytest.mark.parametrize("path", PAGES, ids=path_id)
def test_pages_import_from_each_other_only_what_they_share(path):
    for name in everywhere(path):
        if packages([name]) == {"pages"}:
            assert name.split(".")[1] == "shared"
        assert packages([name]) != {"app"}


@pytest.mark.parametrize("path", [*CORE, *PAGES], ids=path_id)
def test_the_session_and_the_caches_have_files_of_their_own(path):
    named = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Attribute):
            named.add(node.attr)
        elif isinstance(node, ast.Name):
            named.add(node.id)
        elif isinstance(node, ast.alias):
            named.add(node.name.split(".")[-1])
    assert named & set.union(*KEEPERS.values()) == KEEPERS.get(path, set())


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


def loaded_after(code):
    """Which of the heavy packages a fresh Python has loaded after some imports."""
    heavy = sorted(NETWORKS | {"streamlit"})
    program = f"{code}\nimport sys\nprint(*[name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


def test_importing_what_the_server_uses_loads_neither_keras_nor_tensorflow():
    light = [name for name in ORDER if name not in WORKERS]
    assert "service" in light
    assert "__main__" in light
    assert loaded_after("\n".join(f"import ae_core.{name}" for name in light)) == []


def test_the_question_can_be_answered_with_yes():
    assert loaded_after("import sys; sys.modules['keras'] = sys") == ["keras"]
