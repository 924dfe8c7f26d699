"""How a call is handled: it is counted, then come faults, rate limits, the model's validation, and the operation."""

from __future__ import annotations

from collections import Counter
from typing import Final

from aiohttp import web

from lab.cloudmap import wire
from lab.cloudmap.clock import Clock
from lab.cloudmap.faults import KINDS, Kind
from lab.cloudmap.model import DISCOVER, REVISION, ApiError
from lab.cloudmap.operations import OPERATIONS
from lab.cloudmap.registry import Registry
from lab.cloudmap.throttle import Bucket
from lab.faults import Faults

CONTENT_TYPE: Final = "application/x-amz-json-1.1"


class Api:
    """The API of a registry. `calls` counts the received calls by operation."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.registry = Registry(clock)
        self.faults: Faults[Kind] = Faults(KINDS, "operation")
        self.calls: Counter[str] = Counter()
        self._fill_buckets()

    def reset(self) -> None:
        """Reset everything except the time."""
        self.registry.reset()
        self.faults.clear()
        self.calls.clear()
        self._fill_buckets()

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request."""
        try:
            name = wire.operation(request.headers)
            self.calls[name] += 1
            return await self._operate(name, request)
        except ApiError as error:
            return web.json_response(dict(error.document), status=400, content_type=CONTENT_TYPE)

    async def _operate(self, name: str, request: web.Request) -> web.Response:
        body = await request.text()

        def proceed(at: float | None) -> web.Response:
            self._throttle(name)
            given = wire.parameters(name, body)
            document = OPERATIONS[name](self.registry, given, self.clock.now() if at is None else at)
            return web.json_response(document, content_type=CONTENT_TYPE)

        fault = self.faults.take(operation=name)
        return await fault.kind(request, proceed, **fault.arguments) if fault else proceed(None)

    def _fill_buckets(self) -> None:
        self._buckets = {name: Bucket(self.clock) for name in (DISCOVER, REVISION)}

    def _throttle(self, name: str) -> None:
        """Apply the rate limits. Operations that change the registry have quotas too, which are not modelled."""
        settings = self.registry.settings
        limits = {
            DISCOVER: (settings.rate, settings.burst),
            REVISION: (settings.revision_rate, settings.revision_burst),
        }
        if name in limits and not self._buckets[name].take(*limits[name]):
            raise ApiError("RequestLimitExceeded", "Rate exceeded")
