"""The routes of the control API for the accepted messages."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

from aiohttp import web

from lab.page.routes import BOARD
from lab.slack.standin import StandIn
from lab.slack.workspace import Message

STAND_IN: Final = web.AppKey("stand_in", StandIn)


async def messages(request: web.Request) -> web.Response:
    """Return the accepted messages, each with the name and the id of its channel."""
    slack = request.app[STAND_IN]
    names = {channel.id: channel.name for channel in slack.config.conversations}
    wanted = request.query.get("channel", "").removeprefix("#")
    return web.json_response(
        [
            {
                **asdict(message),
                "channel_name": names.get(message.channel, ""),
                "received_at": iso(message.received_at),
                "edited": iso(message.edited),
            }
            for message in slack.workspace
            if wanted in ("", message.channel, names.get(message.channel))
        ]
    )


async def delete_message(request: web.Request) -> web.Response:
    """Delete a message."""
    request.app[STAND_IN].workspace.delete(_message(request))
    request.app[BOARD].announce()
    return web.json_response({"ok": True})


async def lock_thread(request: web.Request) -> web.Response:
    """Lock the thread of a message: it accepts no more replies."""
    request.app[STAND_IN].workspace.lock(_message(request))
    return web.json_response({"ok": True})


def iso(seconds: float) -> str | None:
    """Return a Unix time as an ISO 8601 string; None for 0."""
    return datetime.fromtimestamp(seconds, UTC).isoformat() if seconds else None


def _message(request: web.Request) -> Message:
    slack, name, ts = request.app[STAND_IN], request.match_info["channel"], request.match_info["ts"]
    channel = slack.config.channel(name)
    message = slack.workspace.find(channel.id, ts) if channel else None
    if not message:
        raise ValueError(f"there is no message {ts} in {name}")
    return message


MESSAGE_ROUTES: Final = (
    web.get("/messages", messages),
    web.delete("/messages/{channel}/{ts}", delete_message),
    web.post("/messages/{channel}/{ts}/lock", lock_thread),
)
