"""A simulated student: it uses the protobuf protocol of Streamlit's page, without a browser.

It loads the files that a browser loads, opens the websocket, keeps the states of the widgets on the
page, sends them with every change, fetches the images in the answer, and repeats fragments when the
server asks for it. It draws nothing.
"""

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Delta_pb2 import Delta
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

PATIENCE = 60.0  # seconds after which a student gives up with an error
MOST_BYTES = 64 << 20  # per message
FILES = re.compile(r'(?:src|href)="\./(static/[^"]+)"')
EPOCH = re.compile(r"\d+ / \d+")


class Failure(Exception):
    """The app showed an error, or did not answer."""


@dataclass
class Student:
    """One browser tab.

    Attributes:
        port: the app's port on this machine.
        address: the address for which the app takes it, as behind a proxy; empty for this machine.
        cookie: the cookies of the browser, empty for one that keeps none.
        shown: the elements with an id, by their keys in the app.
        repeats: the seconds after which each fragment has to run again.
        received: bytes received over the websocket.
        epoch: the epoch of the run that the page shows.
    """

    port: int
    address: str = ""
    cookie: str = ""
    shown: dict[str, Any] = field(default_factory=dict)
    repeats: dict[str, float] = field(default_factory=dict)
    received: int = 0
    epoch: int = 0
    _fragments: dict[str, str] = field(default_factory=dict)
    _states: dict[str, WidgetState] = field(default_factory=dict)
    _query: str = ""
    _page: str = ""
    _hash: str = ""
    _cached: set[str] = field(default_factory=set)
    _pictures: set[str] = field(default_factory=set)
    _socket: ClientConnection | None = None
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def query(self) -> dict[str, str]:
        """The query of the present address."""
        return dict(parse_qsl(self._query))

    async def open(self, page: str, query: str, *, files: bool = False) -> float:
        """Open a page of the app through a link and return the seconds until it is complete.

        Args:
            page: its path without a slash, e.g. ``train``.
            query: the query of the link.
            files: whether to load Streamlit's scripts and styles, as with an empty cache.
        """
        started = time.perf_counter()
        await self.close()
        index = await self._get(f"/{page}")
        if files:
            for path in dict.fromkeys(FILES.findall(index.decode())):
                await self._get(f"/{path}")
        for path in ("health", "host-config"):
            await self._get(f"/_stcore/{path}")
        self._socket = await connect(
            f"ws://127.0.0.1:{self.port}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            additional_headers=self._headers(),
            max_size=MOST_BYTES,
            compression=None,
        )
        self.shown, self.repeats, self._states = {}, {}, {}
        self._page, self._query, self._hash = page, query, ""
        await self._run()
        return time.perf_counter() - started

    async def show(self, query: str) -> float:
        """Show the present page with another query; return the seconds until it is complete."""
        self._query = query
        return await self._timed("")

    async def change(self, key: str, **value: Any) -> float:
        """Change a widget's value and return the seconds until the page shows the outcome.

        Args:
            key: the widget's key in the app.
            value: the field of `WidgetState` for its kind, e.g. ``double_value=8``.
        """
        if key not in self.shown:
            raise Failure(f"{key} is not on the page {self._page}, only {sorted(self.shown)}")
        widget = self.shown[key].id
        self._states[widget] = WidgetState(id=widget, **value)
        return await self._timed(self._fragments[key])

    async def repeat(self, fragment: str) -> float:
        """Rerun a fragment, like its timer; return the seconds until it is drawn."""
        return await self._timed(fragment, by_timer=True)

    async def close(self) -> None:
        """Close the tab."""
        if self._socket is not None:
            await self._socket.close()
        if self._streams is not None:
            self._streams[1].close()
        self._socket = self._streams = None

    def _headers(self) -> dict[str, str]:
        named = {"X-Forwarded-For": self.address, "Cookie": self.cookie}
        return {name: value for name, value in named.items() if value}

    async def _timed(self, fragment: str, *, by_timer: bool = False) -> float:
        started = time.perf_counter()
        await self._run(fragment, by_timer=by_timer)
        return time.perf_counter() - started

    async def _run(self, fragment: str = "", *, by_timer: bool = False) -> None:
        message = BackMsg()
        state = message.rerun_script
        state.query_string, state.fragment_id = self._query, fragment
        state.page_script_hash, state.is_auto_rerun = self._hash, by_timer
        if not self._hash:
            state.page_name = self._page
        state.widget_states.widgets.extend(self._states.values())
        for name in [
            n for n, s in self._states.items() if s.WhichOneof("value") == "trigger_value"
        ]:
            del self._states[name]  # a click is sent only once
        state.cached_message_hashes.extend(self._cached)
        state.context_info.timezone, state.context_info.locale = "UTC", "en"
        assert self._socket is not None  # open() was called
        await self._socket.send(message.SerializeToString())
        pictures: list[str] = []
        async with asyncio.timeout(PATIENCE):
            while not self._take(await self._socket.recv(), pictures):
                pass
            for path in pictures:
                await self._get(path)

    def _take(self, data: bytes | str, pictures: list[str]) -> bool:
        """Handle one message; return whether the requested script run is over."""
        assert isinstance(data, bytes)  # as all of Streamlit's messages
        self.received += len(data)
        message = ForwardMsg.FromString(data)
        if message.hash and message.metadata.cacheable:
            self._cached.add(message.hash)
        kind = message.WhichOneof("type")
        if kind == "navigation":
            self._hash = message.navigation.page_script_hash
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self.repeats.pop(fragment, None)
        elif kind == "auto_rerun":
            self.repeats[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            self._take_element(message.delta, pictures)
        elif kind == "script_finished":
            return bool(message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN)
        return False

    def _take_element(self, delta: Delta, pictures: list[str]) -> None:
        element = delta.new_element
        kind = element.WhichOneof("type")
        inner = getattr(element, str(kind))
        if kind == "exception":
            raise Failure(f"{inner.type}: {inner.message}")
        if kind == "imgs":
            urls = {image.url for image in inner.imgs if not image.url.startswith("data:")}
            pictures.extend(self._new(urls))
        if kind == "metric" and EPOCH.fullmatch(inner.body):
            self.epoch = int(inner.body.split(" / ")[0])
        name = getattr(inner, "id", "")
        if name.startswith("$$ID-"):
            key = name.split("-", 2)[2]
            if key.startswith("decoder-") and inner.json:
                pictures.extend(self._new({json.loads(inner.json)[1].removeprefix(".")}))
            self.shown[key], self._fragments[key] = inner, delta.fragment_id

    def _new(self, urls: set[str]) -> set[str]:
        """Return those that a browser has not fetched yet."""
        new = urls - self._pictures
        self._pictures |= new
        return new

    async def ask(self, path: str, body: bytes | None = None, **headers: str) -> bytes:
        """Ask a route of the app as a script of the page does; with a body, by POST."""
        try:
            return await self._get(path, body, **headers)
        except (ConnectionError, asyncio.IncompleteReadError):  # closed at this very moment
            self._streams = None
            return await self._get(path, body, **headers)

    async def _get(self, path: str, body: bytes | None = None, **headers: str) -> bytes:
        """Fetch a file over a connection that stays open, like a browser's."""
        if self._streams is None or self._streams[0].at_eof():  # closed after some idle time
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        named = {"Host": f"localhost:{self.port}", **self._headers(), **headers}
        if body is not None:
            named["Content-Length"] = str(len(body))
        head_lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        method = "GET" if body is None else "POST"
        writer.write(f"{method} {path} HTTP/1.1\r\n{head_lines}\r\n".encode() + (body or b""))
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        if " 200 " not in head.split("\r\n", 1)[0]:
            raise Failure(f"{path[:100]}: {head.split(chr(13), 1)[0]}")
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        if length is None:
            raise Failure(f"{path} came without a length")
        return await reader.readexactly(int(length[1]))
