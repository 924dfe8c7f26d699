"""The faults that can be injected into the registry, except `refuse`, which the server implements."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from lab.cloudmap.model import ApiError

# Returns the normal response, as of a time of the registry's clock (None: now).
Proceed = Callable[[float | None], web.Response]
Kind = Callable[..., Awaitable[web.Response]]


async def latency(_request: web.Request, proceed: Proceed, *, seconds: float) -> web.Response:
    """Send the normal response after a delay, with the state at the end of the delay."""
    await asyncio.sleep(seconds)
    return proceed(None)


async def cut(request: web.Request, _proceed: Proceed) -> web.Response:
    """Read the request, then cut the connection without a response."""
    if request.transport:
        request.transport.abort()
    return web.Response()


async def hang(_request: web.Request, _proceed: Proceed) -> web.Response:
    """Send nothing and keep the connection open until the client closes it."""
    await asyncio.Event().wait()
    return web.Response()


async def error(_request: web.Request, _proceed: Proceed, *, status: int = 500) -> web.Response:
    """Respond with an internal error of AWS."""
    document = {"__type": "InternalFailure"}
    return web.json_response(document, status=status, content_type="application/x-amz-json-1.1")


async def throttle(_request: web.Request, _proceed: Proceed) -> web.Response:
    """Respond that the rate limit is exceeded, whatever the rate."""
    raise ApiError("RequestLimitExceeded", "Rate exceeded")


async def denied(_request: web.Request, _proceed: Proceed) -> web.Response:
    """Respond that the role is not allowed to make the call."""
    raise ApiError("AccessDeniedException", "User is not authorized to perform this action")


async def stale(_request: web.Request, proceed: Proceed, *, at: float) -> web.Response:
    """Send the response, with the revision, that was right at an earlier time."""
    return proceed(at)


KINDS: Final[Mapping[str, Kind]] = {
    kind.__name__: kind for kind in (latency, cut, hang, error, throttle, denied, stale)
}


def dated(wish: Mapping[str, Any], now: float) -> dict[str, Any]:
    """Return the arguments of a fault, with the time whose state `stale` returns: now, or `seconds` ago."""
    if wish["kind"] != "stale":
        return dict(wish)
    rest = {name: value for name, value in wish.items() if name != "seconds"}
    return {**rest, "at": now - wish.get("seconds", 0)}
