"""How Slack reports errors: the Web API in JSON, incoming webhooks in plain text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from lab.slack.answer import PLAIN, Answer, RateLimitedError, RefusedError, json_answer

# HTTP status by error word. The first six are Slack's (change log of 2016-05-17), the others are reported by users. Any
# other word gets 400.
WEBHOOK_STATUSES: Final = {
    "invalid_payload": 400,
    "user_not_found": 400,
    "action_prohibited": 403,
    "channel_not_found": 404,
    "channel_is_archived": 410,
    "rollup_error": 500,
    "posting_to_general_channel_denied": 403,
    "invalid_token": 403,
    "team_disabled": 403,
    "no_active_hooks": 404,
    "no_service": 404,
    "no_team": 404,
}


@dataclass(frozen=True, slots=True)
class Wording:
    """The error responses of one API. `limited` takes the text of Retry-After, None to leave that header out."""

    refused: Callable[[RefusedError], Answer]
    limited: Callable[[str | None], Answer]

    def answer(self, act: Callable[[], Answer]) -> Answer:
        """Return the result of `act`, or the error response if it is refused or rate limited."""
        try:
            return act()
        except RefusedError as refusal:
            return self.refused(refusal)
        except RateLimitedError as limit:
            return self.limited(str(limit.retry_after))


def _refused_in_json(refusal: RefusedError) -> Answer:
    """Return the error as JSON, with its messages in `errors` and in `response_metadata.messages`."""
    document: dict[str, Any] = {"ok": False, "error": refusal.word, **refusal.fields}
    if refusal.messages:
        document["errors"] = refusal.messages
        document["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in refusal.messages]}
    return json_answer(200, document)


def _limited_in_json(retry_after: str | None) -> Answer:
    return json_answer(429, {"ok": False, "error": "ratelimited"}, headers=_retry_after(retry_after))


def _refused_in_a_word(refusal: RefusedError) -> Answer:
    return Answer(WEBHOOK_STATUSES.get(refusal.word, 400), refusal.word, PLAIN)


def _limited_in_a_word(retry_after: str | None) -> Answer:
    return Answer(429, "rate_limited", PLAIN, _retry_after(retry_after))


def _retry_after(text: str | None) -> dict[str, str]:
    return {} if text is None else {"Retry-After": text}


WEB_API: Final = Wording(_refused_in_json, _limited_in_json)
WEBHOOK: Final = Wording(_refused_in_a_word, _limited_in_a_word)
