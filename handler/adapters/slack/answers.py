"""What Slack's answers mean. Only a success as documented by Slack counts; anything else is a SlackError.

The HTTP status decides if it can, else Slack's own error word (error_table.py).
"""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from typing import Any, Final

from handler.adapters.http.exchange import Answer
from handler.adapters.slack.error_table import SLACK_ERRORS, UNKNOWN_SLACK_ERROR
from handler.errors import SlackError
from handler.frozen import frozen

MAX_RETRY_AFTER: Final = 3600.0
# For a 429 without Retry-After: Slack's limits are per second or per minute.
DEFAULT_RETRY_AFTER: Final = 30.0

# Statuses that decide alone. For the others, 200 and 4xx, Slack's error word decides.
_STATUSES: Final = (
    (range(100, 200), "SLACK_AMBIGUOUS"),
    (range(201, 300), "SLACK_AMBIGUOUS"),
    (range(300, 400), "SLACK_REDIRECT"),
    (range(429, 430), "SLACK_RATE_LIMITED"),
    (range(500, 1000), "SLACK_AMBIGUOUS"),
)

# The message limit of a plan lasts longer than seconds.
_DELAYS: Final = {"message_limit_exceeded": MAX_RETRY_AFTER}

_WORD: Final = re.compile(r"[a-z][a-z0-9_]{1,79}")
_SECONDS: Final = re.compile(r"[0-9]+(\.[0-9]+)?")


@frozen
class Delivered:
    """Slack accepted the message. A webhook's answer has neither the channel nor the message's `ts`."""

    channel: str = ""
    ts: str = ""


def web_api(answer: Answer, now: float) -> Delivered | SlackError:
    """Return what a Web API method's answer means; `now` is the Unix time, for a Retry-After that is a date."""
    document = _json_object(answer.body)
    if answer.status == 200 and document.get("ok") is True:
        match document:
            case {"channel": str(channel), "ts": str(ts)} if channel and ts:
                return Delivered(channel, ts)
        return SlackError("SLACK_AMBIGUOUS", "HTTP 200, ok, but no channel and ts")
    return _refusal(answer, str(document.get("error")) if document.get("ok") is False else "", now)


def messages(answer: Answer, now: float) -> SlackError | None:
    """Return the error in the answer of a method that lists messages; None if it lists them."""
    document = _json_object(answer.body)
    if answer.status == 200 and document.get("ok") is True:
        if isinstance(document.get("messages"), list):
            return None
        return SlackError("SLACK_AMBIGUOUS", "HTTP 200, ok, but no messages")
    return _refusal(answer, str(document.get("error")) if document.get("ok") is False else "", now)


def webhook(answer: Answer, now: float) -> Delivered | SlackError:
    """Return what an incoming webhook's answer means."""
    if answer.status == 200:
        if answer.body == b"ok":
            return Delivered()
        return SlackError("SLACK_AMBIGUOUS", "HTTP 200, but the body is not ok")
    return _refusal(answer, answer.body.decode("ascii", "replace").strip(), now)


def retry_after(header: str | None, now: float) -> float:
    """Return the seconds of a Retry-After header, which is a number or a date; at most an hour.

    https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
    """
    text = (header or "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), MAX_RETRY_AFTER)
    try:
        seconds = parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return DEFAULT_RETRY_AFTER
    return min(max(seconds, 0.0), MAX_RETRY_AFTER)


def _refusal(answer: Answer, said: str, now: float) -> SlackError:
    word = said if _WORD.fullmatch(said) else ""
    by_status = next((code for statuses, code in _STATUSES if answer.status in statuses), "")
    code = by_status or _code_of(answer.status, word)
    reason = word if word and not by_status else f"HTTP {answer.status} {word}".strip()
    if code != "SLACK_RATE_LIMITED":
        return SlackError(code, reason)
    return SlackError(code, reason, _DELAYS.get(word) or retry_after(answer.headers.get("Retry-After"), now))


def _code_of(status: int, word: str) -> str:
    if word:
        return SLACK_ERRORS.get(word, UNKNOWN_SLACK_ERROR).code
    # A 4xx without an error word does not come from Slack but from a device in between. A 200 could be a success.
    return "SLACK_AMBIGUOUS" if status == 200 else "SLACK_UNAVAILABLE"


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body.decode())
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
