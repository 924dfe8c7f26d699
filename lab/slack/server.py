"""The HTTP server of the stand-in: records each request, and sends the response or applies a fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from lab.page.board import Board
from lab.page.routes import BOARD, PAGE_ROUTES, own_site
from lab.slack import control, web_api, webhooks
from lab.slack.answer import Answer, RefusedError
from lab.slack.arguments import read_arguments
from lab.slack.faults import Order
from lab.slack.kept import STAND_IN
from lab.slack.misbehave import misbehave, respond
from lab.slack.standin import Request, StandIn
from lab.slack.wording import WEB_API, WEBHOOK, Wording

PRIVATE_HEADERS: Final = frozenset({"authorization", "cookie"})


@dataclass(frozen=True, slots=True)
class Call:
    """A parsed request: a method, and the channel as given or known. `act` performs it; `path` has no secret.

    `body` is the raw body.
    """

    method: str
    path: str
    channel: str
    token: bool
    wording: Wording
    act: Callable[[], Answer]
    body: bytes


def application(slack: StandIn) -> web.Application:
    """Return the HTTP application of a stand-in."""
    app = web.Application(middlewares=[own_site])
    app[STAND_IN], app[BOARD] = slack, Board(slack)
    app.add_routes([web.route("*", "/api/{method}", _web_api), web.post("/services/{path:.+}", _webhook)])
    app.add_routes(PAGE_ROUTES)
    app.add_subapp(control.PREFIX, control.application(slack, app[BOARD]))
    return app


async def _web_api(request: web.Request) -> web.StreamResponse:
    slack, method, body = request.app[STAND_IN], request.match_info["method"], await request.read()
    arguments: dict[str, Any] = {}
    unreadable = None
    try:
        arguments = read_arguments(_content_type(request), body, request.query)
    except RefusedError as refusal:
        unreadable = refusal
    token = _token(request, arguments)

    def act() -> Answer:
        if unreadable:
            raise unreadable
        return web_api.call(slack, method, token, arguments)

    channel = str(arguments.get("channel") or "")
    return await _serve(request, Call(method, request.path, channel, bool(token), WEB_API, act, body))


async def _webhook(request: web.Request) -> web.StreamResponse:
    slack, path, body = request.app[STAND_IN], request.match_info["path"], await request.read()
    webhook = slack.config.webhook(path)

    def act() -> Answer:
        return webhooks.post(slack, path, _content_type(request), body)

    without_secret = request.path.rpartition("/")[0]
    channel = webhook.channel if webhook else ""
    return await _serve(request, Call("webhook", without_secret, channel, False, WEBHOOK, act, body))


async def _serve(request: web.Request, call: Call) -> web.StreamResponse:
    """Record the request, and send its real response or the fault that is due."""
    slack = request.app[STAND_IN]
    channel = slack.config.channel(call.channel)
    names = (channel.id, channel.name) if channel else (call.channel,)
    seen = _note(request, call, names[0])
    response = await _response(request, call, seen, slack.script.due(call.method, names, call.body))
    if response.prepared or _connected(request):
        seen.status = response.status
        seen.retry_after = response.headers.get("Retry-After", "")
    return response


async def _response(request: web.Request, call: Call, seen: Request, order: Order | None) -> web.StreamResponse:
    answer = None
    if not order or order.fault.accept:
        answer = call.wording.answer(call.act)
        request.app[BOARD].announce()
        if not order or not answer.accepted:
            return respond(answer)
    order.times -= 1
    seen.fault = order.fault.kind
    return await misbehave(order.fault, request, call.wording, answer)


def _note(request: web.Request, call: Call, channel: str) -> Request:
    headers = {name: value for name, value in request.headers.items() if name.lower() not in PRIVATE_HEADERS}
    slack = request.app[STAND_IN]
    seen = Request(request.method, call.path, headers, call.token, slack.clock.now(), channel)
    slack.requests.append(seen)
    return seen


def _token(request: web.Request, arguments: Mapping[str, Any]) -> str:
    """Return the token from the header, or else from a form; Slack accepts none in JSON."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return "" if _content_type(request) == "application/json" else str(arguments.get("token") or "")


def _content_type(request: web.Request) -> str:
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _connected(request: web.Request) -> bool:
    return request.transport is not None and not request.transport.is_closing()
