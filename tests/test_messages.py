"""The messages to visitors: the code makes each, a test meets it, and every language says it."""

import ast
import re
import string
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ae_core import errors
from ae_core.errors import Message, UserError
from ae_core.runs.folder import OLD_REASONS
from ae_core.storage.files import ROOT
from ae_core.text.sentences import FALLBACK, entries, languages, sentence

BEGIN = "message."
ENTRIES = {
    name: {key.removeprefix(BEGIN): entry for key, entry in known.items() if key.startswith(BEGIN)}
    for name, known in ((name, entries(name)) for name in languages())
}
KEYS = sorted(ENTRIES[FALLBACK])
MAKERS = {"Message", *(kind.__name__ for kind in vars(errors).values()
          if isinstance(kind, type) and issubclass(kind, UserError))}  # fmt: skip
KEY_PLACE = 0  # of their arguments


@cache
def trees(*folders: str) -> dict[Path, ast.Module]:
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def fields(entry):
    """The fields of an entry, each with its format; one that stands twice with the stricter."""
    found = {}
    for _, name, spec, _ in string.Formatter().parse(entry):
        if name is not None:
            found[name] = spec or found.get(name, "")
    return found


# --- the code ---------------------------------------------------------------------------------


class Maker:
    """A function that makes a message of a key: one of its arguments, with something before it."""

    def __init__(self, place, before="", given=()):
        self.place, self.before, self.given = place, before, given


def called(node):
    """What a call calls, by its last name, and its arguments; those of a `partial` count, too."""
    match node:
        case ast.Call(ast.Name("partial"), [function, *rest]):
            return called(ast.Call(function, rest, node.keywords))
        case ast.Call(ast.Attribute(message, "of")) if ast.unparse(message).endswith("Message"):
            return "Message", node.args, node.keywords
        case ast.Call(ast.Attribute(ast.Name("_log" | "notice"))):
            return "", [], []
        case ast.Call(ast.Attribute(_, name) | ast.Name(name)):
            return name, node.args, node.keywords
    return "", [], []


@cache
def makers(folder: Path):
    """Who makes messages in a package: errors, and functions that hand a key on to a maker."""
    found = {name: Maker(KEY_PLACE) for name in MAKERS}
    functions = [node for path, tree in trees("ae_core", "pages").items() if path.parent == folder
                 for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]  # fmt: skip
    for _ in range(3):  # a function may hand on to one that hands on
        for function in functions:
            own = [one.arg for one in (*function.args.posonlyargs, *function.args.args)]
            own = own[1:] if own[:1] in (["self"], ["cls"]) else own
            for node in ast.walk(function):
                name, args, keywords = called(node)
                if name not in found or len(args) <= found[name].place:
                    continue
                match args[found[name].place]:
                    case ast.Name(key) if key in own:
                        before = found[name].before
                    case ast.JoinedStr([ast.Constant(before), ast.FormattedValue(ast.Name(key))]):
                        pass
                    case _:
                        continue
                given = {one.arg for one in keywords if one.arg} | set(found[name].given)
                if key in own and function.name not in ("__init__", name):
                    found.setdefault(function.name, Maker(own.index(key), before, given))
    return found


def literal_keys(node, function):
    """The keys that an argument can be; none if it is handed on from elsewhere."""
    match node:
        case ast.Constant(str() as key):
            return [key]
        case ast.IfExp(_, one, other):
            return [*literal_keys(one, function), *literal_keys(other, function)]
        case ast.Name(name) if function is not None:
            return [key for found in ast.walk(function) if isinstance(found, ast.Assign)
                    if name in map(ast.unparse, found.targets)
                    for key in literal_keys(found.value, None)]  # fmt: skip
    return []


@cache
def made():
    """Every message that the code makes: its key, the values given, and where."""
    found = []
    for path, tree in trees("ae_core", "pages").items():
        inside = {}
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                inside |= dict.fromkeys(ast.walk(function), function)
        for node in ast.walk(tree):
            name, args, keywords = called(node)
            maker = makers(path.parent).get(name)
            if maker is None or len(args) <= maker.place:
                continue
            given = {one.arg for one in keywords} | set(maker.given)  # None stands for **values
            for key in literal_keys(args[maker.place], inside.get(node)):
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                found.append((maker.before + key, frozenset(given), place))
    return found


def test_every_message_of_the_code_has_an_entry_and_its_values():
    assert len(made()) > 120
    wrong = []
    for key, given_, place in made():
        entry = ENTRIES[FALLBACK].get(key)
        if entry is None or not (None in given_ or set(fields(entry)) <= given_):
            wrong.append((key, place))
    assert wrong == []


def test_every_entry_is_a_message_of_the_code():
    assert set(KEYS) - {key for key, _, _ in made()} - set(OLD_REASONS.values()) == set()


def test_what_older_runs_say_has_the_values_of_its_message():
    for pattern, key in OLD_REASONS.items():
        assert set(re.compile(pattern).groupindex) >= set(fields(ENTRIES[FALLBACK][key]))


# --- the languages ----------------------------------------------------------------------------


@pytest.mark.parametrize("language", languages())
def test_every_language_has_the_same_messages_with_the_same_values(language):
    assert sorted(ENTRIES[language]) == KEYS
    differing = [key for key in KEYS if set(fields(ENTRIES[language][key])) != set(
        fields(ENTRIES[FALLBACK][key]))]  # fmt: skip
    assert differing == []


@pytest.mark.parametrize("language", languages())
def test_a_message_names_no_path_and_no_variable_of_the_server(language):
    pattern = re.compile(r"AE_|\.npz|\{(path|folder|address|port)\b|(?<![\w}])/\w")
    assert [key for key, entry in ENTRIES[language].items() if pattern.search(entry)] == []


TEXTS = st.text(max_size=300)
NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(10**400), 2**53, 0, 1])
INNER = st.builds(lambda text: Message.of("verbatim", text=text), TEXTS)


def value_of(written):
    """Values for a field of this format: also ones that only an attacker or a bug would give."""
    if written in ("or", "and"):
        return st.lists(TEXTS | NUMBERS, max_size=9).map(tuple)
    if written.startswith("n "):
        return st.integers()
    if written[-1:] in ("f", "d", "g"):
        return NUMBERS
    return TEXTS if written else TEXTS | NUMBERS | INNER | st.booleans() | st.none()


@pytest.mark.samples(12)
@pytest.mark.parametrize("key", KEYS)
@given(data=st.data())
@settings(max_examples=20)
def test_a_message_is_said_whatever_its_values(key, data):
    for language in languages():
        wanted = fields(ENTRIES[language][key])
        values = {name: data.draw(value_of(written)) for name, written in wanted.items()}
        assert len(sentence(Message(key, values), language)) < 4000


# --- the tests --------------------------------------------------------------------------------


def words_of(tree):
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}


def test_every_message_is_met_by_a_test():
    """`tests.helpers.refusals` then says it in every language."""
    folders = {path.parent for path in trees("ae_core", "pages")}
    beginnings = {maker.before for folder in folders for maker in makers(folder).values()} - {""}
    named = set()
    for path, tree in trees("tests").items():
        if path == Path(__file__):
            continue
        words = words_of(tree)
        named |= words & set(KEYS)
        named |= {before + word for before in beginnings & words for word in words
                  if isinstance(word, str)}  # fmt: skip
    assert set(KEYS) - named == set()
