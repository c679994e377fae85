"""The share of a session's uploads, also of those that are still arriving."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from pages.ui import streamlit_adapter
from pages.ui.shell.uploads import MEGABYTES, UploadLimit

MEGABYTE = 1 << 20


@pytest.fixture
def kept(monkeypatch) -> dict[str, int]:
    """Bytes that the sessions keep."""
    found: dict[str, int] = {}
    monkeypatch.setattr(
        streamlit_adapter, "uploaded_bytes", lambda session, besides: found.get(session, 0)
    )
    return found


class Upload:
    """An upload whose body arrives when the test says so, or its refusal."""

    def __init__(self, limit: UploadLimit, session: str, length: int | None) -> None:
        self.status = 0
        self._arrived = asyncio.Event()
        headers = [] if length is None else [(b"content-length", str(length).encode())]
        path = f"/_stcore/upload_file/{session}/file"
        scope = {"type": "http", "method": "PUT", "path": path, "headers": headers}
        self._task = asyncio.create_task(limit(scope, self._receive, self._send))

    async def _receive(self):
        await self._arrived.wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]

    async def end(self) -> int:
        self._arrived.set()
        await self._task
        return self.status


async def take(scope, receive, send) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def in_a_loop(coroutine):
    with ThreadPoolExecutor(1) as thread:  # a browser of other tests has a loop in this one
        return thread.submit(asyncio.run, coroutine).result()


def test_uploads_that_still_arrive_have_their_share(kept):
    async def arriving_at_once() -> tuple[list[int], int]:
        limit = UploadLimit(take)
        uploads = [Upload(limit, "session", 9 * MEGABYTE) for _ in range(20)]
        await asyncio.sleep(0)  # all have begun
        statuses = [await each.end() for each in uploads]
        return statuses, await Upload(limit, "session", 9 * MEGABYTE).end()

    statuses, afterwards = in_a_loop(arriving_at_once())
    assert statuses == [204] * 6 + [413] * 14
    assert afterwards == 204  # the share is free again


def test_an_upload_without_a_length_counts_as_the_largest(kept):
    room = MEGABYTES * MEGABYTE - streamlit_adapter.most_upload_bytes()
    kept["full"] = room + 1
    kept["free"] = room

    async def statuses() -> list[int]:
        limit = UploadLimit(take)
        return [await Upload(limit, session, None).end() for session in ("full", "free")]

    assert in_a_loop(statuses()) == [413, 204]
