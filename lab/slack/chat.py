"""`chat.postMessage`, `chat.update` and `chat.getPermalink`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cli.slack_rules import Method
from lab.slack.answer import RefusedError
from lab.slack.arguments import read_options
from lab.slack.config import Channel, Token
from lab.slack.content import read_content, require_something
from lab.slack.rules import RULES
from lab.slack.standin import StandIn
from lab.slack.views import message_view
from lab.slack.workspace import Message

Arguments = Mapping[str, Any]

POST_ANYWHERE: Final = "chat:write.public"
THREAD_LOCKED: Final = "restricted_action_thread_locked"
ARCHIVES: Final = "https://lab.slack.com/archives"
# An edit resets these options to these values, unless it sets them.
UPDATE_DEFAULTS: Final = {"parse": "client", "link_names": False}


def post_message(slack: StandIn, token: Token, arguments: Arguments) -> dict[str, Any]:
    """Post a message, or a reply. The channel is an id or a name."""
    channel = slack.config.channel(_required(arguments, "channel"))
    if not channel:
        raise RefusedError("channel_not_found")
    thread_ts = str(arguments.get("thread_ts") or "")
    _check_rule(channel, token, reply=bool(thread_ts))
    parent = slack.workspace.parent(channel.id, thread_ts)
    if parent and parent.locked:
        raise RefusedError(THREAD_LOCKED)
    slack.limiter.take(channel.id)
    content = read_content(arguments, Method.POST)
    require_something(content)
    options = read_options(arguments)
    message = slack.workspace.post(channel.id, content, via="token", thread_ts=thread_ts, options=options)
    return {"channel": channel.id, "ts": message.ts, "message": message_view(message)}


def update(slack: StandIn, _token: Token, arguments: Arguments) -> dict[str, Any]:
    """Edit a message of the app. The channel is an id; what the call leaves out stays as it was."""
    channel = channel_by_id(slack, arguments)
    message = _message(slack, channel, arguments, "ts")
    if message.via != "token":
        raise RefusedError("cant_update_message")
    if channel.rule == "archived":
        raise RefusedError("is_inactive")
    content = read_content(arguments, Method.UPDATE)
    require_something(content)
    message = slack.workspace.edit(message, content, {**UPDATE_DEFAULTS, **read_options(arguments)})
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": message_view(message)}


def permalink(slack: StandIn, _token: Token, arguments: Arguments) -> dict[str, Any]:
    """Return the permalink of a message of the app. The channel is an id."""
    channel = channel_by_id(slack, arguments)
    message = _message(slack, channel, arguments, "message_ts")
    return {"channel": channel.id, "permalink": f"{ARCHIVES}/{channel.id}/p{message.ts.replace('.', '')}"}


def channel_by_id(slack: StandIn, arguments: Arguments) -> Channel:
    """Return the channel for a method that accepts only ids. Raises RefusedError."""
    wanted = _required(arguments, "channel")
    channel = slack.config.channel(wanted)
    if not channel or channel.id != wanted:
        raise RefusedError("channel_not_found")
    return channel


def _message(slack: StandIn, channel: Channel, arguments: Arguments, name: str) -> Message:
    message = slack.workspace.find(channel.id, _required(arguments, name))
    if not message:
        raise RefusedError("message_not_found")
    return message


def _required(arguments: Arguments, name: str) -> str:
    value = arguments.get(name)
    if value in (None, ""):
        raise RefusedError("invalid_arguments", [f"missing required field: {name}"])
    return str(value)


def _check_rule(channel: Channel, token: Token, *, reply: bool) -> None:
    if not channel.rule or (channel.rule == "not-joined" and POST_ANYWHERE in token.scopes):
        return
    rule = RULES[channel.rule]
    if rule.refuses(reply=reply):
        raise RefusedError(rule.word)
