"""The control API, under /_control: accepted messages, received requests, and orders for faults.

    GET  health     {"ok": true}
    GET  messages   the accepted messages, oldest first; ?channel= an id or a name
    DELETE messages/<channel>/<ts>        delete a message, as its author could
    POST   messages/<channel>/<ts>/lock   lock its thread, as an administrator could
    GET  channels   the channels, each with its id, name and rule; a direct message has the person's id as name
    GET  requests   the received requests, oldest first
    POST faults     add orders for faults (a JSON array, see faults); GET: the pending ones; DELETE: remove them
    PATCH config    replace parts of the configuration (see Config)
    POST advance    {"seconds": n}: advance its clock, which ts, rate limits and the history lag use
    POST reset      restore the state at the start

Further routes, for the page, are in lab.page.routes.

It needs no token, and listens on the stand-in's port, so bind that to loopback. It shows no tokens or webhook secrets.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from aiohttp import web
from aiohttp.typedefs import Handler

from cli.slack_rules.schema import number, record
from lab.page.board import Board
from lab.page.routes import BOARD, CONTROL_ROUTES
from lab.slack.arguments import parse_json
from lab.slack.kept import MESSAGE_ROUTES, STAND_IN, iso
from lab.slack.standin import StandIn

PREFIX: Final = "/_control"
STEP: Final = record({"seconds": number(least=0)})


async def health(_request: web.Request) -> web.Response:
    """Say that the server is up."""
    return web.json_response({"ok": True})


async def advance(request: web.Request) -> web.Response:
    """Advance the clock."""
    wish = await _document(request)
    if problems := list(STEP(wish, "")):
        raise ValueError("; ".join(map(str, problems)))
    request.app[STAND_IN].clock.advance(wish["seconds"])
    return web.json_response({"ok": True})


async def requests(request: web.Request) -> web.Response:
    """Return the received requests."""
    return web.json_response(
        [{**asdict(each), "received_at": iso(each.received_at)} for each in request.app[STAND_IN].requests]
    )


async def add_faults(request: web.Request) -> web.Response:
    """Add orders for faults."""
    request.app[STAND_IN].script.extend(await _document(request))
    return await pending_faults(request)


async def pending_faults(request: web.Request) -> web.Response:
    """Return the pending orders."""
    return web.json_response(request.app[STAND_IN].script.pending())


async def clear_faults(request: web.Request) -> web.Response:
    """Remove the orders."""
    request.app[STAND_IN].script.clear()
    return await pending_faults(request)


async def channels(request: web.Request) -> web.Response:
    """Return the channels and the direct messages."""
    return web.json_response([asdict(each) for each in request.app[STAND_IN].config.conversations])


async def change_config(request: web.Request) -> web.Response:
    """Replace parts of the configuration."""
    request.app[STAND_IN].configure(await _document(request))
    request.app[BOARD].announce()
    return web.json_response({"ok": True})


async def reset(request: web.Request) -> web.Response:
    """Restore the state at the start."""
    request.app[STAND_IN].reset()
    request.app[BOARD].clear()
    return web.json_response({"ok": True})


def application(slack: StandIn, board: Board) -> web.Application:
    """Return the control API of a stand-in and its page."""
    app = web.Application(middlewares=[_explain])
    app[STAND_IN], app[BOARD] = slack, board
    app.add_routes(
        [
            web.get("/health", health),
            web.get("/requests", requests),
            web.get("/faults", pending_faults),
            web.post("/faults", add_faults),
            web.delete("/faults", clear_faults),
            web.get("/channels", channels),
            web.patch("/config", change_config),
            web.post("/advance", advance),
            web.post("/reset", reset),
            *MESSAGE_ROUTES,
            *CONTROL_ROUTES,
        ]
    )
    return app


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Respond with 400 and the reason if a document is invalid."""
    try:
        return await handler(request)
    except ValueError as error:
        return web.json_response({"ok": False, "error": str(error)}, status=400)


async def _document(request: web.Request) -> Any:
    return parse_json(await request.read())
