"""The API's routes, and the middleware that every request passes."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any, Final

from aiohttp import web

from lab.api import documents
from lab.api.faults import Faults, Handler
from lab.shop.generator import generate

CONTROL: Final = "/_control/"
# Processing time of a request within the task, for clients that compare paths: https://www.w3.org/TR/server-timing/
TIMING: Final = "server-timing"
_BEGAN: Final = web.RequestKey("began", float)
REMEMBERED_REQUESTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A recorded request. Header names are in lower case. `client_port` tells connections apart."""

    method: str
    path: str
    headers: dict[str, str]
    client_port: int


class Task:
    """One task of the service: its documents, the requests it has received, and its faults.

    Without `control` there are no control routes: no client can inject faults or list the requests.
    """

    def __init__(
        self, name: str, service: str, required_header: tuple[str, str] | None, *, control: bool = True
    ) -> None:
        self.name = name
        self.service = service
        self.required_header = required_header
        self.control = control
        self.faults = Faults()
        self.seen: deque[Seen] = deque(maxlen=REMEMBERED_REQUESTS)
        self._customers = documents.customers(generate())
        self._orders = documents.orders(generate())

    def application(self) -> web.Application:
        """Return the aiohttp application that serves this task."""
        passed = [_begin, _errors_as_json, self._remember, self._misbehave, self._authorise]
        app = web.Application(middlewares=passed)
        app.on_response_prepare.append(self._sign)
        app.add_routes(
            [
                web.get("/health", self._health),
                web.get(r"/customers/{id:\d+}", self._customer),
                web.get(r"/orders/{id:\d+}", self._order),
                web.get("/echo/{anything:.*}", self._echo),
            ]
        )
        if self.control:
            app.add_routes(
                [
                    web.post(CONTROL + "faults", self._add_fault),
                    web.delete(CONTROL + "faults", self._clear_faults),
                    web.get(CONTROL + "requests", self._requests),
                ]
            )
        return app

    async def _health(self, _request: web.Request) -> web.Response:
        return _answer({"status": "ok", "task": self.name})

    async def _customer(self, request: web.Request) -> web.Response:
        return _found(self._customers, request)

    async def _order(self, request: web.Request) -> web.Response:
        return _found(self._orders, request)

    async def _echo(self, request: web.Request) -> web.Response:
        """Return the request as it was received, with the path still encoded."""
        return _answer(asdict(_seen(request)))

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            self.faults.add(await request.json())
        except ValueError as error:
            return _answer({"error": str(error)}, status=400)
        return web.Response(status=204)

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self.faults.clear()
        return web.Response(status=204)

    async def _requests(self, _request: web.Request) -> web.Response:
        return _answer([asdict(seen) for seen in self.seen])

    async def _sign(self, request: web.Request, answer: web.StreamResponse) -> None:
        answer.headers["x-task"] = self.name
        answer.headers["x-service"] = self.service
        if (began := request.get(_BEGAN)) is not None:
            answer.headers[TIMING] = f"app;dur={(time.perf_counter() - began) * 1000:.3f}"

    @web.middleware
    async def _remember(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(CONTROL):
            self.seen.append(_seen(request))
        return await handler(request)

    @web.middleware
    async def _misbehave(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        fault = None if request.path.startswith(CONTROL) else self.faults.take(request.path)
        return await (fault.kind(request, handler, **fault.arguments) if fault else handler(request))

    @web.middleware
    async def _authorise(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.required_header and not request.path.startswith((CONTROL, "/health")):
            name, value = self.required_header
            if request.headers.get(name) != value:
                return _answer({"error": "unauthorized"}, status=401)
        return await handler(request)


@web.middleware
async def _begin(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[_BEGAN] = time.perf_counter()
    return await handler(request)


@web.middleware
async def _errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _answer({"error": error.reason}, status=error.status)


def _found(known: documents.Documents, request: web.Request) -> web.Response:
    document = known.get(int(request.match_info["id"]))
    return _answer(document) if document else _answer({"error": "not found"}, status=404)


def _seen(request: web.Request) -> Seen:
    port = request.transport.get_extra_info("peername")[1] if request.transport else 0
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Seen(request.method, request.raw_path, headers, port)


def _answer(document: Any, status: int = 200) -> web.Response:
    return web.Response(body=documents.to_json(document).encode(), status=status, content_type="application/json")
