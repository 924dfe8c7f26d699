"""The faults that can be injected into the sample API.

A fault is a JSON object `{"path": ..., "kind": ..., "times": ..., ...}`. `path` is a path, or a pattern with `*`;
`times` is the number of requests that it affects (absent: until it is cleared); the other keys are the arguments of its
kind.
"""

from __future__ import annotations

import asyncio
import gzip as gzip_format
import inspect
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Kind = Callable[..., Awaitable[web.StreamResponse]]

PAGE: Final = "<!doctype html><title>Sign in</title><h1>Please sign in</h1>"


async def delay(request: web.Request, handler: Handler, *, seconds: float) -> web.StreamResponse:
    """Send the normal response after a delay."""
    await asyncio.sleep(seconds)
    return await handler(request)


async def drip(request: web.Request, handler: Handler, *, seconds: float) -> web.StreamResponse:
    """Send the normal response one byte at a time, with a pause of `seconds` after each."""
    answer, whole = await _begun(request, handler)
    for position in range(len(whole)):
        await answer.write(whole[position : position + 1])
        await asyncio.sleep(seconds)
    return answer


async def status(_request: web.Request, _handler: Handler, *, code: int) -> web.StreamResponse:
    """Respond with this status, such as an error, and a JSON document."""
    return web.json_response({"error": "as you wished"}, status=code)


async def redirect(_request: web.Request, _handler: Handler, *, location: str, code: int = 302) -> web.StreamResponse:
    """Redirect to another address."""
    return web.Response(status=code, headers={"location": location})


async def html(_request: web.Request, _handler: Handler) -> web.StreamResponse:
    """Respond with status 200 and an HTML page, as a proxy does that wants a login."""
    return web.Response(text=PAGE, content_type="text/html")


async def wrong_type(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Send the normal document with the content type text/plain."""
    return web.Response(body=await _body(request, handler), content_type="text/plain")


async def body(_request: web.Request, _handler: Handler, *, text: str, charset: str = "utf-8") -> web.StreamResponse:
    """Send any text as JSON: malformed JSON, a list, NaN, a document in another character set."""
    return web.Response(body=text.encode(charset), content_type="application/json")


async def big(_request: web.Request, _handler: Handler, *, size: int) -> web.StreamResponse:
    """Send a valid document of `size` bytes."""
    return web.Response(body=_document_of(size), content_type="application/json")


async def gzip(_request: web.Request, _handler: Handler, *, size: int) -> web.StreamResponse:
    """Send a valid document of `size` bytes, compressed even if the client does not accept that."""
    packed = gzip_format.compress(_document_of(size))
    return web.Response(body=packed, content_type="application/json", headers={"content-encoding": "gzip"})


async def truncated(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Send half of the normal response, then close the connection."""
    answer, whole = await _begun(request, handler)
    await answer.write(whole[: len(whole) // 2])
    _cut(request)
    return answer


async def reset(request: web.Request, _handler: Handler) -> web.StreamResponse:
    """Read the request, then reset the connection without a response."""
    _cut(request)
    return web.Response()


KINDS: Final[Mapping[str, Kind]] = {
    kind.__name__: kind for kind in (delay, drip, status, redirect, html, wrong_type, body, big, gzip, truncated, reset)
}


@dataclass(slots=True)
class Fault:
    """An active fault. `left` is the number of requests that it still affects; None: no limit."""

    path: str
    kind: Kind
    arguments: Mapping[str, Any]
    left: int | None


@dataclass(slots=True)
class Faults:
    """The active faults, oldest first."""

    _faults: list[Fault] = field(default_factory=list)

    def add(self, wish: Mapping[str, Any]) -> None:
        """Add a fault. Raises ValueError with what is wrong in the request."""
        rest = dict(wish)
        path, name, left = (rest.pop(key, None) for key in ("path", "kind", "times"))
        if not isinstance(path, str) or name not in KINDS:
            raise ValueError(f"a fault has a path, and a kind: {', '.join(KINDS)}")
        if left is not None and not (isinstance(left, int) and left > 0):
            raise ValueError("times is a number from 1")
        try:
            inspect.signature(KINDS[name]).bind(None, None, **rest)
        except TypeError as error:
            raise ValueError(f"{name}: {error}") from error
        self._faults.append(Fault(path, KINDS[name], rest, left))

    def clear(self) -> None:
        """End all faults."""
        self._faults.clear()

    def take(self, path: str) -> Fault | None:
        """Return the first fault that matches this request, or None, and decrement its count."""
        fault = next((fault for fault in self._faults if fnmatchcase(path, fault.path)), None)
        if fault and fault.left is not None:
            fault.left -= 1
            if fault.left <= 0:
                self._faults.remove(fault)
        return fault


async def _begun(request: web.Request, handler: Handler) -> tuple[web.StreamResponse, bytes]:
    """Send the headers of the normal response; return the prepared response and the body that is still to be sent."""
    whole = await _body(request, handler)
    answer = web.StreamResponse(headers={"content-type": "application/json", "content-length": str(len(whole))})
    await answer.prepare(request)
    return answer, whole


async def _body(request: web.Request, handler: Handler) -> bytes:
    answer = await handler(request)
    assert isinstance(answer, web.Response)  # the API's own responses are never streamed
    assert isinstance(answer.body, bytes)
    return answer.body


def _document_of(size: int) -> bytes:
    frame = len(json.dumps({"padding": ""}))
    return json.dumps({"padding": "x" * (size - frame)}).encode()


def _cut(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()
