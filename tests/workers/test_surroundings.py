"""Settings of a machine that are meant for other programs do not reach the app's processes."""

import json
import os
import subprocess
import sys

import pytest

from ae_core.storage.files import ROOT

KERAS_JSON = {
    "floatx": "float16",
    "epsilon": 0.1,
    "backend": "torch",
    "image_data_format": "channels_first",
}
DASK_YAML = """
distributed:
  comm: {require-encryption: true, default-scheme: tls, compression: no-such}
  admin: {event-loop: uvloop}
  worker: {memory: {target: 0.01, spill: 0.02, pause: 0.03, terminate: 0.04}}
  nanny: {preload: [no_such_module], pre-spawn-environ: {OMP_NUM_THREADS: 7}}
  scheduler: {preload: [no_such_module]}
"""
ENVIRONMENT = {
    "KERAS_BACKEND": "jax",
    "KERAS_MAX_EPOCHS": "0",
    "TF_USE_LEGACY_KERAS": "1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_XLA_FLAGS": "--no_such_flag",
    "OMP_NUM_THREADS": "7",
    "PYTHONOPTIMIZE": "2",
    "PYTHONSTARTUP": "/no/such/file.py",
    "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true",
    "DASK_DISTRIBUTED__NANNY__PRELOAD": "no_such_module",
    "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "0.01",
    "DASK_SCHEDULER_ADDRESS": "tls://127.0.0.1:1",
}
TERMINAL = {
    "LC_ALL": "C",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONUTF8": "0",
    "PYTHONIOENCODING": "ascii",
    "COLUMNS": "1",
    "NO_COLOR": "1",
}
OPERATORS = {"TF_CPP_MIN_LOG_LEVEL": "1", "TF_FORCE_GPU_ALLOW_GROWTH": "true"}  # these stay
# A process that asks a worker through the pages' connection, as a server does.
ASKING = """
import json
from ae_core.workers.connection import Connection

def settings():
    import os, sys, dask, keras
    import ae_core
    return {
        "backend": keras.config.backend(),
        "floatx": keras.config.floatx(),
        "epsilon": keras.config.epsilon(),
        "image_data_format": keras.config.image_data_format(),
        "optimized": sys.flags.optimize,
        "utf8": sys.flags.utf8_mode,
        "ours": ae_core.__file__,
        "encrypted": dask.config.get("distributed.comm.require-encryption"),
        "terminate": dask.config.get("distributed.worker.memory.terminate"),
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "set": sorted(n for n in os.environ if n.startswith(("TF_", "KERAS_"))),
    }

if __name__ == "__main__":
    connection = Connection("", 1, 1)
    print(json.dumps(connection.answer(settings)))
    connection.close()
"""
AS_WRITTEN = {
    "backend": "tensorflow",
    "floatx": "float32",
    "epsilon": 1e-07,
    "image_data_format": "channels_last",
    "optimized": 0,
    "utf8": 1,
    "ours": str(ROOT / "ae_core" / "__init__.py"),
    "encrypted": None,
    "terminate": 0.95,
    "threads": "1",
    "set": ["KERAS_BACKEND", "KERAS_HOME", *sorted(OPERATORS)],
}


@pytest.fixture
def machine(tmp_path):
    """A home folder with settings of Keras and Dask, and packages named like ours."""
    for path, content in {
        ".keras/keras.json": json.dumps(KERAS_JSON),
        ".config/dask/dask.yaml": DASK_YAML,
        "packages/ae_core/__init__.py": "raise ImportError('not ours')",
        "packages/pages/__init__.py": "raise ImportError('not ours')",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    own = {name: value for name, value in os.environ.items() if not name.startswith("TF_")}
    packages = str(tmp_path / "packages")
    return own | OPERATORS | {"HOME": str(tmp_path), "PYTHONPATH": packages}


def run(arguments, environment):
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, timeout=240, check=False
    )


@pytest.mark.thorough
@pytest.mark.parametrize("more", [{}, ENVIRONMENT], ids=["home folder", "environment"])
def test_a_worker_has_the_settings_that_it_was_written_for(more, machine):
    done = run(["-c", ASKING], machine | more)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    assert json.loads(done.stdout) == AS_WRITTEN


@pytest.mark.thorough
def test_the_command_line_has_the_settings_that_it_was_written_for(machine, tmp_path):
    out = tmp_path / "lauf-ä"
    command = ["-m", "ae_core", "train", "--preset", "digits-dense", "--epochs", "1", "--json"]
    # Optimized, Python would compile all of TensorFlow anew.
    others = {name: value for name, value in ENVIRONMENT.items() if name != "PYTHONOPTIMIZE"}
    done = run([*command, "--out", str(out)], machine | others | TERMINAL)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["status"] == "finished"
    assert figures["val_psnr"] == pytest.approx(15.0, abs=2.0)
    assert (out / "weights.npz").exists()


@pytest.mark.thorough
def test_the_command_line_works_without_its_docstrings(machine):
    done = run(["-m", "ae_core", "presets", "--json"], machine | ENVIRONMENT | TERMINAL)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    assert "digits-dense" in json.dumps(json.loads(done.stdout))
