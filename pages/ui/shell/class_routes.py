"""The routes by which the devices of a class ask what it does, and answer its questions.

A rerun of a page costs the server many times as much, and 200 devices ask every second.
"""

import asyncio
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ae_core.errors import StorageError, UserError
from ae_core.text.sentences import FALLBACK, languages, sentence
from pages.ui.backend.leading import leading, relay
from pages.ui.state.base_path import base_path
from pages.ui.state.class_ticket import HEADER, Ticket, read_ticket

ROUTE = "class"
MAX_BODY = 2000  # bytes
NEVER_KEPT = {"Cache-Control": "no-store"}


def routes() -> list[Route]:
    """Return the routes."""
    base = f"{base_path()}/{ROUTE}"
    return [Route(f"{base}/now", _now), Route(f"{base}/guess", _guess, methods=["POST"])]


async def _now(request: Request) -> Response:
    return await asyncio.to_thread(_answer, request.headers.get(HEADER, ""))


def _answer(written: str) -> Response:
    """Return what the bearer of a ticket may see of its class now."""
    try:
        ticket = read_ticket(written)
        return Response(status_code=403) if ticket is None else _said(_message(ticket))
    except StorageError:  # the log says why, and the script asks again
        return Response(status_code=503, headers=NEVER_KEPT)


def _message(ticket: Ticket) -> dict[str, Any] | None:
    state = relay().state(ticket.code)
    if state is None:
        return None
    if ticket.role == "teacher":
        return state.for_teacher()
    if ticket.role == "projector":
        return state.for_projector()
    return state.for_student(ticket.student)


def _said(message: dict[str, Any] | None) -> Response:
    if message is None:  # the class has ended, or the student is in it no more
        return Response(status_code=404, headers=NEVER_KEPT)
    return JSONResponse(message, headers=NEVER_KEPT)


async def _guess(request: Request) -> Response:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            return Response(status_code=413)
    asked = request.query_params.get("lang", "")
    language = asked if asked in languages() else FALLBACK
    return await asyncio.to_thread(_take, request.headers.get(HEADER, ""), body, language)


def _take(written: str, body: bytes, language: str) -> Response:
    """Take the guess of a ticket's bearer; only the class's present students guess."""
    try:
        ticket = read_ticket(written)
        state = None if ticket is None else relay().state(ticket.code)
        if ticket is None or state is None or ticket.student not in state.students:
            return Response(status_code=403)
        try:
            about = json.loads(body)
            name, round_, value = str(about["name"]), int(about["round"]), float(about["value"])
        except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
            return Response(status_code=400)
        leading().guess(state.students[ticket.student].visitor, name, round_, value)
        relay().forget(ticket.code)
        return _said(_message(ticket))
    except StorageError:
        return Response(status_code=503, headers=NEVER_KEPT)
    except UserError as error:
        return JSONResponse({"problem": sentence(error, language)}, 409, headers=NEVER_KEPT)
