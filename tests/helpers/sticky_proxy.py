"""A small reverse proxy before several servers, as Caddy is in ``compose.yaml``.

A cookie keeps a browser at one server; if that one does not answer, it comes to another one.
"""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress

COOKIE = "lab_server"
HEAD_END = b"\r\n\r\n"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class StickyProxy:
    """Passes connections on, whole: what a browser asks on one of them goes to one server."""

    def __init__(self, ports: Sequence[int], prefix: str = "") -> None:
        """Begin to listen on the loopback address, before servers at these ports.

        Args:
            ports: the servers'.
            prefix: a path, e.g. ``/hub``, below which it has them and of which they know nothing;
                it then opens a connection for every request.
        """
        self._ports = list(ports)
        self._prefix = prefix.encode()
        self._next = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._tasks: set[asyncio.Task[None]] = set()
        start = asyncio.start_server(self._connected, "127.0.0.1", 0)
        self._server = asyncio.run_coroutine_threadsafe(start, self._loop).result(10)
        self.url = f"http://localhost:{self._server.sockets[0].getsockname()[1]}{prefix}"

    def close(self) -> None:
        """Cut all connections."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _connected(self, browser, browser_out) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            head = self._stripped(await browser.readuntil(HEAD_END))
            if not head:
                browser_out.write(NOT_FOUND)
                return
            server, server_out, port = await self._server_for(head)
            try:
                server_out.write(head)
                ways = (_pipe(browser, server_out), _answer(server, browser_out, port))
                await _first_of(*ways)
            finally:
                await _close(server_out)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the browser or the server is gone: so is the connection
        finally:
            await _close(browser_out)
            self._tasks.discard(task)

    def _stripped(self, head: bytes) -> bytes:
        """Take the prefix off the path; nothing is left of a request for another path."""
        if not self._prefix:
            return head
        verb, path, rest = head.split(b" ", 2)
        if not path.startswith(self._prefix + b"/"):
            return b""
        if b"upgrade: websocket" not in rest.lower():
            rest = rest.replace(b"Connection: keep-alive\r\n", b"Connection: close\r\n", 1)
        return b" ".join((verb, path.removeprefix(self._prefix), rest))

    async def _server_for(self, head: bytes):
        """Connect to the cookie's server, else to the others in turn."""
        wished = [p for p in self._ports if f"{COOKIE}={p}".encode() in head]
        self._next += 1
        turn = self._next % len(self._ports)
        for port in (*wished, *self._ports[turn:], *self._ports[:turn]):
            try:
                return *await asyncio.open_connection("127.0.0.1", port), port
            except OSError:
                continue
        raise OSError("no server answers")


async def _answer(server, browser_out, port: int) -> None:
    """Give the answers back; the first one sets the cookie."""
    status, _, rest = (await server.readuntil(HEAD_END)).partition(b"\r\n")
    cookie = f"Set-Cookie: {COOKIE}={port}; Path=/\r\n".encode()
    browser_out.write(status + b"\r\n" + cookie + rest)
    await _pipe(server, browser_out)


async def _pipe(source, sink) -> None:
    while data := await source.read(1 << 16):
        sink.write(data)
        await sink.drain()


async def _first_of(*ways) -> None:
    """Wait until one side is gone."""
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _close(writer) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
