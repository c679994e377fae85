"""Debian's Firefox, driven by WebDriver BiDi: it speaks that itself, so no driver is needed.

Playwright drives only a Firefox that is as new as itself.
"""

import base64
import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.helpers.lab_server import LAPTOP
from tests.helpers.other_browsers import PATIENCE, WATCH, Tab

NAMES = ("firefox-esr", "firefox")
LISTENS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
PREFERENCES = {
    # Of its own accord it asks Mozilla's servers this and that; a test must not.
    "app.normandy.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "datareporting.healthreport.uploadEnabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.push.connection.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
    # A finger is no mouse, although no screen is touched.
    "dom.w3c_touch_events.enabled": 1,
}


class Firefox(Tab):
    """Firefox without a window."""

    pointers = ("mouse", "touch")

    def __init__(self, connection: ClientConnection, url: str) -> None:
        """Begin a session with its only tab."""
        self._connection, self._url = connection, url
        self._numbers = itertools.count()
        self._complaints: list[str] = []
        self._ask("session.new", capabilities={})
        (tab,) = self._ask("browsingContext.getTree")["contexts"]
        self._tab: str = tab["context"]
        self._ask("session.subscribe", events=["log.entryAdded"])
        self._ask("script.addPreloadScript", functionDeclaration=f"() => {{ {WATCH} }}")
        self._ask("browsingContext.setViewport", context=self._tab, viewport=LAPTOP["viewport"])

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Give a command and return its result; what the page says meanwhile is noted."""
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(PATIENCE))
            if message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
                self._complaints.append(str(message["params"]["text"]))
            if message.get("id") == number:
                assert message["type"] == "success", message
                return dict(message["result"])

    def open(self, path: str) -> None:
        self._go("about:blank")
        self._complaints.clear()  # of the page before: what it still loaded has not arrived
        self._go(self._url + path)

    def _go(self, url: str) -> None:
        self._ask("browsingContext.navigate", context=self._tab, url=url, wait="interactive")

    def run(self, function: str, *values: str) -> Any:
        answer = self._ask(
            "script.callFunction",
            functionDeclaration=f"(...values) => JSON.stringify(({function})(...values) ?? null)",
            arguments=[{"type": "string", "value": value} for value in values],
            target={"context": self._tab},
            awaitPromise=False,
        )
        assert answer["type"] == "success", answer
        return json.loads(answer["result"]["value"])

    def screen(self) -> bytes:
        shot = self._ask("browsingContext.captureScreenshot", context=self._tab)
        return base64.b64decode(shot["data"])

    def _act(self, pointer: str, *actions: dict[str, Any]) -> None:
        source = {"type": "pointer", "id": pointer, "parameters": {"pointerType": pointer}}
        self._ask(
            "input.performActions", context=self._tab, actions=[{**source, "actions": [*actions]}]
        )

    def press(self, x: int, y: int, pointer: str = "mouse") -> None:
        down = {"type": "pointerDown", "button": 0}
        self._act(pointer, {"type": "pointerMove", "x": x, "y": y}, down)

    def move(self, x: int, y: int, pointer: str = "mouse") -> None:
        self._act(pointer, {"type": "pointerMove", "x": x, "y": y})

    def release(self, pointer: str = "mouse") -> None:
        self._act(pointer, {"type": "pointerUp", "button": 0})

    def choose_file(self, path: Path) -> None:
        found = self._ask(
            "browsingContext.locateNodes",
            context=self._tab,
            locator={"type": "css", "value": "input[type=file]"},
        )
        element = {"sharedId": found["nodes"][0]["sharedId"]}
        self._ask("input.setFiles", context=self._tab, element=element, files=[str(path)])

    def complaints(self) -> list[str]:
        self._ask("session.status")  # what has been said before comes before the answer
        found, self._complaints = self._complaints, []
        return found


@contextmanager
def firefox(profile: Path, url: str) -> Iterator[Firefox]:
    """Start a Firefox for the app at an address; the test is skipped where there is none.

    Args:
        profile: an empty folder for it.
        url: the app's.
    """
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Firefox: `make browser` installs one")
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(v)});" for name, v in PREFERENCES.items())
    (profile / "user.js").write_text("\n".join(lines))
    command = [program, "--headless", "--remote-debugging-port=0", "--profile", str(profile)]
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        try:
            address = next(filter(None, map(LISTENS.search, process.stderr)))[1]
            with connect(f"{address}/session", max_size=None, proxy=None) as connection:
                yield Firefox(connection, url)
        finally:
            process.terminate()
