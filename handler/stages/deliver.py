"""From messages to receipts: in order within a channel, channels side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from handler.errors import NotifierError, SlackError, named
from handler.model import Event, Message, Outcome, Record, State
from handler.ports import Sink

# As many as a batch has records: the waiting is for Slack, not for a processor.
MAX_WORKERS: Final = 10


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message, and where it came from."""

    record: Record
    event: Event
    message: Message

    def ended(self, error: NotifierError) -> Outcome:
        """The outcome of a delivery that failed."""
        message = self.message
        return failed(self.record, error, self.event, message.notification, message.channel)


def failed(
    record: Record, error: NotifierError, event: Event | None = None, notification: str = "", channel: str = ""
) -> Outcome:
    """The outcome of a record that met an error: RETRY where a later attempt can succeed, else PARKED."""
    state = State.RETRY if error.retry else State.PARKED
    return Outcome(record, state, error.code, error.detail, event, notification, channel)


Attempt = Callable[[Delivery], Outcome]


def deliver(deliveries: Sequence[Delivery], attempt: Attempt) -> list[Outcome]:
    """Attempt every delivery; once one has to be retried, those behind it in its channel are held back too."""
    channels: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        channels.setdefault(delivery.message.destination, []).append(delivery)
    if len(channels) <= 1:
        return _in_order(deliveries, attempt)
    with ThreadPoolExecutor(min(MAX_WORKERS, len(channels))) as pool:
        queues = [pool.submit(_in_order, queue, attempt) for queue in channels.values()]
        return [outcome for queue in queues for outcome in queue.result()]


def _in_order(queue: Sequence[Delivery], attempt: Attempt) -> list[Outcome]:
    outcomes: list[Outcome] = []
    held_by = ""
    for delivery in queue:
        outcome = delivery.ended(SlackError("SLACK_HELD", f"behind {held_by}")) if held_by else attempt(delivery)
        if outcome.state is State.RETRY:
            held_by = held_by or outcome.code
        outcomes.append(outcome)
    return outcomes


def posting(sink: Sink) -> Attempt:
    """Return the attempt that posts to `sink` once."""

    def attempt(delivery: Delivery) -> Outcome:
        message = delivery.message
        try:
            receipt = sink.post(message)
        except Exception as error:  # noqa: BLE001 - a defect met by one delivery must not touch its neighbours
            return delivery.ended(named(error))
        remarks = message.remarks + ((receipt.fallback,) if receipt.fallback else ())
        return Outcome(
            delivery.record,
            State.DELIVERED,
            detail="; ".join(remarks),
            event=delivery.event,
            notification=message.notification,
            channel=message.channel,
            receipt=receipt,
        )

    return attempt
