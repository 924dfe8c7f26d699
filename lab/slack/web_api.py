"""The Web API: its methods, and who may call them.

Response fields, error words and scopes are those of docs.slack.dev/reference/methods. Only posting is rate-limited; to
limit the other methods (50 calls per minute and more), order a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from lab.slack.answer import Answer, RefusedError, json_answer
from lab.slack.chat import permalink, post_message, update
from lab.slack.config import TEAM, Token
from lab.slack.conversations import history, info, replies
from lab.slack.standin import StandIn
from lab.slack.validation import validate
from lab.slack.views import BOT, USER

Arguments = Mapping[str, Any]


def auth_test(_slack: StandIn, _token: Token, _arguments: Arguments) -> dict[str, Any]:
    """Return the identity of the token."""
    return {
        "url": "https://lab.slack.example/",
        "team": "Lab",
        "user": "notifier",
        "team_id": TEAM,
        "user_id": USER,
        "bot_id": BOT,
        "is_enterprise_install": False,
    }


class Method(NamedTuple):
    """A method: the function that performs it, and the scope that it needs (empty: none)."""

    run: Callable[[StandIn, Token, Arguments], dict[str, Any]]
    scope: str = ""


METHODS: Final = {
    "auth.test": Method(auth_test),
    "blocks.validate": Method(validate),
    "chat.getPermalink": Method(permalink),
    "chat.postMessage": Method(post_message, "chat:write"),
    "chat.update": Method(update, "chat:write"),
    "conversations.history": Method(history, "channels:history"),
    "conversations.info": Method(info, "channels:read"),
    "conversations.replies": Method(replies, "channels:history"),
}


def call(slack: StandIn, name: str, token: str, arguments: Arguments) -> Answer:
    """Perform one call, and return the response. Raises RefusedError, RateLimitedError."""
    method = METHODS.get(name)
    if not method:
        raise RefusedError("unknown_method", req_method=name)
    caller = _authorized(slack, token, method.scope)
    document = method.run(slack, caller, arguments)
    return json_answer(
        200, {"ok": True, **document}, accepted=True, headers={"x-oauth-scopes": ",".join(caller.scopes)}
    )


def _authorized(slack: StandIn, value: str, scope: str) -> Token:
    if not value:
        raise RefusedError("not_authed")
    token = slack.config.token(value)
    if not token:
        raise RefusedError("invalid_auth")
    if token.refused:
        raise RefusedError(token.refused)
    if scope and scope not in token.scopes:
        raise RefusedError("missing_scope", needed=scope, provided=",".join(token.scopes))
    return token
