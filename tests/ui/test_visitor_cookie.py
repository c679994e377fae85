"""Which cookie a browser gets, when it gets another one, and who may ask for that."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from http.cookies import Morsel, SimpleCookie

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from pages.ui.shell import visitor_cookie
from pages.ui.shell.visitor_cookie import VisitorCookie, routes
from pages.ui.state.identity import (
    DAYS,
    RENEWED_AFTER,
    SECONDS_PER_DAY,
    Identity,
    cookie_name,
    earlier_identity,
    signed,
    verified,
)
from pages.ui.streamlit_adapter import XSRF_COOKIE

SECRET, OTHER = "s" * 43, "t" * 43
NAME = cookie_name(SECRET, "")
ADA = Identity("0123456789abcdef")
TOKEN = b"0123456789abcdef"
EARLIER = f"{XSRF_COOKIE}={generate_xsrf_token_string(TOKEN)}"
OWN = {"host": "lab.example", "origin": "http://lab.example"}


@pytest.fixture(autouse=True)
def with_secret(monkeypatch):
    monkeypatch.setenv("AE_COOKIE_SECRET", SECRET)


def answer(path: str, method: str = "GET", peer: str = "203.0.113.9", **headers: str):
    """Return the status and the cookies of the answer to a request."""

    async def page(_):
        return HTMLResponse("<p>")

    async def data(_):
        return PlainTextResponse("")

    app = Starlette(
        routes=[Route("/page", page), Route("/data", data), *routes()],
        middleware=[Middleware(VisitorCookie)],
    )
    sent = []

    async def asked() -> None:
        async def receive():
            return {"type": "http.request"}

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "scheme": headers.pop("scheme", "http"),
            "path": path,
            "query_string": b"",
            "client": (peer, 1),
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
        }
        await app(scope, receive, send)

    with ThreadPoolExecutor(1) as thread:  # browser tests have a loop in the main thread
        thread.submit(asyncio.run, asked()).result()
    jar = SimpleCookie()
    for name, value in sent[0]["headers"]:
        if name == b"set-cookie":
            jar.load(value.decode())
    return sent[0]["status"], jar


def given(path: str, *args, **headers) -> Morsel | None:
    """Return the app's cookie that an answer sets."""
    return answer(path, *args, **headers)[1].get(NAME)


def who(cookie: Morsel | None) -> Identity:
    assert cookie is not None
    found = verified(cookie.value, SECRET, time.time())
    assert found is not None
    return found[0]


def cookie(identity: Identity, age: float = 0.0, secret: str = SECRET) -> str:
    return f"{NAME}={signed(identity, secret, time.time() - age)}"


def test_a_browser_gets_a_cookie_with_its_first_page_that_ends_with_it():
    found = given("/page")
    assert found is not None
    assert found["httponly"]
    assert (found["samesite"], found["path"]) == ("lax", "/")
    assert (found["max-age"], found["expires"], found["secure"]) == ("", "", "")
    assert not who(found).remembered
    assert who(found) != who(given("/page"))


def test_only_pages_give_cookies():
    assert given("/data") is None
    assert given("/nothing") is None


def test_a_browser_keeps_its_name():
    assert given("/page", cookie=cookie(ADA)) is None


@pytest.mark.parametrize("remembered", [False, True])
def test_an_older_cookie_is_renewed(remembered):
    ada = Identity(ADA.name, remembered)
    found = given("/page", cookie=cookie(ada, RENEWED_AFTER + 60))
    assert who(found) == ada
    assert found is not None
    assert found["max-age"] == (str(DAYS * SECONDS_PER_DAY) if remembered else "")


@pytest.mark.parametrize(
    "written",
    [
        cookie(ADA, secret=OTHER),
        cookie(ADA, DAYS * SECONDS_PER_DAY + 60),
        cookie(ADA)[:-1],
        f"{NAME}={ADA.name}",
        f'{NAME}="\\377',
        f"{NAME}=",
    ],
)
def test_what_is_no_valid_cookie_is_replaced(written):
    assert who(given("/page", cookie=written)).name != ADA.name


def test_who_visited_an_earlier_version_keeps_the_name():
    assert who(given("/page", cookie=EARLIER)) == earlier_identity(TOKEN)
    assert given("/page", cookie=f"{EARLIER}; {cookie(ADA)}") is None


@pytest.mark.parametrize(
    ("peer", "headers", "secure"),
    [
        ("203.0.113.9", {"scheme": "https"}, True),
        ("127.0.0.1", {"x_forwarded_proto": "https"}, True),
        ("127.0.0.1", {"x_forwarded_proto": "https, http"}, True),
        ("127.0.0.1", {"x_forwarded_proto": "http"}, False),
        ("203.0.113.9", {"x_forwarded_proto": "https"}, False),  # a stranger says so
    ],
)
def test_what_came_by_https_goes_by_https_alone(peer, headers, secure):
    found = given("/page", peer=peer, **headers)
    assert found is not None
    assert bool(found["secure"]) == secure


def test_a_browser_is_remembered_when_its_visitor_says_so():
    found = given("/visitor/remember", "POST", cookie=cookie(ADA), **OWN)
    assert who(found) == Identity(ADA.name, True)
    assert found is not None
    assert found["max-age"] == str(DAYS * SECONDS_PER_DAY)


def test_a_tab_of_an_earlier_version_is_remembered_by_its_name():
    found = given("/visitor/remember", "POST", cookie=EARLIER, **OWN)
    assert who(found) == Identity(earlier_identity(TOKEN).name, True)


def test_who_leaves_is_somebody_new_for_good():
    known = f"{cookie(Identity(ADA.name, True))}; {EARLIER}"
    status, jar = answer("/visitor/leave", "POST", cookie=known, **OWN)
    assert status == 204
    assert who(jar[NAME]).name not in (ADA.name, earlier_identity(TOKEN).name)
    assert not who(jar[NAME]).remembered
    assert not jar[NAME]["max-age"]  # the browser drops the lasting one
    assert jar[XSRF_COOKIE]["max-age"] == "0"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (OWN, 204),
        (OWN | {"sec_fetch_site": "same-origin"}, 204),
        (OWN | {"x_forwarded_host": "school.example", "origin": "https://school.example"}, 204),
        (OWN | {"sec_fetch_site": "cross-site"}, 403),
        (OWN | {"sec_fetch_site": "same-site"}, 403),
        (OWN | {"origin": "http://elsewhere.example"}, 403),
        (OWN | {"origin": "http://lab.example:81"}, 403),
        (OWN | {"origin": "null"}, 403),
        ({"host": "lab.example"}, 403),
        ({"origin": "null"}, 403),
        ({}, 403),
    ],
)
@pytest.mark.parametrize("action", ["remember", "leave"])
def test_only_the_app_s_own_pages_change_a_cookie(action, headers, status):
    found, jar = answer(f"/visitor/{action}", "POST", cookie=cookie(ADA), **headers)
    assert found == status
    assert bool(jar) == (status == 204)


@pytest.mark.parametrize("action", ["remember", "leave"])
def test_no_link_changes_a_cookie(action):
    assert answer(f"/visitor/{action}", cookie=cookie(ADA), **OWN)[0] == 405


def test_the_cookie_is_for_the_app_s_base_path(monkeypatch):
    monkeypatch.setattr(visitor_cookie, "base_path", lambda: "/lab")
    found = answer("/page")[1][cookie_name(SECRET, "/lab")]
    assert found["path"] == "/lab"
    assert answer("/lab/visitor/leave", "POST", **OWN)[0] == 204


def test_a_page_comes_without_a_cookie_while_the_database_does_not_answer(monkeypatch, tmp_path):
    monkeypatch.delenv("AE_COOKIE_SECRET")
    monkeypatch.setenv("AE_DATABASE", f"sqlite:///{tmp_path / 'missing' / 'lab.db'}")
    assert answer("/page") == (200, SimpleCookie())
    assert answer("/visitor/leave", "POST", **OWN) == (503, SimpleCookie())


def test_a_short_secret_stops_the_server_at_its_start(monkeypatch):
    monkeypatch.setenv("AE_COOKIE_SECRET", "short")
    with pytest.raises(ValueError, match="AE_COOKIE_SECRET has 5 of at least 32 characters"):
        VisitorCookie(Starlette())
