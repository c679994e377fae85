"""The share of a session's uploads, also of those that are still arriving."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from ae_core.text.sentences import say
from pages.ui import streamlit_adapter
from pages.ui.shell.uploads import FRAMING, MEGABYTES, UploadLimit

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

    def __init__(
        self, limit: UploadLimit, session: str, length: int | None, **headers: str
    ) -> None:
        self.status = 0
        self.text = ""
        self._arrived = asyncio.Event()
        if length is not None:
            headers["content-length"] = str(length)
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        path = f"/_stcore/upload_file/{session}/file"
        scope = {"type": "http", "method": "PUT", "path": path, "headers": raw}
        self._task = asyncio.create_task(limit(scope, self._receive, self._send))

    async def _receive(self):
        await self._arrived.wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    async def _send(self, message):
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.text += message["body"].decode()

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


def test_files_that_fill_the_share_exactly_fit_with_what_is_around_them(kept):
    async def statuses(framing: int) -> list[int]:
        limit = UploadLimit(take)
        uploads = [Upload(limit, "session", 10 * MEGABYTE + framing) for _ in range(6)]
        await asyncio.sleep(0)  # all have begun
        return [await each.end() for each in uploads]

    assert in_a_loop(statuses(0)) == in_a_loop(statuses(FRAMING)) == [204] * 6
    assert in_a_loop(statuses(FRAMING + 1)) == [204] * 5 + [413]


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"accept_language": "de-AT,de;q=0.9,en;q=0.8"}, "de"),
        ({"accept_language": "fr;q=0.9"}, "en"),
        ({"accept_language": "en-US", "referer": "http://lab/own_pictures?lang=de&set=a"}, "de"),
        ({"accept_language": "de", "referer": "http://lab/denoise?lang=en"}, "en"),
        ({"accept_language": "de", "referer": "http://lab/denoise"}, "de"),
        ({"referer": "http://[broken"}, "en"),
    ],
)
def test_the_refusal_speaks_the_language_of_the_page(kept, headers, language):
    kept["session"] = MEGABYTES * MEGABYTE

    async def refused() -> Upload:
        upload = Upload(UploadLimit(take), "session", 10 * MEGABYTE, **headers)
        assert await upload.end() == 413
        return upload

    assert in_a_loop(refused()).text == say("own.no_room", language, most=MEGABYTES)
