"""A page of the app by Streamlit's own test driver: open it, read what it says."""

import functools
import json
import re
from collections.abc import Iterator
from typing import Any

from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from ae_core.storage.files import ROOT

PAGES = (
    "pages/lessons.py",
    "pages/train.py",
    "pages/reconstruct.py",
    "pages/denoise.py",
    "pages/latent_space.py",
    "pages/measure.py",
    "pages/own_pictures.py",
    "pages/classroom.py",
)
SOURCES = [ROOT / "app.py", *sorted((ROOT / "pages").rglob("*.py"))]
LATENT_VIEWS = ("Sliders", "Map", "Walk", "Directions", "Samples", "Posterior", "Match")
# Every page that is opened looks for components through all installed packages, for a third of a
# second and with the same result.
manifest_scanner.scan_component_manifests = functools.cache(
    manifest_scanner.scan_component_manifests
)
# The test driver's cookies are a mock of everything: it shall be a browser that keeps none.
setattr(ContextProxy, "cookies", {})  # noqa: B010 - mypy forbids the assignment
PATIENCE = 180  # seconds: the first page waits for a worker that imports TensorFlow


def opened(page: str, /, visitor: str = "", **query: str) -> AppTest:
    """Open a page with a query, as a link does; without ``visitor``, as a new visitor."""
    test = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE)
    test.switch_page(page) if page != "app.py" else None
    if visitor:
        test.session_state["visitor"] = visitor
    for name, value in query.items():
        test.query_params[name] = value
    return ran(test)


def ran(test: AppTest) -> AppTest:
    """Run a page again after what was clicked; an exception in it fails the test."""
    test.run()
    assert not test.exception, test.exception
    return test


def texts(elements) -> str:
    """What a visitor reads: the escapes that keep quoted text from being markup are gone."""
    return re.sub(r"\\(.)", r"\1", " ".join(element.value for element in elements))


def metric(page: AppTest, label: str) -> str:
    """Return the large figure below a label."""
    return next(m.value for m in page.metric if m.label == label)


def chosen(page: AppTest, key: str) -> str:
    """What a menu with pictures shows as chosen."""
    (menu,) = (one.proto for one in page.get("bidi_component") if one.proto.id.endswith(f"-{key}"))
    return json.loads(menu.json)["chosen"]


READ = {"body", "label", "help", "caption", "options", "placeholder", "text", "title", "element"}
NO_DECIMAL = re.compile(
    r"arXiv \d+\.\d+|Version \d+(?:\.\d+)*|https?:\S+|`[^`]*`|<[^>]*>"  # ids, addresses, names
    r"|(?<![\d.])\d{1,3}(?:\.\d{3})+(?!\.?\d)"  # 4.096
)


def decimal_points(page: AppTest) -> list[str]:
    """What a visitor reads on a page that has a decimal point in it; code is no text."""
    said = (words for block in (page.main, page.sidebar) for words in _read(block))
    return [words for words in said if re.search(r"\d\.\d", NO_DECIMAL.sub("", words))]


def _read(node: Any) -> Iterator[str]:
    if node.type != "code":
        yield from _texts_of(node.proto)
    for child in getattr(node, "children", {}).values():
        yield from _read(child)


def _texts_of(message: Any) -> Iterator[str]:
    """The texts of a protocol message and of all that is in it."""
    for field, value in message.ListFields() if hasattr(message, "ListFields") else ():
        for each in value if field.is_repeated else (value,):
            if isinstance(each, str) and field.name in READ:
                yield each
            elif not isinstance(each, str):
                yield from _texts_of(each)
