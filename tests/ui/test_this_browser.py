"""Who a page takes a browser for by its cookie, and what it says about that."""

import time

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from pages.ui.state.identity import Identity, cookie_name, earlier_identity, secret, signed
from pages.ui.streamlit_adapter import XSRF_COOKIE
from tests.helpers.app_page import PAGES, opened, texts

pytestmark = pytest.mark.usefixtures("own_runs")

PAGE = "pages/classroom.py"
NO_COOKIE = "This browser keeps no cookie"
TOKEN = b"0123456789abcdef"


@pytest.fixture
def book():
    from pages.ui.backend import service as backend

    return backend.classroom_service()


@pytest.fixture
def browser(monkeypatch):
    """Have the pages see a browser's cookies."""

    def with_cookies(cookies: dict[str, str]) -> None:
        monkeypatch.setattr(ContextProxy, "cookies", cookies)

    return with_cookies


def cookies_of(who: Identity, key: str = "") -> dict[str, str]:
    return {cookie_name(secret(), ""): signed(who, key or secret(), time.time())}


def teaches(page) -> bool:
    return "Your classes" in texts(page.markdown)


def test_the_cookie_is_who_a_visitor_is(book, browser):
    ada = Identity()
    book.open_class(ada.name)
    browser(cookies_of(ada))
    page = opened(PAGE)
    assert teaches(page)
    assert "until you close it" in texts(page.caption)
    assert ada.name not in "".join(str(each.proto) for each in page.main)
    browser(cookies_of(Identity()))
    assert not teaches(opened(PAGE))


@pytest.mark.parametrize("forged", ["another key", "unsigned", "empty"])
def test_a_forged_cookie_is_nobody_s(forged, book, browser):
    ada = Identity()
    book.open_class(ada.name)
    found = cookies_of(ada, "x" * 43 if forged == "another key" else "")
    if forged != "another key":
        found = dict.fromkeys(found, ada.name if forged == "unsigned" else "")
    browser(found)
    page = opened(PAGE)
    assert not teaches(page)
    assert NO_COOKIE in texts(page.caption)


def test_an_open_tab_of_the_earlier_version_keeps_its_name(book, browser):
    book.open_class(earlier_identity(TOKEN).name)
    browser({XSRF_COOKIE: generate_xsrf_token_string(TOKEN)})
    page = opened(PAGE)
    assert teaches(page)
    assert NO_COOKIE not in texts(page.caption)


def test_a_remembered_browser_is_told_so(browser):
    browser(cookies_of(Identity(remembered=True)))
    assert "for 200 days after your last visit" in texts(opened(PAGE).caption)


@pytest.mark.parametrize("page", ["app.py", *PAGES])
def test_only_where_no_cookie_is_kept_the_page_says_that_all_ends_with_the_tab(page, browser):
    assert texts(opened(page).caption).count(NO_COOKIE) == 1
    browser(cookies_of(Identity()))
    assert NO_COOKIE not in texts(opened(page).caption)
