"""One message on its way to one channel, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field

from handler.delivery.records import DeliveryKey
from handler.delivery.situation import Facts
from handler.errors import LAST_ATTEMPT, NotifierError
from handler.frozen import frozen
from handler.model import Event, Message, Record
from handler.outcome import Delivered, End, Outcome, Parked, Retry


@frozen
class Notice:
    """What a channel is told once for all events that fail with one problem of one template.

    `problem` is a digest: two notices with the same one are the same. `write` makes the message, of the id of the event
    that it names, how many more events failed, and since when (a Unix time).
    """

    problem: str
    write: Callable[[str, int, float], Message]


@frozen
class Delivery:
    """A message, and the event and the record that it is for.

    A `notice` tells the channel that the template is broken; it is posted in place of the template's message, and has a
    ledger key of its own (`own_key`). `milliseconds` is what the stages before took.
    """

    record: Record
    event: Event
    message: Message
    notice: Notice | None = None
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    own_key: DeliveryKey | None = None

    @property
    def key(self) -> DeliveryKey:
        """The delivery's key in the ledger."""
        message, is_notice = self.message, self.notice is not None
        return self.own_key or DeliveryKey(self.event.identity, message.notification, message.channel, is_notice)

    def facts(self, backoff: float) -> Facts:
        """Return what a decision needs to know; `backoff` is how many seconds a further attempt should wait."""
        event, message = self.event, self.message
        return Facts(
            event.type,
            str(event.id),
            in_thread=bool(message.thread),
            update=message.update,
            stub=message.stub,
            replayed=self.record.replayed,
            backoff=backoff,
        )

    def outcome(self, end: End) -> Outcome:
        """Return the outcome; what did not go as the template meant it is said first."""
        message = self.message
        if isinstance(end, Delivered) and message.warnings:
            end = Delivered(end.receipt, (*message.warnings, *end.warnings), end.how)
        event, notification, channel = self.event, message.notification, message.channel
        return Outcome(self.record, end, event, notification, channel, self.notice is not None, self.milliseconds)


def ended_by(error: NotifierError, due: float = 0.0) -> Retry | Parked:
    """Return the end that an error means: tried again, at the Unix time `due` if that is known, or parked."""
    return Retry(error.code, error.detail, due) if error.retry else Parked(error.code, error.detail)


def failed(record: Record, error: NotifierError, event: Event | None = None, notification: str = "") -> Outcome:
    """Return the outcome of a record that met an error before it had a message.

    Errors with a code in LAST_ATTEMPT are tried again only a few times.
    """
    if record.attempt >= LAST_ATTEMPT.get(error.code, record.attempt + 1):
        return Outcome(record, Parked(error.code, error.detail), event, notification)
    return Outcome(record, ended_by(error), event, notification)
