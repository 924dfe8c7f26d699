"""`conversations.*`: information about a channel, and reading its messages."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from lab.slack.answer import RefusedError
from lab.slack.chat import channel_by_id
from lab.slack.config import Channel, Token
from lab.slack.standin import StandIn
from lab.slack.views import message_view
from lab.slack.workspace import Message

Arguments = Mapping[str, Any]

PAGE: Final = 100
LARGEST_PAGE: Final = 999


def history(slack: StandIn, _token: Token, arguments: Arguments) -> dict[str, Any]:
    """Return the messages of a channel, newest first, without replies, except those that were broadcast."""
    visible = _visible(slack, _readable(slack, arguments))
    top_level = [each for each in visible if not each.thread_ts or _truthy(each.options, "reply_broadcast")]
    return {**_page(top_level[::-1], arguments), "pin_count": 0}


def info(slack: StandIn, _token: Token, arguments: Arguments) -> dict[str, Any]:
    """Return a channel, and whether the app is a member."""
    channel = channel_by_id(slack, arguments)
    archived = channel.rule == "archived"
    member = channel.rule != "not-joined" and not archived
    facts = {"id": channel.id, "name": channel.name, "is_channel": True, "is_private": False}
    return {"channel": {**facts, "is_archived": archived, "is_member": member}}


def replies(slack: StandIn, _token: Token, arguments: Arguments) -> dict[str, Any]:
    """Return a thread: its parent, then its replies, oldest first."""
    visible = _visible(slack, _readable(slack, arguments))
    asked = next((each for each in visible if each.ts == arguments.get("ts")), None)
    if not asked:
        raise RefusedError("thread_not_found")
    parent = asked.thread_ts or asked.ts
    return _page([each for each in visible if parent in (each.ts, each.thread_ts)], arguments)


def _readable(slack: StandIn, arguments: Arguments) -> Channel:
    channel = channel_by_id(slack, arguments)
    if channel.rule == "not-joined":
        raise RefusedError("not_in_channel")
    return channel


def _visible(slack: StandIn, channel: Channel) -> list[Message]:
    latest = slack.clock.now() - slack.config.history_lag
    return [message for message in slack.workspace.in_channel(channel.id) if message.received_at <= latest]


def _page(messages: list[Message], arguments: Arguments) -> dict[str, Any]:
    """Return the page of the messages that the arguments select, in the same order."""
    within = [message for message in messages if _in_period(message, arguments)]
    start = _position(within, str(arguments.get("cursor") or ""))
    end = start + _limit(arguments)
    metadata = _truthy(arguments, "include_all_metadata")
    cursor = _cursor(within[end]) if end < len(within) else ""
    return {
        "messages": [message_view(message, metadata=metadata) for message in within[start:end]],
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }


def _in_period(message: Message, arguments: Arguments) -> bool:
    at, oldest, latest = Decimal(message.ts), _ts(arguments, "oldest"), _ts(arguments, "latest")
    if _truthy(arguments, "inclusive") and at in (oldest, latest):
        return True
    return (oldest is None or oldest < at) and (latest is None or at < latest)


def _ts(arguments: Arguments, name: str) -> Decimal | None:
    value = str(arguments.get(name) or "")
    if value in ("", "0", "now"):
        return None
    if not re.fullmatch(r"[0-9]{1,16}(\.[0-9]{1,6})?", value):
        raise RefusedError(f"invalid_ts_{name}")
    return Decimal(value)


def _limit(arguments: Arguments) -> int:
    value = str(arguments.get("limit") or PAGE)
    if not re.fullmatch(r"[0-9]{1,3}", value) or not int(value):
        raise RefusedError("invalid_limit")
    return int(value)


def _cursor(message: Message) -> str:
    return base64.b64encode(f"next_ts:{message.ts}".encode()).decode()


def _position(messages: list[Message], cursor: str) -> int:
    if not cursor:
        return 0
    cursors = [_cursor(message) for message in messages]
    if cursor not in cursors:
        raise RefusedError("invalid_cursor")
    return cursors.index(cursor)


def _truthy(arguments: Arguments, name: str) -> bool:
    return str(arguments.get(name) or "").lower() in ("1", "true")
