"""What an answer of Slack means. Only the success that Slack documents counts as one; the rest is a SlackError.

Sources: the errors of https://docs.slack.dev/reference/methods/chat.postMessage and of .../chat.update; of incoming
webhooks https://docs.slack.dev/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks, and their other words as
met in the field. What Slack calls `internal_error` or `fatal_error` may have posted, says its own text.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Final

from handler.adapters.http_exchange import Answer
from handler.errors import SlackError

MAX_RETRY_AFTER: Final = 3600.0
# Where a 429 names no time: Slack counts by the second and by the minute.
DEFAULT_RETRY_AFTER: Final = 30.0

# By status, where the status alone decides. What is left, 200 and 4xx, is Slack's to explain with a word.
_STATUSES: Final = (
    (range(100, 200), "SLACK_AMBIGUOUS"),
    (range(201, 300), "SLACK_AMBIGUOUS"),
    (range(300, 400), "SLACK_REDIRECT"),
    (range(429, 430), "SLACK_RATE_LIMITED"),
    (range(500, 1000), "SLACK_AMBIGUOUS"),
)

# By Slack's word, in the Web API's `error` or as a webhook's body.
_WORDS: Final[dict[str, str]] = {
    word: code
    for code, words in {
        "SLACK_RATE_LIMITED": "rate_limited ratelimited message_limit_exceeded",
        "SLACK_UNAVAILABLE": "team_added_to_org org_login_required external_channel_migrating",
        "SLACK_AMBIGUOUS": "internal_error fatal_error request_timeout service_unavailable rollup_error update_failed",
        "SLACK_CONFIG": """
            channel_not_found is_archived not_in_channel restricted_action restricted_action_read_only_channel
            restricted_action_thread_only_channel restricted_action_thread_locked
            restricted_action_non_threadable_channel team_not_found messages_tab_disabled ekm_access_denied
            app_access_restricted cannot_reply_to_message thread_not_found
            message_not_found cant_update_message edit_window_closed is_inactive
            action_prohibited posting_to_general_channel_denied channel_is_archived user_not_found""",
        "SLACK_CREDENTIAL": """
            invalid_auth not_authed account_inactive token_revoked token_expired missing_scope not_allowed_token_type
            team_access_not_granted accesslimited
            invalid_token no_active_hooks no_service no_team team_disabled""",
        "SLACK_CONTENT": """
            invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_long no_text too_many_attachments
            invalid_attachments attachment_payload_limit_exceeded markdown_text_conflict
            invalid_metadata_format invalid_metadata_schema metadata_too_large metadata_must_be_sent_from_app
            block_mismatch
            invalid_payload missing_text_or_fallback_or_attachments""",
    }.items()
    for word in words.split()
}
# A word that is not in the table is a refusal all the same.
_UNKNOWN_WORD: Final = "SLACK_CONFIG"
# The plan's limit on messages does not pass in seconds.
_DELAYS: Final = {"message_limit_exceeded": MAX_RETRY_AFTER}

_WORD: Final = re.compile(r"[a-z][a-z0-9_]{1,79}")
_SECONDS: Final = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Delivered:
    """Slack has the message. A webhook names neither the channel nor the message's `ts`."""

    channel: str = ""
    ts: str = ""


def web_api(answer: Answer, now: float) -> Delivered | SlackError:
    """Return what a Web API method's answer means; `now` is the Unix time, for a Retry-After that is a date."""
    document = _object(answer.body)
    if answer.status == 200 and document.get("ok") is True:
        match document:
            case {"channel": str(channel), "ts": str(ts)} if channel and ts:
                return Delivered(channel, ts)
        return SlackError("SLACK_AMBIGUOUS", "HTTP 200, ok, but no channel and ts")
    return _refusal(answer, str(document.get("error")) if document.get("ok") is False else "", now)


def messages(answer: Answer, now: float) -> SlackError | None:
    """Return what is wrong with the answer of a method that lists messages; nothing, where it lists them."""
    document = _object(answer.body)
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
    """Return the seconds that a Retry-After asks for, as a number or as a date; at most an hour.

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
    code = by_status or _by_word(answer.status, word)
    reason = word if word and not by_status else f"HTTP {answer.status} {word}".strip()
    if code != "SLACK_RATE_LIMITED":
        return SlackError(code, reason)
    return SlackError(code, reason, _DELAYS.get(word) or retry_after(answer.headers.get("Retry-After"), now))


def _by_word(status: int, word: str) -> str:
    if word:
        return _WORDS.get(word, _UNKNOWN_WORD)
    # A 4xx without a word of Slack's is from something on the way there; a 200 could be a success.
    return "SLACK_AMBIGUOUS" if status == 200 else "SLACK_UNAVAILABLE"


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body.decode())
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}
