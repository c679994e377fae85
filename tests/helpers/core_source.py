"""The source of `ae_core` as syntax trees: what is in a module, and where a name is defined."""

import ast
from functools import cache

from ae_core.storage import ROOT

CORE = ROOT / "ae_core"


@cache
def modules():
    found = {}
    for path in sorted(CORE.rglob("*.py")):
        parts = path.relative_to(CORE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


@cache
def inside(tree):
    """All nodes in a node, itself among them."""
    return tuple(ast.walk(tree))


@cache
def named(kind, name, home=None):
    """The definitions of a name, in one module or in all."""
    trees = [modules()[home]] if home else modules().values()
    return [node for tree in trees for node in inside(tree)
            if isinstance(node, kind) and node.name == name]  # fmt: skip


@cache
def exceptions():
    """The names of all classes whose instances can be raised."""
    classes = [node for tree in modules().values() for node in inside(tree)
               if isinstance(node, ast.ClassDef)]  # fmt: skip
    found = {"Exception"}
    for _ in classes:
        found |= {
            one.name
            for one in classes
            if any(ast.unparse(b) in found or ast.unparse(b).endswith("Error") for b in one.bases)
        }
    return found


def is_exception(name):
    return name in exceptions() or name.endswith("Error")


@cache
def imported():
    return {
        name.name
        for tree in modules().values()
        for node in inside(tree)
        if isinstance(node, ast.ImportFrom)
        for name in node.names
    }


@cache
def home_of(wanted):
    return next(name for name, tree in modules().items() if wanted in inside(tree))


def functions_of(tree):
    """Every node with the innermost function that it stands in."""
    found = dict.fromkeys(inside(tree))
    for function in inside(tree):  # outer functions come first
        if isinstance(function, ast.FunctionDef):
            found |= dict.fromkeys(inside(function)[1:], function)
    return found
