"""Components whose JavaScript and CSS stand in files of their own, which the browser asks for.

``map.py`` has ``map.js`` and ``map.css`` beside it. `pages.ui.shell.asgi` serves every such file
of ``pages/ui`` below ``/ui/<version>/``; the version changes with any of them. So a browser keeps
them for good, and a module imports another by a relative path.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

UI = Path(__file__).parents[1]
ROUTE = "ui"
MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css"}

# Streamlit takes a text for a path unless it has several lines. It runs the module from a `blob:`
# address, to which no other is relative.
_SCRIPT = """
const component = await import(location.origin + "{address}.js");
export default component.default;
"""
# Unstyled content stays invisible: the file's own `:host` rule wins over that of a layer.
_STYLE = """
@import url("{address}.css");
@layer loading {{ :host {{ visibility: hidden; }} }}
"""


@lru_cache(maxsize=1)
def browser_files() -> dict[str, bytes]:
    """Return the JavaScript and CSS of ``pages/ui`` by their paths in it, read once."""
    found = sorted(file for file in UI.rglob("*.*") if file.suffix in MEDIA_TYPES)
    return {file.relative_to(UI).as_posix(): file.read_bytes() for file in found}


@lru_cache(maxsize=1)
def version() -> str:
    """Return a name for what the files hold."""
    digest = hashlib.sha256()
    for path, content in browser_files().items():
        digest.update(b"%s\0%d\0%s" % (path.encode(), len(content), content))
    return digest.hexdigest()[:12]


def base_path() -> str:
    """Return what begins the path of every page: empty, or ``/lab`` with that base path."""
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"/{base}" if base else ""


def address(path: str) -> str:
    """Return the path at which the server has a file of ``pages/ui``."""
    return f"{base_path()}/{ROUTE}/{version()}/{path}"


def component(module: str, html: str, *, styled: bool = True) -> "ComponentRenderer":
    """Register a component under the name of its module.

    Args:
        module: ``__file__`` of the module, beside which the component's files stand.
        html: what its JavaScript finds in ``parentElement``.
        styled: whether there is a CSS file, with ``visibility: visible`` for ``:host``.
    """
    own = Path(module).with_suffix("").relative_to(UI).as_posix()
    at = address(own)
    return st.components.v2.component(
        own.replace("/", "_"),
        html=html,
        css=_STYLE.format(address=at) if styled else None,
        js=_SCRIPT.format(address=at),
    )
