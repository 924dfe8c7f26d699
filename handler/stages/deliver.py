"""From messages to receipts: in order within a channel, channels side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field, replace
from typing import Final

from handler.delivery.records import DeliveryKey, DeliveryRecord
from handler.errors import CODES, LAST_ATTEMPT, NotifierError, SlackError
from handler.frozen import frozen
from handler.model import Event, Message, Outcome, Receipt, Record, State

# As many as a batch has records: the waiting is for Slack, not for a processor.
MAX_WORKERS: Final = 10
# An event that is not posted because another one came under its event_id before: a mistake of its publisher.
REUSED: Final = "EVENT_IDENTITY_REUSED"
# What is about one delivery alone, so that those behind it in its channel need not wait.
_ITS_OWN: Final = frozenset({"SLACK_RATE_LIMITED", "LEDGER_BUSY", "THREAD_BUSY", "ROW_STUB"})


@frozen
class Delivery:
    """One message, and where it came from. A `notice` says that there is no message, because something is broken."""

    record: Record
    event: Event
    message: Message
    notice: bool = False
    milliseconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def key(self) -> DeliveryKey:
        """What it is known by in the ledger."""
        message = self.message
        return DeliveryKey(self.event.identity, message.notification, message.channel, self.notice)

    def delivered(self, receipt: Receipt, remarks: Sequence[str] = ()) -> Outcome:
        """Slack has it."""
        return self._outcome(State.DELIVERED, detail="; ".join((*self.message.remarks, *remarks)), receipt=receipt)

    def waits(self, code: str, due: float, detail: str = "") -> Outcome:
        """It is tried again at `due`, a Unix time."""
        return self._outcome(State.RETRY, code, detail or CODES[code].meaning, due=due)

    def parked(self, code: str, detail: str) -> Outcome:
        """It cannot succeed."""
        return self._outcome(State.PARKED, code, detail)

    def repeated(self, entry: DeliveryRecord) -> Outcome:
        """It had ended before."""
        receipt = Receipt(entry.channel, entry.ts) if entry.channel else None
        if other := reused(entry, self.event):
            return self._outcome(State.REPEATED, REUSED, other, receipt=receipt)
        return self._outcome(State.REPEATED, entry.phase.value.upper(), entry.code, receipt=receipt)

    def ended(self, error: NotifierError) -> Outcome:
        """What an error makes of it."""
        return self._outcome(State.RETRY if error.retry else State.PARKED, error.code, error.detail)

    def _outcome(self, state: State, code: str = "", detail: str = "", **more: float | Receipt | None) -> Outcome:
        made = Outcome(self.record, state, code, detail, self.event, self.message.notification, self.message.channel)
        return replace(made, notice=self.notice, milliseconds=self.milliseconds, **more)  # type: ignore[arg-type]


def failed(record: Record, error: NotifierError, event: Event | None = None, notification: str = "") -> Outcome:
    """The outcome of a record that met an error: RETRY where a later attempt can succeed, else PARKED."""
    again = error.retry and record.attempt < LAST_ATTEMPT.get(error.code, record.attempt + 1)
    state = State.RETRY if again else State.PARKED
    return Outcome(record, state, error.code, error.detail, event, notification)


def reused(entry: DeliveryRecord, event: Event | None) -> str:
    """Return what to say where an entry is about another event of the same identity; empty where it is not.

    Entries of early versions do not say what they are about.
    """
    if event is None or not entry.event_type or (entry.event_type, entry.event_id) == (event.type, str(event.id)):
        return ""
    return f"{event.type} {event.id} has the event_id of {entry.event_type} {entry.event_id}, so it was not posted"


Attempt = Callable[[Delivery], Outcome]


def deliver(deliveries: Sequence[Delivery], attempt: Attempt) -> list[Outcome]:
    """Attempt every delivery; once Slack, or the way there, fails one, those behind it in its channel are held back."""
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
    held_by: Outcome | None = None
    for delivery in queue:
        if held_by:
            outcome = replace(delivery.ended(SlackError("SLACK_HELD", f"behind {held_by.code}")), due=held_by.due)
        else:
            outcome = attempt(delivery)
        if outcome.state is State.RETRY and outcome.code not in _ITS_OWN:
            held_by = held_by or outcome
        outcomes.append(outcome)
    return outcomes
