"""The response to a client, or one of two exceptions: refused, or rate limited."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

JSON: Final = "application/json"
PLAIN: Final = "text/html"  # incoming webhooks respond in plain text with this content type


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response. `accepted` says whether the request did what it asked for."""

    status: int
    body: str
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    accepted: bool = False


class RefusedError(Exception):
    """Slack refuses. `word` is its error word, `messages` are details, `fields` are further fields of the response."""

    def __init__(self, word: str, messages: Iterable[object] = (), **fields: Any) -> None:
        super().__init__(word)
        self.word = word
        self.messages = [str(message) for message in messages]
        self.fields = fields


class RateLimitedError(Exception):
    """Slack rate-limits the request. `retry_after` is the wait in whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"wait for {retry_after} s")
        self.retry_after = retry_after


def json_answer(
    status: int, document: Any, *, accepted: bool = False, headers: Mapping[str, str] | None = None
) -> Answer:
    """Return a JSON response."""
    return Answer(status, json.dumps(document), headers=headers or {}, accepted=accepted)
