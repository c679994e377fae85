"""What the web server does with clients that are no page of the app, over real sockets."""

import asyncio
import resource
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from http.client import HTTPConnection, HTTPMessage
from typing import Any

import psutil
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.sync import client
from websockets.typing import Origin, Subprotocol

from pages.ui.shell.descriptors import PER_VISITOR, carried_pages
from pages.ui.shell.protection import protective_headers
from pages.ui.streamlit_adapter import XSRF_COOKIE
from tests.helpers.lab_server import Server, serving

FOREIGN_HANDSHAKES = 10


class DeadProxy:
    """A proxy to the internet that takes every question and never answers."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.asked: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):  # closed at the end
            while True:
                self.asked.append(self._listener.accept()[0])

    def close(self) -> None:
        for each in (self._listener, *self.asked):
            each.close()


@pytest.fixture(scope="module")
def proxy() -> Iterator[DeadProxy]:
    made = DeadProxy()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(proxy, tmp_path_factory) -> Iterator[Server]:
    """A server without internet: what it asks there goes to the dead proxy."""
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    through = dict.fromkeys(names, proxy.url) | dict.fromkeys(("no_proxy", "NO_PROXY"), "localhost")
    with serving(tmp_path_factory.mktemp("runs"), **through) as found:
        yield found


def asked(server: Server, method: str, path: str, **request: Any) -> tuple[int, HTTPMessage]:
    """Return the status and the headers of an answer."""
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=60)
    try:
        connection.request(method, path, **request)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers
    finally:
        connection.close()


def seconds_of_health(server: Server) -> float:
    started = time.perf_counter()
    with urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=60) as answer:
        assert answer.status == 200
    return time.perf_counter() - started


async def handshake(server: Server, origin: str) -> int:
    """Return the status of the answer to a websocket that a page of another address opens."""
    stream = server.url.replace("http", "ws") + "/_stcore/stream"
    protocol = Subprotocol("streamlit")
    try:
        async with connect(stream, origin=Origin(origin), subprotocols=[protocol], proxy=None):
            return 101
    except InvalidStatus as refused:
        return refused.response.status_code


def in_a_loop(coroutine):
    """Run it in a thread: browser tests before this one keep a loop in the main thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def test_foreign_pages_are_refused_without_a_question_to_the_internet(server, proxy):
    async def meanwhile() -> tuple[float, list[int]]:
        tries = [
            asyncio.create_task(handshake(server, "http://elsewhere.example"))
            for _ in range(FOREIGN_HANDSHAKES)
        ]
        await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED)
        seconds = await asyncio.to_thread(seconds_of_health, server)
        return seconds, await asyncio.gather(*tries)

    seconds, statuses = in_a_loop(meanwhile())
    assert statuses == [403] * FOREIGN_HANDSHAKES
    assert proxy.asked == []
    assert seconds < 0.5  # a question to the internet takes 2 s, for each handshake


def test_the_apps_own_pages_are_connected(server):
    assert in_a_loop(handshake(server, server.url)) == 101


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/train", 200),
        ("/no-such-page", 200),  # Streamlit's own page
        ("/static/no-such-file.js", 200),
        ("/media/no-such-file.png", 404),
        ("/_stcore/host-config", 200),
        ("/_stcore/metrics", 200),
        ("/ui/1/no-such-file.js", 404),
        ("/..%2fapp.py", 400),
    ],
)
def test_every_kind_of_response_has_the_protective_headers(server, path, status):
    found, headers = asked(server, "GET", path)
    assert found == status
    for name, value in protective_headers().items():
        assert headers[name] == value


def test_a_proxys_visitors_do_not_see_the_metrics(server):
    assert asked(server, "GET", "/_stcore/metrics")[0] == 200
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    assert asked(server, "GET", "/_stcore/metrics", headers=forwarded)[0] == 403


def test_a_strangers_chain_of_hops_does_not_open_the_metrics(tmp_path):
    """uvicorn believes all of the header if FORWARDED_ALLOW_IPS says so."""
    settings = {
        "FORWARDED_ALLOW_IPS": "*",
        "AE_METRICS_TO": "192.0.2.0/24",
        "AE_TRUSTED_PROXIES": "127.0.0.2 ::1",
    }
    with serving(tmp_path, **settings) as found:

        def status(visitor: str, forwarded: str) -> int:
            address = found.url.removeprefix("http://").replace("localhost", "127.0.0.1")
            connection = HTTPConnection(address, timeout=60, source_address=(visitor, 0))
            connection.request("GET", "/_stcore/metrics", headers={"X-Forwarded-For": forwarded})
            try:
                return connection.getresponse().status
            finally:
                connection.close()

        assert status("127.0.0.2", "203.0.113.9") == 403
        assert status("127.0.0.2", "192.0.2.1, 203.0.113.9") == 403  # spoofed
        assert status("127.0.0.2", "203.0.113.9, 192.0.2.1") == 200
        assert status("127.0.0.3", "203.0.113.9") == 200  # no proxy: this machine itself


# --- uploads ---------------------------------------------------------------------------------

MEGABYTE = 1 << 20
HEAD = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.png"\r\n\r\n'


@contextmanager
def open_session(server: Server) -> Iterator[str]:
    """Open a page and give its session's id."""
    stream = server.url.replace("http", "ws") + "/_stcore/stream"
    protocol = Subprotocol("streamlit")
    # The queue is not read on: were it limited, the close of the connection would wait behind it.
    limits = {"max_size": None, "max_queue": None}
    with client.connect(stream, subprotocols=[protocol], proxy=None, **limits) as page:
        wish = BackMsg()
        wish.rerun_script.page_name = "lessons"
        page.send(wish.SerializeToString())
        while True:
            data = page.recv()
            assert isinstance(data, bytes)
            message = ForwardMsg.FromString(data)
            if message.WhichOneof("type") == "new_session":
                yield message.new_session.initialize.session_id
                return


def upload(server: Server, session: str, name: str, size: int, method: str = "PUT") -> int:
    """Upload a file to Streamlit's address, whether a page asks for it or not."""
    cookie = asked(server, "GET", "/_stcore/health")[1]["Set-Cookie"]
    token = cookie.split(";")[0].split("=", 1)[1]
    headers = {
        "Cookie": f"{XSRF_COOKIE}={token}",
        "X-Xsrftoken": token,
        "Content-Type": "multipart/form-data; boundary=x",
    }
    body = HEAD + bytes(size) + b"\r\n--x--\r\n"
    path = f"/_stcore/upload_file/{session}/{name}"
    return asked(server, method, path, body=body, headers=headers)[0]


def test_a_session_keeps_60_megabytes_of_uploads(server):
    with open_session(server) as session, open_session(server) as other:
        statuses = [upload(server, session, f"file-{i}", 9 * MEGABYTE) for i in range(8)]
        assert statuses == [204] * 6 + [413] * 2
        assert upload(server, session, "file-0", 9 * MEGABYTE) == 204  # instead of the first
        assert upload(server, session, "small", 5 * MEGABYTE) == 204  # there is room for that
        assert upload(server, other, "file-0", 9 * MEGABYTE) == 204

        assert upload(server, session, "file-1", 0, "DELETE") == 204  # frees its share
        assert upload(server, session, "file-6", 9 * MEGABYTE) == 204
        assert upload(server, session, "file-7", 9 * MEGABYTE) == 413
        assert upload(server, session, "too-large", 11 * MEGABYTE) == 413
    assert upload(server, "no-session", "file-0", 10) == 400


# --- file descriptors ------------------------------------------------------------------------

FEW = 96  # file descriptors
PAGES = 30


@pytest.mark.thorough
def test_a_low_limit_of_descriptors_is_raised(tmp_path, capfd):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with ExitStack() as stack:
        server = stack.enter_context(serving(tmp_path, descriptors=FEW))
        process = psutil.Process(server.pid)
        assert process.rlimit(psutil.RLIMIT_NOFILE)[0] == hard
        assert f"about {carried_pages(hard)} open pages" in capfd.readouterr().err
        stack.enter_context(open_session(server))
        before = process.num_fds()
        for _ in range(PAGES):
            stack.enter_context(open_session(server))
        # While they load, pages have a connection more for their files.
        assert (process.num_fds() - before) / PAGES <= PER_VISITOR
        assert process.num_fds() > FEW


# --- half-sent requests ----------------------------------------------------------------------

BOUND = 1.0  # second, instead of 30
GET = b"GET /_stcore/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture(scope="module")
def impatient(tmp_path_factory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("runs"), AE_REQUEST_SECONDS=str(BOUND)) as found:
        yield found


def told(server: Server, sent: bytes) -> tuple[bytes, float]:
    """Return what the server answers until it closes the connection, and the seconds until then."""
    host, port = server.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        started = time.perf_counter()
        connection.sendall(sent)
        answer = b"".join(iter(lambda: connection.recv(1 << 16), b""))
        return answer, time.perf_counter() - started


@pytest.mark.samples(1)
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", b""),
        (b"GET /_stcore/health HTTP/1.1\r\nHost: loc", b""),
        (GET + b"GET /_stcore/he", b"200"),  # the second on its connection
        (b"POST /_stcore/agent/interact HTTP/1.1\r\nHost: localhost\r\nContent-Le", b""),
    ],
)
def test_a_request_whose_head_stops_is_ended(impatient, sent, status):
    answer, seconds = told(impatient, sent)
    assert answer[9:12] == status
    assert BOUND * 0.9 < seconds < 20


@pytest.mark.thorough
def test_an_upload_whose_body_stops_is_ended(impatient):
    with open_session(impatient) as session:
        cookie = asked(impatient, "GET", "/_stcore/health")[1]["Set-Cookie"].split(";")[0]
        token = cookie.split("=", 1)[1]
        head = (
            f"PUT /_stcore/upload_file/{session}/file HTTP/1.1\r\nHost: localhost\r\n"
            f"Cookie: {cookie}\r\nX-Xsrftoken: {token}\r\nContent-Length: 1000\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        )
        answer, seconds = told(impatient, head.encode() + HEAD)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert BOUND * 0.9 < seconds < 20


@pytest.mark.thorough
def test_what_arrives_slowly_but_arrives_is_answered(impatient):
    host, port = impatient.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        for byte in GET:
            connection.sendall(bytes([byte]))
        assert connection.recv(1 << 16).startswith(b"HTTP/1.1 200 ")


@pytest.mark.thorough
def test_an_open_page_outlives_the_bound(impatient):
    with open_session(impatient) as session:
        told(impatient, b"")  # the bound passes
        assert upload(impatient, session, "file", 10) == 204
