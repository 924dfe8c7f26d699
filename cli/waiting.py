"""Which events are to be tried again, by what the function says of each attempt."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

from cli import diagnoses
from cli.language import say
from cli.operations import times
from cli.operations.journal import Line
from handler.delivery.backoff import FIRST_SECONDS, LONGEST_SECONDS
from handler.errors import CODES
from handler.outcome import State

_SHORT: Final = 10.0
# An attempt usually takes less time than this. Later, the queue's state is newer than the function's last line.
OVERDUE_SECONDS: Final = 10.0

# An event, one of its notifications, and the channel; empty as long as that is not known.
Key = tuple[str, str, str]


class Waiting:
    """The deliveries that wait, each with the last that was said of it; `open` has them in the order they began."""

    def __init__(self) -> None:
        self.open: dict[Key, Line] = {}

    def take(self, lines: Iterable[Line]) -> list[Line]:
        """Take in what the function said meanwhile, and return what is to be shown of it.

        A delivery is shown when it begins to wait, when the reason changes, and at its attempts 1, 2, 4, 8 and so on.
        """
        return [line for line in lines if self._is_news(line)]

    @property
    def identities(self) -> frozenset[str]:
        """The events that wait."""
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
        """Forget what a line is later than: what it names no notification or channel of is true of all of them."""
        ended = [key for key in self.open if _same(key, (line.identity, line.notification, line.channel))]
        return [self.open.pop(key) for key in ended]


def _same(one: Key, other: Key) -> bool:
    return one[0] == other[0] and all(not a or not b or a == b for a, b in zip(one[1:], other[1:], strict=True))


def due(line: Line) -> float:
    """Return in how many seconds a waiting delivery is tried again; about so, where only its attempt says it."""
    return line.due if line.due is not None else min(FIRST_SECONDS * 2 ** (line.attempt - 1), LONGEST_SECONDS)


def _overdue(line: Line, now: float) -> bool:
    return now > line.at + due(line) + OVERDUE_SECONDS


def told(line: Line) -> str:
    """Return what a terminal says of a waiting delivery."""
    after = due(line)
    span = times.span(after) if after >= _SHORT else say("{count} s", count=max(1, round(after)))
    words = " ".join(filter(None, [line.type, line.id, line.code, diagnoses.detail(line.code, line.detail)]))
    return again(words, span, line.attempt)


def again(words: str, span: str, attempt: int) -> str:
    """Return the line of an event that is tried again in `span`."""
    return say("Waiting: {words}; again in {span} (attempt {attempt})", words=words, span=span, attempt=attempt)


def fact(line: Line, visible_at: float | None, now: float) -> dict[str, str | int]:
    """Return what the page shows of a waiting delivery (lab.page.facts).

    One that should have been tried again by now is when its message can be received, `visible_at`: the function ended
    in the middle of the attempt.
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
