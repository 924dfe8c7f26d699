"""The application and its operator: writes rows, publishes the planned events, and replays dead letters."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

import pymysql

from handler.polling.messages import event as polled_event
from handler.polling.messages import request
from handler.polling.state import PolledRow
from lab.queue import Message
from lab.soak.events import POLL, Event, envelope
from lab.soak.rig import Rig, begin_poll

# The interval of rows that are written together, and how long before their first event they are written, in seconds.
ROWS_SECONDS: Final = 30.0
# How long after the last event the poll is requested, each minute, in seconds: until all faults are over.
POLLED_SECONDS: Final = 1800.0
_INSERT: Final = (
    "INSERT IGNORE INTO orders (id, number, customer_id, region, status, amount, currency, created_at, updated_at) "
    "VALUES (%s, %s, 1, %s, 0, %s, 'EUR', %s, %s)"
)


class Publisher:
    """Publishes events from `start` on, a Unix time. `bodies` maps the body of a message to the event's number."""

    def __init__(self, rig: Rig, events: Sequence[Event], start: float) -> None:
        self.bodies = {event.body: event.number for event in events}
        late = {event.number: PolledRow(event.order, late=True) for event in events if event.polled}
        self.bodies |= {polled_event(POLL, row, 0): number for number, row in late.items()}
        self.published = 0
        self._rig = rig
        self._events = events
        self._start = start

    def plan(self, connection: pymysql.Connection[Any]) -> None:
        """Schedule everything. Rows are written over this connection."""
        for at, rows in _rows(self._events):
            self._at(at, lambda rows=rows: _insert(connection, rows))
        for event in self._events:
            self._at(event.at, lambda event=event: self._publish(event))
        if any(event.polled for event in self._events):
            begin_poll(self._rig, self._start)
            for second in range(0, int(self._events[-1].at + POLLED_SECONDS), 60):
                self._at(second, lambda: self._send(request(POLL)))

    def replay(self) -> int:
        """Send all dead letters again, as `notifier replay` does, and return their number."""
        dead = self._rig.dead
        letters = dead.receive(self._rig.clock.now(), len(dead.messages))
        for letter in letters:
            now, sent = (datetime.fromtimestamp(at, UTC).isoformat() for at in (letter.received_at, letter.sent_at))
            self._send(letter.body, attributes={"replayed_at": now, "first_sent_at": sent})
            dead.delete(letter.receipt)
        return len(letters)

    def _publish(self, event: Event) -> None:
        """Put an event into the queue, and schedule its repetitions. For a polled event, only the row is written."""
        if event.polled:
            self.published += 1
            return
        message = self._send(event.body)
        self.published += 1
        for seconds in event.again:
            self._at(event.at + seconds, lambda: self._send(event.body, name=message.id))
        for seconds in event.republished:
            body = envelope(str(uuid.uuid4()), json.loads(event.body)["Message"])
            self.bodies[body] = event.number
            self._at(event.at + seconds, lambda body=body: self._send(body))

    def _send(self, body: str, *, name: str = "", attributes: Mapping[str, str] | None = None) -> Message:
        return self._rig.source.queue.send(body, self._rig.clock.now(), name=name, attributes=attributes)

    def _at(self, second: float, action: Any) -> None:
        self._rig.source.agenda.at(self._start + second, action)


def _rows(events: Sequence[Event]) -> Iterator[tuple[float, list[Event]]]:
    """Yield the times and the events whose rows are written together; late rows are written one by one."""
    late = [event for event in events if event.row_at is not None and event.row_at > event.at]
    early = [event for event in events if event.row_at is not None and event.row_at <= event.at]
    for window, group in groupby(early, lambda event: event.at // ROWS_SECONDS):
        yield (window - 1) * ROWS_SECONDS, list(group)
    for event in late:
        assert event.row_at is not None  # the plan's values ensure this
        yield event.row_at, [event]


def _insert(connection: pymysql.Connection[Any], events: Sequence[Event]) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = [(one.order, f"S-{one.order}", one.region, Decimal("9.90"), now, now) for one in events]
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, rows)
