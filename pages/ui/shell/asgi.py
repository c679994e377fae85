"""The web server's routes and middleware in addition to Streamlit's; `app.py` registers them."""

import json
from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from ae_core.storage.files import ROOT
from ae_core.text.sentences import entries, languages, say
from pages.ui import streamlit_adapter
from pages.ui.shell import class_routes, visitor_cookie
from pages.ui.shell.deadline import BodyDeadline
from pages.ui.shell.navigation import LOGO, typed_addresses
from pages.ui.shell.page_limit import MAX_PAGES, PageLimit
from pages.ui.shell.protection import Protection
from pages.ui.shell.uploads import UploadLimit
from pages.ui.shell.visitor_cookie import VisitorCookie
from pages.ui.state.base_path import base_path
from pages.ui.widgets import addressed
from pages.ui.widgets.component import (
    MEDIA_TYPES,
    ROUTE,
    browser_files,
    relative_address,
    version,
)

# What connection.js tells apart.
PROBLEMS = (
    "connection.blocked",
    "connection.crowded",
    "connection.unreachable",
    "connection.offline",
)
WORDS = "streamlit."  # the texts that streamlit_words.js puts in the place of Streamlit's
# A browser may cache a file of this version forever; other versions have other addresses.
KEEP = "public, max-age=31536000, immutable"
MIDDLEWARE = (
    Middleware(Protection),
    Middleware(BodyDeadline),
    Middleware(UploadLimit),
    Middleware(PageLimit),
    Middleware(VisitorCookie),
)  # from the outside in


def routes(pages: Path) -> list[Route]:
    """Return routes for all pages in a folder, Home, their files, other addresses, the cookie."""
    base = base_path()
    names = ["", *(page.stem for page in sorted(pages.glob("*.py")))]
    return [
        Route(f"{base}/{ROUTE}/{{version}}/{{path:path}}", _browser_file),
        Route(f"{base}/{addressed.ROUTE}/{{name}}", _addressed),
        Route(f"{base}{LOGO}", _logo),
        *visitor_cookie.routes(),
        *class_routes.routes(),
        *(Route(f"{base}/{name}", partial(_index, name)) for name in names),
        *(Route(f"{base}/{word}", partial(_moved, own)) for word, own in typed_addresses().items()),
    ]


async def _browser_file(request: Request) -> Response:
    """Return one of `browser_files`; other files on the disk are not accessible."""
    path = request.path_params["path"]
    content = browser_files().get(path)
    if content is None:
        return Response(status_code=404)
    kept = KEEP if request.path_params["version"] == version() else "no-cache"
    media_type = MEDIA_TYPES[Path(path).suffix]
    return Response(content, media_type=media_type, headers={"Cache-Control": kept})


async def _addressed(request: Request) -> Response:
    """Return bytes that a page has just named; a hash as their name is a permission to see them."""
    found = addressed.find(request.path_params["name"])
    if found is None:
        return Response(status_code=404)
    packed = found.packed is not found.content
    packed &= "gzip" in request.headers.get("Accept-Encoding", "")
    # Named in any case: without this header, Streamlit's server packs at each request.
    encoding = "gzip" if packed else "identity"
    headers = {"Cache-Control": KEEP, "Content-Encoding": encoding, "Vary": "Accept-Encoding"}
    content = found.packed if packed else found.content
    return Response(content, media_type="application/octet-stream", headers=headers)


async def _logo(_: Request) -> Response:
    kept = {"Cache-Control": "public, max-age=86400"}
    return Response(_logo_file(), media_type="image/png", headers=kept)


@lru_cache
def _logo_file() -> bytes:
    return (ROOT / "assets" / "logo.png").read_bytes()


async def _moved(name: str, request: Request) -> Response:
    """Lead to a page's own address, relative: only the browser knows what a proxy has cut off."""
    query = request.url.query
    return RedirectResponse(f"./{name}?{query}" if query else f"./{name}")


async def _index(name: str, _: Request) -> Response:
    # At the end: of two rules of the same weight, ours counts and not Streamlit's in the head.
    style = f'<link rel="stylesheet" href="{relative_address("shell/frame.css")}">'
    page = streamlit_adapter.index_page(_head(name), style)
    return HTMLResponse(page, headers={"Cache-Control": "private, no-cache"})


@lru_cache
def _head(name: str) -> str:
    """Return what a page has in its head: the scripts that run before Streamlit's own.

    Their addresses are relative, as only the browser knows where a proxy has the app.
    """
    sentences = {
        language: {key.split(".")[1]: say(key, language, most=MAX_PAGES) for key in PROBLEMS}
        for language in languages()
    }
    own = {
        language: {
            key.removeprefix(WORDS): said
            for key, said in entries(language).items()
            if key.startswith(WORDS)
        }
        for language in languages()
    }
    return (
        f'<script type="module" src="{relative_address("shell/base.js")}" data-page="{name}">'
        "</script>"
        f'<script type="module" src="{relative_address("shell/document_language.js")}"></script>'
        f'<script type="module" src="{relative_address("shell/narrow_menu.js")}"></script>'
        f'<script type="module" src="{relative_address("shell/connection.js")}"></script>'
        f'<link rel="stylesheet" href="{relative_address("shell/connection.css")}">'
        f'<script type="module" src="{relative_address("shell/streamlit_words.js")}"></script>'
        f'<script type="application/json" id="connection-texts">{_json(sentences)}</script>'
        f'<script type="application/json" id="streamlit-words">{_json(own)}</script>'
    )


def _json(texts: Mapping[str, Mapping[str, str]]) -> str:
    """Return texts as they may stand in a page."""
    return json.dumps(texts, ensure_ascii=False).replace("<", "\\u003c")
