"""Check Slack: the token, the app's scopes, and its channels."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any, Final

from handler.adapters import tls
from handler.adapters.http.exchange import Answer, Deadline
from handler.adapters.slack import answers, transport
from handler.adapters.slack.senders import BOT_SECRET
from handler.adapters.slack.transport import LIMITS, PooledWebClient
from handler.errors import SlackError
from handler.health.model import Check, Subject, attempt

READ_BACK: Final = ("channels:history", "groups:history")
SEES_CHANNELS: Final = "channels:read"
# A claim ends after 20 s (LEASE_SECONDS in delivery/decide.py) by each worker's own clock.
CLOCK_SECONDS: Final = 20.0
# Each call has its own deadline, however many channels there are.
Client = Callable[[], PooledWebClient]


def checks(subject: Subject) -> Iterator[Check]:
    """Ask Slack about the token and the channels. A webhook cannot be checked without a post."""
    slack = subject.settings.slack
    if slack.mode == "webhook":
        yield Check("Slack", "skipped", cause="a webhook says nothing unless something is posted to it")
        return
    client = _client(subject)
    identity: dict[str, Any] = {}
    yield attempt("Slack", lambda: _token(client, identity))
    if not identity:
        return
    scopes = frozenset(identity["scopes"])
    yield _scopes(scopes, slack.on_ambiguous == "read-back")
    yield _clock(identity["date"])
    if subject.destinations:
        yield from _channels(client, subject.destinations, scopes, identity["user"])


def _client(subject: Subject) -> Client:
    slack = subject.settings.slack
    exchange = transport.exchange(tls.context(slack.ca), LIMITS, slack.proxy)
    token = subject.secrets.get(BOT_SECRET) if _readable(subject) else ""
    return lambda: PooledWebClient(token, slack.api_url, exchange, Deadline.after(LIMITS.total), _read_answer)


def _readable(subject: Subject) -> bool:
    return attempt("", lambda: subject.secrets.get(BOT_SECRET)).state == "ok"


def _read_answer(answer: Answer, now: float) -> object:
    """Return any answer with `ok`; otherwise the error by the function's own table."""
    try:
        if answer.status == 200 and json.loads(answer.body).get("ok") is True:
            return answer
    except (ValueError, AttributeError):
        pass
    return answers.web_api(answer, now)


def _token(client: Client, identity: dict[str, Any]) -> str:
    answer = client().auth_test()
    headers = {name.lower(): value for name, value in dict(answer.headers).items()}
    identity["user"] = str(answer.get("user", "the app"))
    identity["scopes"] = [scope.strip() for scope in str(headers.get("x-oauth-scopes", "")).split(",") if scope.strip()]
    identity["date"] = str(headers.get("date", ""))
    return f"@{identity['user']} in {answer.get('team')}"


def _scopes(scopes: frozenset[str], read_back: bool) -> Check:
    needed = ["chat:write", *(READ_BACK if read_back else ())]
    if missing := [scope for scope in needed if scope not in scopes]:
        remedy = "add them to the app (OAuth & Permissions), and install it to the workspace again"
        return Check("Slack, scopes", "failed", ", ".join(sorted(scopes)), f"missing: {', '.join(missing)}", remedy)
    return Check("Slack, scopes", "ok", ", ".join(sorted(scopes)))


def _clock(date: str) -> Check:
    try:
        difference = time.time() - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return Check("clock", "skipped", cause="Slack's answer has no date")
    if abs(difference) > CLOCK_SECONDS:
        remedy = "look at other functions of the account; AWS sets their clocks. Duplicates are possible meanwhile"
        return Check("clock", "warning", cause=f"it is {difference:+.0f} s from Slack's", remedy=remedy)
    return Check("clock", "ok", f"{difference:+.0f} s from Slack's")


def _channels(client: Client, aliases: Mapping[str, str], scopes: frozenset[str], user: str) -> Iterator[Check]:
    if SEES_CHANNELS not in scopes:
        cause = f"the app has no {SEES_CHANNELS}, so nobody can know before a message is posted"
        remedy = f"add {SEES_CHANNELS} to the app to see it here, or post once to each channel"
        yield Check("Slack, channels", "skipped", cause=cause, remedy=remedy)
        return
    for alias, channel in aliases.items():
        name = f"channel {alias}"
        found = attempt(name, partial(_channel, client, name, channel, user))
        yield found
        if found.state == "skipped":
            return


def _channel(client: Client, name: str, channel: str, user: str) -> Check | str:
    try:
        found = client().conversations_info(channel=channel)["channel"]
    except SlackError as error:
        if error.code == "SLACK_RATE_LIMITED":
            cause = "Slack asks to wait, so this one and those behind it were not looked at"
            return Check(name, "skipped", cause=cause, remedy="ask again in a minute")
        if error.reason != "channel_not_found":
            raise
        remedy = f"correct the id in templates/_stages/; in a private channel first /invite @{user}"
        return Check(
            name, "failed", cause=f"{channel}: there is none, or it is private and the app not in it", remedy=remedy
        )
    if found.get("is_archived"):
        return Check(
            name, "failed", cause=f"#{found.get('name')} is archived", remedy="name another in templates/_stages/"
        )
    if not found.get("is_member"):
        return Check(name, "failed", cause=f"the app is not in #{found.get('name')}", remedy=f"/invite @{user} there")
    return f"#{found.get('name')}"
