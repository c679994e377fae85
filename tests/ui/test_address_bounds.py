"""What visitors of one address may do and those of another still can, over real sockets."""

import asyncio
import itertools
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection as Socket
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from pages.ui.shell.page_limit import MAX_PAGES, STREAM
from tests.helpers.lab_server import Server, serving
from tests.helpers.refusals import says

ONE, OTHER = "127.0.0.2", "127.0.0.3"
PROTOCOL = [Subprotocol("streamlit")]
SOON = 30.0  # seconds
LIES = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    """A server to which addresses of this machine are strangers', although uvicorn trusts them."""
    runs = tmp_path_factory.mktemp("runs")
    with serving(runs, AE_TRUSTED_PROXIES="192.0.2.1", FORWARDED_ALLOW_IPS="*") as found:
        yield found


def stream(server: Server) -> str:
    return server.url.replace("http://localhost", "ws://127.0.0.1") + STREAM


# --- classes ----------------------------------------------------------------------------------


class ClassPage:
    """The Class page in a browser that keeps no cookies."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self.query, self.words = "", ""
        self._button = ""
        self._run(BackMsg())

    def press_open(self) -> None:
        wish = BackMsg()
        state = wish.rerun_script.widget_states.widgets.add()
        state.id, state.trigger_value = self._button, True
        self._run(wish)

    def _run(self, wish: BackMsg) -> None:
        """Ask for the page, and read it until its script has ended and no other follows."""
        wish.rerun_script.page_name = "classroom"
        wish.rerun_script.query_string = self.query
        self._socket.send(wish.SerializeToString())
        self.words, again = "", True
        while again:
            data = self._socket.recv(SOON)
            assert isinstance(data, bytes)
            message = ForwardMsg.FromString(data)
            match message.WhichOneof("type"):
                case "page_info_changed":
                    self.query = message.page_info_changed.query_string
                case "delta":
                    element = message.delta.new_element
                    self.words += element.alert.body.replace("\\", "")  # Markdown's escapes
                    if element.button.label == "Open a class":
                        self._button = element.button.id
                case "script_finished":
                    again = message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN


@contextmanager
def class_page(server: Server, address: str) -> Iterator[ClassPage]:
    unlimited = {"max_size": None, "max_queue": None}
    lie = {"X-Forwarded-For": f"203.0.113.{next(LIES) % 256}"}
    with connect(
        stream(server),
        subprotocols=PROTOCOL,
        source_address=(address, 0),
        additional_headers=lie,
        proxy=None,
        **unlimited,
    ) as socket:
        yield ClassPage(socket)


def opens(server: Server, address: str) -> bool:
    """Whether somebody new at an address opens a class; else the page says to wait."""
    with class_page(server, address) as page:
        page.press_open()
        opened = "teacher=" in page.query
        assert opened != says(page.words, "classes_of_network")
        return opened


@pytest.mark.thorough
def test_a_script_opens_ten_classes_and_somebody_elsewhere_another_one(server):
    assert [opens(server, ONE) for _ in range(13)] == [True] * 10 + [False] * 3
    assert opens(server, OTHER)


# --- pages ------------------------------------------------------------------------------------


async def status_of_page(server: Server, address: str, kept: list[ClientConnection]) -> int:
    """Open a page's websocket and keep it; return the status of the server's answer."""
    try:
        socket = await connect_async(
            stream(server), subprotocols=PROTOCOL, local_addr=(address, 0), proxy=None
        )
    except InvalidStatus as refused:
        return refused.response.status_code
    kept.append(socket)
    return 101


def status_without(server: Server, address: str) -> int:
    """Return the status where a page asks why it has no websocket."""
    host = server.url.removeprefix("http://").replace("localhost", "127.0.0.1")
    connection = HTTPConnection(host, timeout=SOON, source_address=(address, 0))
    connection.request("GET", STREAM)
    try:
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.thorough
def test_an_address_has_so_many_pages_open_and_another_one_its_own(server):
    async def fill() -> None:
        kept: list[ClientConnection] = []
        try:
            statuses = [await status_of_page(server, ONE, kept) for _ in range(MAX_PAGES + 3)]
            assert statuses == [101] * MAX_PAGES + [429] * 3
            assert await asyncio.to_thread(status_without, server, ONE) == 429
            assert await status_of_page(server, OTHER, kept) == 101
            assert await asyncio.to_thread(status_without, server, OTHER) != 429
            await kept.pop(0).close()
            deadline = time.monotonic() + SOON
            while await status_of_page(server, ONE, kept) != 101:
                assert time.monotonic() < deadline
            assert await status_of_page(server, ONE, kept) == 429
        finally:
            await asyncio.gather(*(each.close() for each in kept))

    with ThreadPoolExecutor(1) as thread:  # browser tests before this one keep a loop in this one
        thread.submit(asyncio.run, fill()).result()
