"""The sentences that `ae_core` can raise, read from its source; shared by the tests of problems.

Each comes as a probe: what is fixed in it stands there, every value is `VALUE`. A sentence that is
put together from parts (a local name, another function, a constant) is followed there.
"""

import ast
import itertools
from functools import cache
from string import Formatter

from tests.helpers.core_source import (
    functions_of,
    home_of,
    imported,
    inside,
    is_exception,
    modules,
    named,
)

VALUE = "\ue000"

# Where a raise is for whoever writes or starts the program, never for who visits a page.
INTERNAL = {
    "__main__": "the command line",
    "pretraining": "the command line",
    "pretraining_recipes": "the command line",
    "architectures": "a kind of layer that specs do not have",
    "keras_layers_code": "a kind of layer that specs do not have",
    "live_decoder": "a kind of layer that specs do not have; the page falls back",
    "anomaly": "shapes of arrays",
    "autoencoder": "shapes of arrays, and weights that are not those of the spec",
    "compression": "shapes of arrays",
    "denoiser": "weights that are not those of the spec",
    "toy_faces": "shapes of arrays",
    "specs.denoiser": "files that come with the app",
}
INTERNAL_BEGINNINGS = (
    f"spec={VALUE} must be",  # a run folder's: the page says that the run is unknown
    "picture.shape=",  # shapes of arrays
    "picture must be in",
    f"pixels={VALUE} ",
    "a set must hold",  # the page says that its file does not read
    "worker",  # how an attempt was lost, for the program
    "service",
    f"run {VALUE} is",  # the command line waits with a limit, pages do not
)
BESIDE = ("EXAMPLES",)  # constants that are values: layers in their notation
METHODS = ("stopped", "error", "problem")  # of other objects, followed by name alone
SENTENCES = {"RunOutcome": 1}  # which argument of them is one; of exceptions the first
CONSTANTS = ("INTERRUPTED",)  # what a record says until its run has ended


class Reader:
    """Reads the strings that an expression can be."""

    def __init__(self, home, function, given=None, several=2):
        self.home, self.function, self.given, self.several = home, function, given or {}, several

    def read(self, node):
        """All strings that a node can be."""
        match node:
            case ast.Constant(value=str() as text):
                return [text]
            case ast.JoinedStr(values):
                return product(*(self.read(part) for part in values))
            case ast.FormattedValue(value):
                return self.read(value)
            case ast.IfExp(_, body, orelse):
                return [*self.read(body), *self.read(orelse)]
            case ast.Subscript(value, ast.Slice()):
                return self.read(value)
            case ast.Name(name):
                return self.name(name)
            case ast.Attribute(ast.Name("self"), name):
                return self.assigned(f"self.{name}", modules()[self.home]) or [VALUE]
            case ast.Call():
                return self.call(node)
        return [VALUE]

    def name(self, name):
        if name in self.given:
            return self.given[name]
        if name in BESIDE:
            return [VALUE]
        found = self.assigned(name, self.function) if self.function else []
        for tree in [modules()[self.home], *modules().values()] if name.isupper() else []:
            found = found or self.assigned(name, ast.Module(tree.body[:], []), deep=False)
        return found or [VALUE]

    def assigned(self, name, tree, deep=True):
        """The strings that are given to a name; one that is made from itself is a value."""
        found = []
        for node in inside(tree) if deep else tree.body:
            if isinstance(node, ast.Assign) and name in map(written, node.targets):
                if node in busy:
                    return []
                busy.append(node)
                found += self.read(node.value)
                busy.pop()
        return found if any(one.replace(VALUE, "") for one in found) else []

    def call(self, node):
        match node.func:
            case ast.Attribute(ast.Constant(value=str() as between), "join"):
                return [between.join([VALUE] * self.several)]
            case ast.Attribute(text, "format"):
                return [filled(one) for one in self.read(text)]
            case ast.Name(name) if is_exception(name) or name in SENTENCES:
                return self.made(name, node)
            case ast.Name(name) | ast.Attribute(_, name):
                here = written(node.func) in (name, f"self.{name}")
                own = named(ast.FunctionDef, name, self.home) if here else []
                known = own or (
                    named(ast.FunctionDef, name)
                    if name in METHODS or (isinstance(node.func, ast.Name) and name in imported())
                    else []
                )
                found = [text for one in known for text in self.returned(one, node)]
                return list(filter(None, found)) or [VALUE]
        return [VALUE]

    def made(self, name, node):
        """The message of an exception, or the sentence of an ending."""
        seen.add(ast.unparse(node))
        for made in named(ast.ClassDef, name):
            for own in inside(made):
                if isinstance(own, ast.FunctionDef) and own.name == "__init__":
                    bound = self.bound(own, node)
                    reader = Reader(home_of(made), own, bound, self.several)
                    for inner in inside(own):
                        match inner:
                            case ast.Call(ast.Attribute(attr="__init__"), [*_, message]):
                                return reader.read(message)
        place = SENTENCES.get(name, 0)
        return self.read(node.args[place]) if len(node.args) > place else [VALUE]

    def returned(self, function, node):
        if function in busy:
            return []
        reader = Reader(home_of(function), function, self.bound(function, node), self.several)
        busy.append(function)
        found = [text for one in inside(function) if isinstance(one, ast.Return) and one.value
                 for text in reader.read(one.value)]  # fmt: skip
        busy.pop()
        return found

    def bound(self, function, node):
        names = [one.arg for one in function.args.args if one.arg != "self"]
        given = {name: [VALUE] for name in names}
        given |= {name: self.read(arg) for name, arg in zip(names, node.args, strict=False)}
        return given | {one.arg: self.read(one.value) for one in node.keywords if one.arg}


busy: list[ast.AST] = []  # what is just being followed
seen: set[str] = set()  # the exceptions that were followed to


def written(target):
    """A name, or one of self; of other targets nothing."""
    match target:
        case ast.Name(name):
            return name
        case ast.Attribute(ast.Name("self"), name):
            return f"self.{name}"
    return ""


def letters(text):
    return any(letter.isalpha() for letter in text.replace(VALUE, ""))


def product(*parts):
    return ["".join(each) for each in itertools.product(*parts)]


def filled(template):
    return "".join(literal + (VALUE if name is not None else "")
                   for literal, name, _, _ in Formatter().parse(template))  # fmt: skip


@cache
def probes(several=2):
    """The sentences, with where they are from; a list of values has so many."""
    found = {}
    for home, tree in modules().items():
        if home in INTERNAL:
            continue
        for node, function in functions_of(tree).items():
            reader = Reader(home, function, several=several)
            texts = []
            match node:
                case ast.Raise(exc=ast.Call() as call):
                    texts = reader.read(call)
                case ast.Call(func=ast.Name(name)) if name in SENTENCES:
                    texts = reader.read(node)
                case ast.Call(func=ast.Attribute(attr="append"), args=[text]):
                    if "left_out" in ast.unparse(node.func):
                        texts = reader.read(text)
                case ast.Call(func=ast.Attribute(attr="check"), args=[ast.JoinedStr() as name, _]):
                    end = f"={VALUE} must be a whole number between {VALUE} and {VALUE}"
                    texts = [text + end for text in reader.read(name)]
                case ast.Assign(targets=[ast.Name(name)], value=value) if name in CONSTANTS:
                    texts = reader.read(value)
            for text in texts:
                if letters(text) and not text.startswith(INTERNAL_BEGINNINGS):
                    found.setdefault(text, f"{home}:{node.lineno}")
    return found


def unread():
    """The exceptions that are made somewhere without a raise that leads there."""
    probes()
    return {
        f"{home}:{node.lineno} {ast.unparse(node)}"
        for home, tree in modules().items()
        if home not in INTERNAL
        for node in inside(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if is_exception(node.func.id) and node.args and ast.unparse(node) not in seen
    }
