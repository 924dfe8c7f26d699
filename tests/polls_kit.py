"""Shared by the tests of whole polls: a function with state table and queue in memory, and simulated time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from handler.model import Poll, Record, Row, Value
from handler.polling.dispatch import Polls
from handler.polling.schedule import Schedule
from handler.polling.stored_names import SCHEDULE, partition
from handler.ports import Database
from tests.kit import FakeQueue, FakeTable, plenty
from tests.poll_kit import Killable

START: Final = 1_795_000_000.0
_BATCH: Final = 10


class Function:
    """A deployment with polls of one database, at a time that tests advance.

    `sent` are the events that the queue accepted.
    """

    def __init__(self, database: Database, polls: Mapping[str, Poll]) -> None:
        self.now = START
        self.table, self.queue = FakeTable(lambda: self.now), FakeQueue()
        self.killable = Killable(self.table, self.queue)
        self.sent: list[dict[str, Any]] = []
        self._database = database
        self.deploy(polls)

    def deploy(self, polls: Mapping[str, Poll]) -> None:
        """Replace the polls."""
        self.polls = Polls(polls, self._database, self.killable, self.killable, lambda: self.now)

    def tick(self, after: float = 60.0) -> None:
        """Advance the time, and request the polls that are due."""
        self.now += after
        self.polls.tick()

    def run(self, after: float = 60.0) -> dict[str, list[str]]:
        """Tick, run the requested polls and those that they request in turn, and return the events of each poll.

        A row is shown as its id, with `late` after it if it was late; a summary as the number of its rows.
        """
        before = len(self.sent)
        self.tick(after)
        self.handle()
        found = self.sent[before:]
        return {name: [_shown(event) for event in found if event["type"] == name] for name in self.polls.polls}

    def handle(self) -> None:
        """Process the queue, ten messages at a time, until it is empty: keep events, and run polls."""
        while bodies := self.queue.sent:
            self.queue.sent = []
            requests = [body for body in bodies if Record("r", body).requests_poll]
            self.sent += [json.loads(body) for body in bodies if not Record("r", body).requests_poll]
            for start in range(0, len(requests), _BATCH):
                self.polls.run(requests[start : start + _BATCH], plenty)

    def found(self, after: float = 60.0) -> list[str]:
        """As `run`, but return the events once; all polls must find the same."""
        first, *others = self.run(after).values()
        assert all(other == first for other in others)
        return first

    @property
    def identities(self) -> list[str]:
        """Return the identities of all events in order."""
        return [event["event_id"] for event in self.sent]

    def schedule(self, poll: str) -> Schedule:
        """Return a poll's schedule: when it is due, and how its last run went."""
        return Schedule.of(self.table.rows.get((partition(poll), SCHEDULE)))

    def code(self) -> str:
        """Return the error code of the last runs, which must be the same for all polls; empty if they succeeded."""
        [code] = {self.schedule(poll).code for poll in self.polls.polls}
        return code

    def change(self, poll: str, changed: Callable[[Schedule], Schedule]) -> None:
        """Change a schedule, as the commands of `notifier poll` do."""
        item = self.table.rows[partition(poll), SCHEDULE]
        after = replace(item, values=changed(Schedule.of(item)).values(), revision=item.revision + 1)
        assert self.table.swap(after) is None


def _shown(event: Mapping[str, Any]) -> str:
    if digest := event["notifier"].get("digest"):
        return f"{digest['count']} rows"
    return f"{event['id']} late" if event["notifier"].get("late") else str(event["id"])


@dataclass
class OneTable:
    """ports.Database with one table, whose ids a poll reads."""

    ids: set[int] = field(default_factory=set)

    def add(self, *ids: int) -> None:
        """Insert rows."""
        self.ids.update(ids)

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        """Answer the SELECTs of a poll that has neither `created` nor `table`."""
        after, upto, count = (parameters.get(name) for name in ("after", "upto", "count"))
        if count is None:
            return [Row(id=id_) for id_ in sorted(self.ids)[:1]]
        found = sorted(id_ for id_ in self.ids if id_ > (after or 0) and (upto is None or id_ <= upto))
        return [Row(word=word, bits=bits, counted=bits.bit_count()) for word, bits in _words(found[: int(str(count))])]


def _words(ids: Iterable[int]) -> Iterable[tuple[int, int]]:
    words: dict[int, int] = {}
    for id_ in ids:
        words[id_ // 64] = words.get(id_ // 64, 0) | 1 << id_ % 64
    return words.items()
