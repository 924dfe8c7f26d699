"""Tracks which deliveries wait for a retry, by the function's log."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

from cli import diagnoses
from cli.language import say
from cli.operations import times
from cli.operations.function_log import Line
from handler.delivery.backoff import FIRST_SECONDS, LONGEST_SECONDS
from handler.errors import CODES
from handler.outcome import State

_SHORT: Final = 10.0
# An attempt usually takes less than this. After it, the queue knows more than the function's last log line.
OVERDUE_SECONDS: Final = 10.0

# An event, one of its notifications, and the channel; the last two are empty until they are known.
Key = tuple[str, str, str]


class Waiting:
    """The deliveries that wait, each with its last log line. `open` has them in the order they started to wait."""

    def __init__(self) -> None:
        self.open: dict[Key, Line] = {}

    def take(self, lines: Iterable[Line]) -> list[Line]:
        """Update with new log lines, and return those to show.

        A delivery is shown when it starts to wait, when the reason changes, and at attempts 1, 2, 4, 8 and so on.
        """
        return [line for line in lines if self._is_news(line)]

    @property
    def identities(self) -> frozenset[str]:
        """Return the identities of the events that wait."""
        return frozenset(identity for identity, _, _ in self.open)

    def drop_ended(self, queued: Container[str], now: float) -> None:
        """Drop events that are overdue and not in the queue: SQS gave them up, or they were purged."""
        ended = [key for key, line in self.open.items() if _overdue(line, now) and line.identity not in queued]
        for key in ended:
            del self.open[key]

    def _is_news(self, line: Line) -> bool:
        before = self._ended_by(line)
        if line.state is not State.RETRY or line.notice or not line.identity:
            return False
        self.open[line.identity, line.notification, line.channel] = line
        return not any(one.code == line.code for one in before) or line.attempt.bit_count() == 1

    def _ended_by(self, line: Line) -> list[Line]:
        """Remove the deliveries that a line is about. A line without notification or channel is about all of them."""
        ended = [key for key in self.open if _same(key, (line.identity, line.notification, line.channel))]
        return [self.open.pop(key) for key in ended]


def _same(one: Key, other: Key) -> bool:
    return one[0] == other[0] and all(not a or not b or a == b for a, b in zip(one[1:], other[1:], strict=True))


def due(line: Line) -> float:
    """Return in how many seconds a delivery is retried; an estimate by its attempt if the line does not say."""
    return line.due if line.due is not None else min(FIRST_SECONDS * 2 ** (line.attempt - 1), LONGEST_SECONDS)


def _overdue(line: Line, now: float) -> bool:
    return now > line.at + due(line) + OVERDUE_SECONDS


def told(line: Line) -> str:
    """Return the terminal's line about a waiting delivery."""
    after = due(line)
    span = times.span(after) if after >= _SHORT else say("{count} s", count=max(1, round(after)))
    words = " ".join(filter(None, [line.type, line.id, line.code, diagnoses.detail(line.code, line.detail)]))
    return again(words, span, line.attempt)


def again(words: str, span: str, attempt: int) -> str:
    """Return the terminal's line about an event that is retried in `span`."""
    return say("Waiting: {words}; again in {span} (attempt {attempt})", words=words, span=span, attempt=attempt)


def fact(line: Line, visible_at: float | None, now: float) -> dict[str, str | int]:
    """Return the fact about a waiting delivery for the page (lab.page.facts).

    For an overdue retry, its time is `visible_at`, when its message can be received: the function ended in the middle
    of the attempt.
    """
    at = visible_at if visible_at and _overdue(line, now) else line.at + due(line)
    code = CODES.get(line.code, CODES["INTERNAL"])
    named = {"kind": "waiting", "event": line.identity, "type": line.type, "id": line.id, "code": line.code}
    meaning = diagnoses.detail(line.code, line.detail) or say(code.meaning)
    return {
        **named,
        "meaning": meaning,
        "remedy": say(code.remedy),
        "attempt": line.attempt,
        "due": int(at),
    }
