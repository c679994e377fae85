"""Tells ``jupyter-server-proxy`` how to start the app: JupyterHub then has it in its launcher."""

import sys
from typing import Any

from ae_core.storage.files import ROOT


def server() -> dict[str, Any]:
    """Return what a Jupyter server starts when somebody opens the app, and how it names it."""
    app = str(ROOT / "app.py")
    options = ["--server.port={port}", "--server.address=127.0.0.1"]
    return {
        "command": [sys.executable, "-m", "streamlit", "run", app, *options],
        "timeout": 60,  # seconds until it answers
        "launcher_entry": {"title": "Autoencoder Lab"},
    }
