"""Events in the queue without a log line: the function has not received them, or is still working on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from cli import waiting
from cli.language import later, say
from cli.operations import dead_letters, times
from lab.aws import Message

# The terminal shows an event after this time in flight; the page shows it at once.
PATIENCE_SECONDS: Final = 10.0
IN_FLIGHT: Final = "IN_FLIGHT"
READY: Final = "READY"
DELAYED: Final = "DELAYED"
_MEANINGS: Final = {
    IN_FLIGHT: later("the function has received it and has not finished it"),
    READY: later("it is in the queue, and the function has not received it yet"),
    DELAYED: later("it is in the queue, and cannot be received yet"),
}
_REMEDIES: Final = {
    IN_FLIGHT: later("wait: if the function ends without finishing it, SQS delivers it again at that time"),
    READY: later("wait: if it stays here, check that the event source mapping is enabled"),
    DELAYED: later("wait until that time"),
}


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """An event that only the queue knows. `due` is when it can be received (again), in Unix seconds."""

    message: str
    type: str
    id: str
    identity: str
    code: str
    receives: int
    due: float

    def told(self, now: float) -> str:
        """Return the line for the terminal."""
        words = " ".join(filter(None, [self.type or self.message, self.id, self.code, say(_MEANINGS[self.code])]))
        if self.due <= now:
            return say("Waiting: {words}", words=words)
        return waiting.again(words, times.span(self.due - now), self.receives)

    def fact(self) -> dict[str, str | int]:
        """Return the fact for the page (lab.page.facts)."""
        named = {"event": self.identity, "type": self.type or self.message, "id": self.id, "code": self.code}
        told = {"meaning": say(_MEANINGS[self.code]), "remedy": say(_REMEDIES[self.code])}
        return {"kind": "waiting", **named, **told, "attempt": self.receives, "due": int(self.due)}


class Queued:
    """What the queue held when it was last read: `count` messages, and the `unheard` ones, without a log line.

    `due` says for each event, by its identity, when it can be received (again), in Unix seconds.
    """

    def __init__(self) -> None:
        self.count = 0
        self.due: dict[str, float] = {}
        self.unheard: list[QueuedEvent] = []
        self._since: dict[tuple[str, int], float] = {}  # when each message was first seen after each receive
        self._told: set[tuple[str, int]] = set()

    def take(self, messages: Iterable[Message], heard: Collection[str], now: float) -> list[QueuedEvent]:
        """Update with the messages of the queue. Return those that have been there for long without a log line.

        `heard` are the identities of the events that the log says are being retried.
        """
        events = [_event(message) for message in messages]
        self.count = len(events)
        self.due = {event.identity: event.due for event in events}
        self.unheard = [event for event in events if event.identity not in heard]
        keys = {(event.message, event.receives): event for event in self.unheard}
        self._since = {key: self._since.get(key, now) for key in keys}
        late = [key for key, since in self._since.items() if now - since >= PATIENCE_SECONDS and key not in self._told]
        self._told |= set(late)
        return [keys[key] for key in late]


def _event(message: Message) -> QueuedEvent:
    sent = {"SentTimestamp": str(int(message.sent_at * 1000))}
    letter = dead_letters.read({"MessageId": message.id, "Body": message.body, "Attributes": sent})
    code = READY if message.visible else IN_FLIGHT if message.receives else DELAYED
    return QueuedEvent(message.id, letter.type, letter.id, letter.event_id, code, message.receives, message.visible_at)
