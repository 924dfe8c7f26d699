"""The ways in which the sample API can be told to misbehave.

A fault is a JSON object `{"path": ..., "kind": ..., "times": ..., ...}`. `path` is a path, or a pattern with `*`;
`times` says for how many requests it holds (absent: until it is cleared); the rest are the arguments of its kind.
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
    """The right answer, late."""
    await asyncio.sleep(seconds)
    return await handler(request)


async def drip(request: web.Request, handler: Handler, *, seconds: float) -> web.StreamResponse:
    """The right answer, `seconds` after each byte."""
    answer, whole = await _begun(request, handler)
    for position in range(len(whole)):
        await answer.write(whole[position : position + 1])
        await asyncio.sleep(seconds)
    return answer


async def status(_request: web.Request, _handler: Handler, *, code: int) -> web.StreamResponse:
    """An error, or any other status, with a JSON document."""
    return web.json_response({"error": "as you wished"}, status=code)


async def redirect(_request: web.Request, _handler: Handler, *, location: str, code: int = 302) -> web.StreamResponse:
    """A redirect to another address."""
    return web.Response(status=code, headers={"location": location})


async def html(_request: web.Request, _handler: Handler) -> web.StreamResponse:
    """A page in place of a document, with status 200: what a proxy that wants a login answers."""
    return web.Response(text=PAGE, content_type="text/html")


async def wrong_type(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The right document, declared as plain text."""
    return web.Response(body=await _body(request, handler), content_type="text/plain")


async def body(_request: web.Request, _handler: Handler, *, text: str, charset: str = "utf-8") -> web.StreamResponse:
    """Any text, declared as JSON: broken JSON, a list, NaN, a document in another character set."""
    return web.Response(body=text.encode(charset), content_type="application/json")


async def big(_request: web.Request, _handler: Handler, *, size: int) -> web.StreamResponse:
    """A valid document of `size` bytes."""
    return web.Response(body=_document_of(size), content_type="application/json")


async def gzip(_request: web.Request, _handler: Handler, *, size: int) -> web.StreamResponse:
    """A valid document of `size` bytes, compressed, whether the client can read that or not."""
    packed = gzip_format.compress(_document_of(size))
    return web.Response(body=packed, content_type="application/json", headers={"content-encoding": "gzip"})


async def truncated(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Half of the right answer, then the connection is closed."""
    answer, whole = await _begun(request, handler)
    await answer.write(whole[: len(whole) // 2])
    _cut(request)
    return answer


async def reset(request: web.Request, _handler: Handler) -> web.StreamResponse:
    """No answer: the connection is cut after the request was read."""
    _cut(request)
    return web.Response()


KINDS: Final[Mapping[str, Kind]] = {
    kind.__name__: kind for kind in (delay, drip, status, redirect, html, wrong_type, body, big, gzip, truncated, reset)
}


@dataclass(slots=True)
class Fault:
    """One fault that was asked for. `left` counts down the requests it still holds for; None: no end."""

    path: str
    kind: Kind
    arguments: Mapping[str, Any]
    left: int | None


@dataclass(slots=True)
class Faults:
    """The faults that hold now, oldest first."""

    _faults: list[Fault] = field(default_factory=list)

    def add(self, wish: Mapping[str, Any]) -> None:
        """Add a fault. Raises ValueError, which says what is wrong with the wish."""
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
        """Return the fault that this request meets, and count it."""
        fault = next((fault for fault in self._faults if fnmatchcase(path, fault.path)), None)
        if fault and fault.left is not None:
            fault.left -= 1
            if fault.left <= 0:
                self._faults.remove(fault)
        return fault


async def _begun(request: web.Request, handler: Handler) -> tuple[web.StreamResponse, bytes]:
    """Send the headers of the right answer; return what its body goes through, and the body."""
    whole = await _body(request, handler)
    answer = web.StreamResponse(headers={"content-type": "application/json", "content-length": str(len(whole))})
    await answer.prepare(request)
    return answer, whole


async def _body(request: web.Request, handler: Handler) -> bytes:
    answer = await handler(request)
    assert isinstance(answer, web.Response)  # the API's own answers are whole
    assert isinstance(answer.body, bytes)
    return answer.body


def _document_of(size: int) -> bytes:
    frame = len(json.dumps({"padding": ""}))
    return json.dumps({"padding": "x" * (size - frame)}).encode()


def _cut(request: web.Request) -> None:
    if request.transport:
        request.transport.abort()
