"""Applies a fault to a client: with a wrong response, or on the connection itself."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from lab.slack.answer import Answer, RefusedError
from lab.slack.faults import Fault
from lab.slack.wording import Wording

# What a proxy or a captive portal responds in place of Slack.
PAGE: Final = "<!doctype html><title>Sign in</title><h1>Please sign in to use the network</h1>"


def respond(answer: Answer) -> web.Response:
    """Turn an Answer into an HTTP response."""
    return web.Response(
        status=answer.status,
        text=answer.body,
        content_type=answer.content_type,
        charset="utf-8",
        headers=answer.headers,
    )


async def misbehave(fault: Fault, request: web.Request, wording: Wording, answer: Answer | None) -> web.StreamResponse:
    """Apply a fault. `answer` is the real response if the request was carried out first."""
    if fault.kind in CONNECTION:
        return await CONNECTION[fault.kind](request)
    if answer and fault.kind in REAL_ANSWER:
        return await REAL_ANSWER[fault.kind](request, answer, fault.seconds)
    return respond(wrong_answer(fault, wording))


def wrong_answer(fault: Fault, wording: Wording) -> Answer:
    """Return the wrong response of a fault whose kind has one."""
    match fault.kind:
        case "error":
            return wording.refused(RefusedError(fault.error))
        case "limited":
            return wording.limited(fault.retry_after)
        case "html":
            return Answer(200, PAGE, "text/html")
        case "redirect":
            return Answer(fault.status, "", "text/html", {"Location": fault.location})
        case _:
            return Answer(fault.status, fault.body, fault.content_type)


async def _close(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.close()
    return web.Response()


async def _reset(request: web.Request) -> web.Response:
    if request.transport:
        at_once = struct.pack("ii", 1, 0)
        request.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        request.transport.abort()
    return web.Response()


async def _hang(_request: web.Request) -> web.Response:
    await asyncio.Event().wait()  # until the client disconnects, or the server ends
    return web.Response()


async def _truncate(request: web.Request, answer: Answer, _seconds: float) -> web.StreamResponse:
    body = answer.body.encode()
    stream = await _begin(request, answer, len(body))
    await stream.write(body[: len(body) // 2])
    await _close(request)
    return stream


async def _drip(request: web.Request, answer: Answer, seconds: float) -> web.StreamResponse:
    body = answer.body.encode()
    stream = await _begin(request, answer, len(body))
    for byte in body:
        await asyncio.sleep(seconds)
        await stream.write(bytes([byte]))
    return stream


async def _delay(_request: web.Request, answer: Answer, seconds: float) -> web.StreamResponse:
    await asyncio.sleep(seconds)
    return respond(answer)


async def _begin(request: web.Request, answer: Answer, length: int) -> web.StreamResponse:
    stream = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.content_type})
    stream.content_length = length
    await stream.prepare(request)
    return stream


CONNECTION: Final[dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]]] = {
    "close": _close,
    "reset": _reset,
    "hang": _hang,
}
REAL_ANSWER: Final[dict[str, Callable[[web.Request, Answer, float], Awaitable[web.StreamResponse]]]] = {
    "truncate": _truncate,
    "drip": _drip,
    "delay": _delay,
}
