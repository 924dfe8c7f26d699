"""The ways in which the registry can be told to misbehave; `refuse`, which is no answer to a call, is the server's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from lab.cloudmap.model import ApiError

# Gives the right answer, as of a time of the registry's clock; None: now.
Proceed = Callable[[float | None], web.Response]
Kind = Callable[..., Awaitable[web.Response]]


async def latency(_request: web.Request, proceed: Proceed, *, seconds: float) -> web.Response:
    """The right answer, late; it is the one of the end of the wait."""
    await asyncio.sleep(seconds)
    return proceed(None)


async def cut(request: web.Request, _proceed: Proceed) -> web.Response:
    """No answer: the connection is cut after the request was read."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def hang(_request: web.Request, _proceed: Proceed) -> web.Response:
    """No answer, and the connection stays; until the client has had enough."""
    await asyncio.Event().wait()
    return web.Response()


async def error(_request: web.Request, _proceed: Proceed, *, status: int = 500) -> web.Response:
    """AWS is broken."""
    document = {"__type": "InternalFailure"}
    return web.json_response(document, status=status, content_type="application/x-amz-json-1.1")


async def throttle(_request: web.Request, _proceed: Proceed) -> web.Response:
    """Too many calls, however few they are."""
    raise ApiError("RequestLimitExceeded", "Rate exceeded")


async def denied(_request: web.Request, _proceed: Proceed) -> web.Response:
    """The role may not."""
    raise ApiError("AccessDeniedException", "User is not authorized to perform this action")


async def stale(_request: web.Request, proceed: Proceed, *, at: float) -> web.Response:
    """What was right at an earlier time, with the revision of then."""
    return proceed(at)


KINDS: Final[Mapping[str, Kind]] = {
    kind.__name__: kind for kind in (latency, cut, hang, error, throttle, denied, stale)
}


def dated(wish: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Return a wish for a fault with the time that `stale` holds on to: now, or `seconds` ago."""
    if wish["kind"] != "stale":
        return dict(wish)
    rest = {name: value for name, value in wish.items() if name != "seconds"}
    return {**rest, "at": now - wish.get("seconds", 0)}
