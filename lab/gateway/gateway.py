"""How the gateway handles a request: its route, its signature, the rate limit, and the call of a task."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from yarl import URL

from lab.cloudmap.clock import Clock
from lab.cloudmap.throttle import Bucket
from lab.gateway.routes import DEFAULT, Route, matching
from lab.gateway.signature import ForbiddenError, Request, Verifier
from lab.gateway.targets import NoTargetError, Targets

REMEMBERED_CALLS: Final = 1_000
MESSAGES: Final = {
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
# Hop-by-hop headers: they belong to one connection, and each side has its own.
HOP_BY_HOP: Final = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "upgrade", "te"})


@dataclass(frozen=True, slots=True)
class Settings:
    """How the API is configured. `shift_seconds` is how far its clock is ahead.

    A request takes the first of the `routes` that matches its path. `rate` (requests per second) and `burst` are the
    stage's limits, by default those of an AWS account; `timeout_seconds` is the time limit of a task's response.
    """

    routes: tuple[Route, ...] = DEFAULT
    rate: float = 10_000
    burst: float = 5_000
    timeout_seconds: float = 10
    shift_seconds: float = 0


class Gateway:
    """One API. `calls` are the last requests, each with its target, its status, and the reason if it was denied."""

    def __init__(self, verifier: Verifier, targets: Targets, settings: Settings = Settings()) -> None:
        self.calls: deque[Mapping[str, Any]] = deque(maxlen=REMEMBERED_CALLS)
        self._verifier = verifier
        self._targets = targets
        self._first = settings
        self.reset()

    def reset(self) -> None:
        """Restore the state at the start."""
        self._settings = self._first
        self._bucket = Bucket(Clock())
        self.calls.clear()

    def configure(self, wish: Mapping[str, Any]) -> None:
        """Change some of the settings; each route is an object with the keys of Route.

        Raises TypeError for an unknown setting.
        """
        routes = {"routes": tuple(Route(**route) for route in wish["routes"])} if "routes" in wish else {}
        self._settings = replace(self._settings, **{**wish, **routes})
        self._bucket = Bucket(Clock())

    async def answer(self, request: web.Request) -> web.Response:
        """Return API Gateway's own response, or that of a task."""
        why = ""
        try:
            answer = await self._checked(request)
        except ForbiddenError as error:
            answer, why = _own(403), str(error)
        except NoTargetError:
            answer = _own(500)
        except (ClientError, TimeoutError, OSError):
            answer = _own(503)
        answer.headers["apigw-requestid"] = secrets.token_urlsafe(11)
        self.calls.append({"target": request.raw_path, "status": answer.status, "denied": why})
        return answer

    async def _checked(self, request: web.Request) -> web.Response:
        settings = self._settings
        route = matching(settings.routes, request.raw_path.partition("?")[0])
        if route is None:
            return _own(404)
        headers = [(name.lower(), value) for name, value in request.headers.items()]
        signed = Request(request.method, request.raw_path, headers, await request.read())
        self._verifier.check(signed, datetime.now(UTC) + timedelta(seconds=settings.shift_seconds))
        if not self._bucket.take(settings.rate, settings.burst):
            return _own(429)
        return await self._passed_on(signed, route)

    async def _passed_on(self, request: Request, route: Route) -> web.Response:
        """Send the request to a task, at the path that the route makes of it, and return the task's response."""
        target = await asyncio.to_thread(self._targets.next, route.attributes)
        url = URL(f"http://{target}{route.passed_on(request.target)}", encoded=True)
        timeout = ClientTimeout(total=self._settings.timeout_seconds)
        async with (
            ClientSession(timeout=timeout, auto_decompress=False) as session,
            session.request(
                request.method,
                url,
                headers=_end_to_end(dict(request.headers)),
                data=request.body,
                allow_redirects=False,
            ) as answer,
        ):
            return web.Response(status=answer.status, headers=_end_to_end(answer.headers), body=await answer.read())


def _own(status: int) -> web.Response:
    return web.json_response({"message": MESSAGES[status]}, status=status)


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in HOP_BY_HOP}
