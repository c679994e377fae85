"""Puts scripts and styles of ``pages/ui`` into one text each, for a page that no server answers.

A browser loads no module and no file for a page from a disk. So each module becomes a function
that returns what it exports, and a file that it names by ``import.meta.url`` a data URL.
"""

import base64
import json
import re
from functools import lru_cache
from posixpath import dirname, join, normpath

from pages.ui.widgets.component import MEDIA_TYPES, browser_files, needed

# For memory that threads share, which a browser gives to no page from a disk.
NEVER_ASKED = ("pickers/decoder_wasm_shared.wasm", "pickers/decoder_wasm_second.js")
_IMPORT = re.compile(r'^import (?:\{([^}]*)\}|\* as (\w+)|(\w+)) from "(\.[^"]+)";$', re.MULTILINE)
_DEFAULT = re.compile(r"^export default (?=(?:async )?function \()", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function\*?|const|class) (\w+)", re.MULTILINE)
_INDENT = re.compile(r"^ +", re.MULTILINE)
_FILE = re.compile(r'new URL\("(\.[^"]+)", import\.meta\.url\)')
_COMMENT = re.compile(r"^[ \t]*(?://.*|/\*(?:[^*]|\*(?!/))*\*/[ \t]*)\n", re.MULTILINE)
_STYLE_IMPORT = re.compile(r'^@import "[^"]+";\n', re.MULTILINE)


@lru_cache(maxsize=4)
def one_script(path: str) -> str:
    """Return a module of ``pages/ui`` with all that it imports as a script without imports.

    It calls what the module exports by default.
    """
    order: list[str] = []

    def place(each: str) -> None:
        for name in _imported(each):
            if name not in order:
                place(name)
        order.append(each)

    place(path)
    functions = "\n".join(f"modules[{json.dumps(each)}] = {_function(each)};" for each in order)
    start = f"modules[{json.dumps(path)}].default();"
    functions = _INDENT.sub("", functions)
    script = f'(() => {{\n"use strict";\nconst modules = {{}};\n{functions}\n{start}\n}})();\n'
    return script.replace("</", "<\\/")  # in a page, it would end the script


@lru_cache(maxsize=4)
def one_style(path: str) -> str:
    """Return a style sheet of ``pages/ui`` with all that it imports, for a ``.host`` element."""
    sheets = (browser_files()[each].decode() for each in reversed(needed(path)))
    return "".join(_STYLE_IMPORT.sub("", each) for each in sheets).replace(":host", ".host")


def _imported(path: str) -> list[str]:
    found = _IMPORT.finditer(browser_files()[path].decode())
    return [normpath(join(dirname(path), each[4])) for each in found]


def _function(path: str) -> str:
    """Return a call of a function that is a module and returns its exports as an object."""
    body = _COMMENT.sub("", browser_files()[path].decode())
    body = _IMPORT.sub(lambda found: _taken(path, found), body)
    body = _FILE.sub(lambda found: json.dumps(_data_url(_beside(path, found[1]))), body)
    names = [name for _, name in _EXPORT.findall(body)]
    body, defaults = _DEFAULT.subn("const $default = ", _EXPORT.sub(r"\1 \2", body))
    exports = ", ".join([*names, *(["default: $default"] if defaults else [])])
    return f"(() => {{\n{body}\nreturn {{ {exports} }};\n}})()"


def _taken(path: str, found: re.Match[str]) -> str:
    named, every, usual, name = found.groups()
    module = f"modules[{json.dumps(_beside(path, name))}]"
    if named is None:
        return f"const {every} = {module};" if every else f"const {usual} = {module}.default;"
    return f"const {{{named.replace(' as ', ': ')}}} = {module};"


def _beside(path: str, name: str) -> str:
    return normpath(join(dirname(path), name))


def _data_url(path: str) -> str:
    if path in NEVER_ASKED:
        return "data:,"
    kind = MEDIA_TYPES[path[path.rindex(".") :]]
    return f"data:{kind};base64,{base64.b64encode(browser_files()[path]).decode()}"
