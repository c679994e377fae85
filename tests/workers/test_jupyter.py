"""What JupyterHub is told of the app, done as jupyter-server-proxy does it."""

import subprocess
import tomllib
from importlib.metadata import EntryPoint

from ae_core.storage.files import ROOT
from ae_core.workers.class_server import free_port
from tests.helpers.lab_server import wait_for


def test_a_jupyter_server_can_start_the_app(tmp_path, monkeypatch):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ((name, value),) = project["entry-points"]["jupyter_serverproxy_servers"].items()
    told = EntryPoint(name, value, "jupyter_serverproxy_servers").load()()
    port = free_port()
    monkeypatch.setenv("AE_RUNS_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)  # not the project's folder
    command = [word.format(port=port) for word in told["command"]]
    with subprocess.Popen(command) as process:
        try:
            wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        finally:
            process.terminate()
