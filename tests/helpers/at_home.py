"""Models taken home: saved from the app, and opened from the disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.helpers.lab_page import open_page
from tests.helpers.lab_server import LAPTOP


def taken_home(page: Page, path: str, folder: Path) -> Path:
    """Save the file that a page of the app offers."""
    open_page(page, path)
    page.get_by_role("button", name="Take home").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Save the file").click()
    saved = folder / download.value.suggested_filename
    download.value.save_as(saved)
    return saved


@contextmanager
def at_home(browser: Browser, file: Path, *, wasm: bool = True) -> Iterator[Page]:
    """Open a file from the disk without a network; whatever it asks for fails the test."""
    with browser.new_context(**LAPTOP, offline=True) as context:
        tab = context.new_page()
        asked: list[str] = []
        errors: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", partial(note_error, errors))
        tab.on("pageerror", lambda error: errors.append(str(error)))
        if not wasm:
            tab.add_init_script("delete globalThis.WebAssembly")
        tab.goto(file.as_uri())
        tab.wait_for_selector(".row input", state="attached")
        yield tab
        assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
        assert errors == []


def note_error(errors: list[str], said: ConsoleMessage) -> None:
    if said.type == "error":
        errors.append(said.text)
