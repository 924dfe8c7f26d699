"""Incoming webhooks: URLs that post to one channel, without a token."""

from __future__ import annotations

from typing import Any, Final

from cli.slack_rules import Method
from lab.slack.answer import PLAIN, Answer, RefusedError
from lab.slack.arguments import parse_form, parse_json, read_options
from lab.slack.config import Webhook
from lab.slack.content import read_content, require_something
from lab.slack.rules import RULES
from lab.slack.standin import StandIn

# Slack has one error word for a payload with none of these, and another for one whose text is empty.
SPOKEN: Final = ("text", "markdown_text", "blocks", "attachments")


def post(slack: StandIn, path: str, content_type: str, body: bytes) -> Answer:
    """Perform a post to /services/<path>, and return the response. Raises RefusedError, RateLimitedError."""
    webhook = _webhook(slack, path)
    payload = _payload(content_type, body)
    channel = slack.config.channel(webhook.channel)
    if not channel:
        raise RefusedError("channel_not_found")
    thread_ts = str(payload.get("thread_ts") or "")
    rule = RULES.get(channel.rule)
    if rule and rule.webhook and rule.refuses(reply=bool(thread_ts)):
        raise RefusedError(rule.webhook)
    parent = slack.workspace.parent(channel.id, thread_ts)
    if parent and parent.locked:
        raise RefusedError("action_prohibited")
    slack.limiter.take(webhook.path)
    if not any(name in payload for name in SPOKEN):
        raise RefusedError("missing_text_or_fallback_or_attachments")
    content = read_content(payload, Method.WEBHOOK)
    require_something(content)
    options = read_options(payload)
    slack.workspace.post(channel.id, content, via="webhook", thread_ts=thread_ts, options=options)
    return Answer(200, "ok", PLAIN, accepted=True)


def _webhook(slack: StandIn, path: str) -> Webhook:
    webhook = slack.config.webhook(path)
    if not webhook:
        raise RefusedError(_nearest_miss(path, [each.path for each in slack.config.webhooks]))
    if webhook.refused:
        raise RefusedError(webhook.refused)
    return webhook


def _nearest_miss(path: str, known: list[str]) -> str:
    """Return the error word for the first wrong part of an unknown path: the team, the service or the secret."""
    team, _, rest = path.partition("/")
    service = rest.partition("/")[0]
    if not any(each.startswith(f"{team}/") for each in known):
        return "no_team"
    if not any(each.startswith(f"{team}/{service}/") for each in known):
        return "no_service"
    return "invalid_token"


def _payload(content_type: str, body: bytes) -> dict[str, Any]:
    """Return the JSON body, whatever its content type, or the field `payload` of a form."""
    form = content_type == "application/x-www-form-urlencoded"
    try:
        payload = parse_json(parse_form(body).get("payload", "") if form else body)
    except ValueError:
        raise RefusedError("invalid_payload") from None
    if not isinstance(payload, dict):
        raise RefusedError("invalid_payload")
    return payload
