"""Registers components whose JavaScript and CSS are separate files that the browser loads.

``map.py`` has ``map.js`` and ``map.css`` beside it. `pages.ui.shell.asgi` serves all such files of
``pages/ui``, WebAssembly that they run, and the thumbnails of the pretrained models, below
``/ui/<version>/``; the version changes with any of them. A browser can therefore cache them
forever, and a module imports another one by a relative path.
"""

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

import streamlit as st

from ae_core.models.pretrained import cards
from pages.ui.state.base_path import base_path

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

UI = Path(__file__).parents[1]
ROUTE = "ui"
OWN_FILES = (".js", ".css", ".wasm")
MEDIA_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".wasm": "application/wasm",
    ".png": "image/png",
}

# Streamlit takes a text for a path unless it has several lines. It runs the module from a `blob:`
# address, to which no path is relative. All files are requested at once, not one after the other.
# The module itself awaits nothing: of one that does, WebKit gives a second component on the page
# the exports before they are there. Streamlit awaits what the function returns.
_SCRIPT = """
const modules = Promise.all({addresses}.map(
  (path) => import(new URL(path, document.baseURI).href)));
export default async (call) => (await modules)[0].default(call);
"""
# Unstyled content stays invisible: the files' own `:host` rule overrides that of a layer.
_STYLE = """
{imports}
@layer loading {{ :host {{ visibility: hidden; }} }}
"""
_IMPORT = re.compile(r'(?:from|@import) "(\.[^"]+)"')


@lru_cache(maxsize=1)
def browser_files() -> dict[str, bytes]:
    """Return the files by the paths below their version, read once."""
    own = sorted(file for file in UI.rglob("*.*") if file.suffix in OWN_FILES)
    files = {file.relative_to(UI).as_posix(): file for file in own}
    files |= {thumbnail(name): model.thumbnail for name, model in cards().items()}
    return {path: file.read_bytes() for path, file in files.items()}


def thumbnail(model: str) -> str:
    """Return the path of a pretrained model's thumbnail among `browser_files`."""
    return f"thumbnails/{model}.png"


@lru_cache(maxsize=1)
def version() -> str:
    """Return a version name that depends on the files' contents."""
    digest = hashlib.sha256()
    for path, content in browser_files().items():
        digest.update(b"%s\0%d\0%s" % (path.encode(), len(content), content))
    return digest.hexdigest()[:12]


def address(path: str) -> str:
    """Return the path at which the server has one of `browser_files`."""
    return f"{base_path()}/{ROUTE}/{version()}/{path}"


def relative_address(path: str) -> str:
    """Return the same as seen from any page: a proxy may have the app below a path of its own."""
    return f"./{ROUTE}/{version()}/{path}"


def needed(path: str) -> list[str]:
    """Return a file of ``pages/ui`` and all files that it imports, directly or indirectly."""
    found = [path]
    for each in found:  # the list grows in the loop
        for name in _IMPORT.findall(browser_files()[each].decode()):
            imported = normpath(join(dirname(each), name))
            if imported in browser_files() and imported not in found:
                found.append(imported)
    return found


def script(path: str) -> str:
    """Return the module that loads a JavaScript file of ``pages/ui`` with all that it imports."""
    return _SCRIPT.format(addresses=json.dumps([relative_address(each) for each in needed(path)]))


def component(module: str, html: str, *, styled: bool = True) -> "ComponentRenderer":
    """Register a component under the name of its module.

    Args:
        module: ``__file__`` of the module; the component's files are beside it.
        html: the HTML in its JavaScript's ``parentElement``.
        styled: whether there is a CSS file; it or one of its imports makes ``:host`` visible.
    """
    own = Path(module).with_suffix("").relative_to(UI).as_posix()
    styles = needed(f"{own}.css")[::-1] if styled else []
    imports = "\n".join(f'@import url("{relative_address(path)}");' for path in styles)
    return st.components.v2.component(
        own.replace("/", "_"),
        html=html,
        css=_STYLE.format(imports=imports) if styled else None,
        js=script(f"{own}.js"),
    )


def sent(key: str, name: str) -> object:
    """Return what the script of a component has just sent under a name.

    None if it has sent nothing, or if the component is gone: its last message may arrive when
    another view is shown. What a browser sends is not trusted; the caller checks it.
    """
    return st.session_state[key].get(name) if key in st.session_state else None
