"""What the web server is told: where it is, to answer at once, and to serve the pages' files."""

import asyncio
import json
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import NamedTuple
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette
from streamlit.url_util import is_relative_static_url

from ae_core.models.pretrained import cards
from ae_core.storage.files import ROOT
from ae_core.text.sentences import languages, say
from pages.ui.backend.images import thumbnail
from pages.ui.i18n.text import slug
from pages.ui.shell.asgi import KEEP, PROBLEMS, routes
from pages.ui.shell.lifespan import lifespan
from pages.ui.shell.navigation import LOGO
from pages.ui.shell.navigation import PAGES as NAVIGATION
from pages.ui.shell.page_limit import MAX_PAGES
from pages.ui.widgets import component
from pages.ui.widgets.addressed import Addressed
from pages.ui.widgets.component import UI, address, browser_files, needed, relative_address

PAGES = ROOT / "pages"
SCRIPT = "widgets/compare_slider.js"


def in_a_loop(coroutine):
    """What a coroutine returns; in a thread, as a browser of other tests has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


@pytest.fixture(params=["", "lab", "/school/lab/"])
def base_path(request, monkeypatch):
    monkeypatch.setattr(component.st, "get_option", {"server.baseUrlPath": request.param}.get)
    return f"/{request.param.strip('/')}".rstrip("/")


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    content: bytes


@pytest.fixture
def get(base_path):
    """Ask the routes, as a web server does, for a path as it stands in a request's first line."""
    app = Starlette(routes=routes(PAGES))

    def ask(asked: str) -> Answer:
        sent = []

        async def answered() -> None:
            async def receive():
                return {"type": "http.request"}

            async def send(message):
                sent.append(message)

            path, _, query = asked.partition("?")
            scope = {"type": "http", "method": "GET", "headers": [], "query_string": query.encode()}
            await app(scope | {"path": unquote(path), "raw_path": path.encode()}, receive, send)

        in_a_loop(answered())
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], headers, b"".join(m["body"] for m in sent[1:]))

    return ask


def test_every_page_has_a_route_below_the_base_path(base_path, get):
    for name in ("", *(page.stem for page in PAGES.glob("*.py"))):
        assert '<div id="root"></div>' in get(f"{base_path}/{name}").content.decode()


@pytest.mark.parametrize(
    ("typed", "page"),
    [
        ("latent-space", "latent_space"),
        ("class", "classroom"),
        ("your-pictures", "own_pictures"),
        ("lesson", "lessons"),
        ("latenter-raum?lang=de", "latent_space?lang=de"),
        ("home?lang=de&x=%26%2F", "?lang=de&x=%26%2F"),
    ],
)
def test_an_address_that_people_type_leads_to_the_page(base_path, get, typed, page):
    """The way there is relative, as a proxy may have cut the beginning of the path off."""
    answer = get(f"{base_path}/{typed}")
    assert answer.status == 307
    assert answer.headers["location"] == f"./{page}"


def test_whatever_a_menu_calls_a_page_can_be_typed(base_path, get):
    for path, name, _ in NAVIGATION:
        for language in languages():
            answer = get(f"{base_path}/{slug(say(f'frame.page.{slug(name)}', language))}")
            assert answer.status == 200 or answer.headers["location"].endswith(
                "/" if path == "app.py" else Path(path).stem
            )


def test_the_logo_has_an_address_that_streamlit_does_not_change(base_path, get):
    answer = get(f"{base_path}{LOGO}")
    assert answer.content == (ROOT / "assets" / "logo.png").read_bytes()
    assert answer.headers["content-type"] == "image/png"
    assert is_relative_static_url(LOGO)


def test_a_page_finds_its_server_by_its_own_name(base_path, get):
    """The browser cuts the name off its path: no path of the server's stands in the page."""
    before, after = get(f"{base_path}/train").content.decode().split("<script", 1)
    assert before.rstrip().endswith("<head>")  # before any script of Streamlit's
    script = relative_address("shell/base.js")
    assert after.startswith(f' type="module" src="{script}" data-page="train">')
    assert (
        get(f"{base_path}/{script.removeprefix('./')}").content
        == (UI / "shell/base.js").read_bytes()
    )


def test_a_page_has_the_sentences_for_a_lost_connection_in_every_language(get, base_path):
    page = get(f"{base_path}/train").content.decode()
    found = re.search(r'id="connection-texts">(.*?)</script>', page)
    assert found
    sentences = json.loads(found[1])
    assert set(sentences) == set(languages())
    for language, each in sentences.items():
        assert each == {key.split(".")[1]: say(key, language, most=MAX_PAGES) for key in PROBLEMS}
        assert str(MAX_PAGES) in each["crowded"]


def test_a_file_of_the_pages_is_served_below_the_base_path_and_kept_for_good(base_path, get):
    answer = get(address(SCRIPT))
    assert answer.content == (UI / SCRIPT).read_bytes()
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == KEEP
    assert address(SCRIPT).startswith(f"{base_path}/ui/")
    styles = get(address("widgets/compare_slider.css"))
    assert styles.headers["content-type"] == "text/css; charset=utf-8"


def test_the_decoder_s_engine_is_served_as_webassembly_and_kept_for_good(base_path, get):
    answer = get(address("pickers/decoder_wasm.wasm"))
    assert answer.content == (UI / "pickers/decoder_wasm.wasm").read_bytes()
    assert answer.headers["content-type"] == "application/wasm"
    assert answer.headers["cache-control"] == KEEP


def test_bytes_that_a_page_has_named_are_served_and_kept_for_good(base_path, get):
    content = Addressed(f"of {base_path}".encode())
    assert get(f"{base_path}/bytes/{content.name}").status == 404
    where = content.address()
    answer = get(base_path + where.removeprefix("."))
    assert answer.content == content.content
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == KEEP
    assert get(f"{base_path}/bytes/{'0' * 64}").status == 404


def test_a_file_of_another_version_is_asked_for_again(base_path, get):
    answer = get(f"{base_path}/ui/of-another-server/{SCRIPT}")
    assert answer.content == (UI / SCRIPT).read_bytes()
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "widgets",
        "widgets/compare_slider.py",
        "widgets/../widgets/compare_slider.js",
        "../pages/ui/widgets/compare_slider.js",
        "../../app.py",
        "..%2f..%2fapp.py",
        "%2e%2e/%2e%2e/app.py",
        "/etc/passwd",
        "//etc/passwd",
        f"{UI}/widgets/compare_slider.js",
        "widgets\\compare_slider.js",
        "widgets/compare_slider.js%00",
        "classroom/wall.py",
    ],
)
def test_nothing_else_is_served(get, path):
    assert get(address(path)).status == 404


@pytest.mark.parametrize("model", cards().values(), ids=cards())
def test_a_models_thumbnail_is_served_and_may_be_cached_for_ever(get, model):
    answer = get(address(component.thumbnail(model.name)))
    assert address(component.thumbnail(model.name)).endswith(thumbnail(model).removeprefix("."))
    assert answer.content == model.thumbnail.read_bytes()
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]


def components() -> list[str]:
    """Return the modules that have a component, by their paths in ``pages/ui``."""
    makes = re.compile(r"\b(component|live_view)\(\s*__file__")
    found = [module for module in UI.rglob("*.py") if makes.search(module.read_text())]
    return [module.relative_to(UI).with_suffix("").as_posix() for module in found]


@pytest.mark.parametrize("name", components())
def test_a_component_has_its_files_and_shows_when_its_styles_are_there(name):
    """A component is invisible until a style of its own says otherwise."""
    assert f"{name}.js" in browser_files()
    if "styled=False" not in (UI / f"{name}.py").read_text():
        styles = "".join(browser_files()[path].decode() for path in needed(f"{name}.css"))
        assert re.search(r":host \{[^}]*visibility: visible;", styles)


def test_all_that_a_file_imports_is_asked_for_at_once():
    assert components()
    assert needed("latent/map.css") == ["latent/map.css", "latent/view.css", "widgets/controls.css"]
    scripts = needed("latent/sliders.js")
    assert scripts[0] == "latent/sliders.js"
    assert {"pickers/live_decoder.js", "pickers/decoder_layers.js"} < set(scripts)


@pytest.mark.parametrize(
    "path", [each for each in browser_files() if each.endswith((".js", ".css"))]
)
def test_every_import_is_of_a_file_that_is_served(path):
    imports = re.findall(
        r'^(?:import .*?from|@import) "([^"]+)"', browser_files()[path].decode(), re.M
    )
    for name in imports:
        assert normpath(join(dirname(path), name)) in browser_files()


def test_connections_send_small_answers_at_once(monkeypatch):
    # The other tests of this process have a service of their own.
    monkeypatch.setattr("pages.ui.shell.lifespan._start_service", lambda: None)
    with socket.socket() as listener:  # as Streamlit makes it
        listener.bind(("127.0.0.1", 0))
        listener.listen()

        async def served() -> None:
            async with lifespan(None):
                pass

        in_a_loop(served())
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
