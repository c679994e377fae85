"""WebKitGTK, the engine of Safari on another system, driven by Selenium."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Remote, WebKitGTKOptions, WebKitGTKService
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.pointer_input import PointerInput
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.file_detector import UselessFileDetector
from selenium.webdriver.remote.remote_connection import RemoteConnection

from tests.helpers.lab_server import LAPTOP
from tests.helpers.other_browsers import WATCH, Tab, a_display

BROWSERS = tuple(Path("/usr").glob("lib*/**/webkit2gtk-4*/MiniBrowser"))
# Its driver tells nothing of a page's console. The page is asked before its own scripts have run.
LISTEN = f"""(address) => {{
  if (window.left || location.href !== address) return false;
  if (window.complaints) return true;
  window.complaints = [];
  const note = (...words) => window.complaints.push(words.map(String).join(" "));
  console.error = note;
  addEventListener("error", ({{ message }}) => message && note(message));
  addEventListener("unhandledrejection", ({{ reason }}) => note(reason));
  {WATCH};
  return true;
}}"""


class WebKit(Tab):
    """WebKit's own small browser. Its driver makes a mouse of a finger."""

    pointers = ("mouse",)

    def __init__(self, driver: Remote, url: str) -> None:
        """Begin with the window of a driver."""
        self._driver, self._url = driver, url
        self._mouse = PointerInput("mouse", "mouse")

    def open(self, path: str) -> None:
        address = self._url + path

        def listens() -> bool:
            try:
                return bool(self.run(LISTEN, address))
            except WebDriverException:  # the page before is just going
                return False

        self.run("() => { window.left = true; }")
        self._driver.get(address)  # which waits for nothing
        self.until(listens, f"{path} does not open")

    def run(self, function: str, *values: str) -> Any:
        return self._driver.execute_script(f"return ({function})(...arguments)", *values)

    def screen(self) -> bytes:
        return self._driver.get_screenshot_as_png()

    def _act(self) -> ActionBuilder:
        return ActionBuilder(self._driver, mouse=self._mouse, duration=0)

    def press(self, x: int, y: int, pointer: str = "mouse") -> None:
        actions = self._act()
        actions.pointer_action.move_to_location(x, y).pointer_down()
        actions.perform()

    def move(self, x: int, y: int, pointer: str = "mouse") -> None:
        actions = self._act()
        actions.pointer_action.move_to_location(x, y)
        actions.perform()

    def release(self, pointer: str = "mouse") -> None:
        actions = self._act()
        actions.pointer_action.pointer_up()
        actions.perform()

    def choose_file(self, path: Path) -> None:
        self._driver.find_element("css selector", "input[type=file]").send_keys(str(path))

    def complaints(self) -> list[str]:
        return list(self.run("() => window.complaints?.splice(0) ?? []"))


@contextmanager
def webkit(_: Path, url: str) -> Iterator[WebKit]:
    """Start a WebKit for the app at an address; the test is skipped where there is none."""
    program, browser = shutil.which("WebKitWebDriver"), next(iter(BROWSERS), None)
    if program is None or browser is None:
        pytest.skip("no WebKit: `make browser` installs one")
    options = WebKitGTKOptions()
    options.binary_location = str(browser)
    options.add_argument("--automation")
    options.page_load_strategy = "none"
    with a_display() as display:
        environment = {**os.environ, "DISPLAY": display, "LANGUAGE": "en"}
        service = WebKitGTKService(program, env=environment)
        service.start()
        try:
            config = ClientConfig(remote_server_addr=service.service_url)
            driver = Remote(
                RemoteConnection(client_config=config),
                options=options,
                file_detector=UselessFileDetector(),
            )
            driver.set_window_rect(0, 0, *LAPTOP["viewport"].values())
            yield WebKit(driver, url)
            driver.quit()
        finally:
            service.stop()
