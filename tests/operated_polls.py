"""A poll that an operator changes, pauses, starts and previews; the state table and the queue are in memory."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from handler.model import Poll, Record, Row, Value
from handler.polling import messages, state_item
from handler.polling.dispatch import Polls, RunReport
from handler.polling.dry_run import DryRun, Posts, dry_run
from handler.polling.schedule import Schedule
from handler.polling.state import PollState
from handler.polling.statements import COUNTER
from handler.polling.stored_names import SCHEDULE, STATE, partition
from handler.state_item import Item
from tests.kit import FakeQueue, FakeTable
from tests.poll_kit import Killable

TYPE = "order.created"
POLL = Poll("SELECT id FROM orders", 60.0)
START = 1_795_000_000.0


@dataclass
class Orders:
    """ports.Database with one table. It raises `error`, if set; `meanwhile` is called once, before the next result."""

    ids: set[int] = field(default_factory=set)
    created: dict[int, str] = field(default_factory=dict)
    error: Exception | None = None
    meanwhile: Callable[[], object] | None = None
    selects: int = 0

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        self.selects += 1
        if meanwhile := self.meanwhile:
            self.meanwhile = None
            meanwhile()
        if self.error:
            raise self.error
        if sql == COUNTER:
            return []
        if "found.created" in sql:
            asked = [id_ for id_ in map(int, map(str, parameters.values())) if id_ in self.ids]
            return [Row(id=id_, created=self.created.get(id_, "once")) for id_ in asked]
        if "LIMIT 1" in sql:
            return [Row(id=id_) for id_ in sorted(self.ids)[:1]]
        after, upto, count = (parameters.get(name) for name in ("after", "upto", "count"))
        found = sorted(
            id_ for id_ in self.ids if int(str(after or 0)) < id_ and (upto is None or id_ <= int(str(upto)))
        )
        found = found[-int(str(count)) :] if after is None else found[: int(str(count))]
        return words(found)


def words(ids: Iterable[int]) -> list[Row]:
    bits: dict[int, int] = {}
    for id_ in ids:
        bits[id_ // 64] = bits.get(id_ // 64, 0) | 1 << id_ % 64
    return [Row(word=word, bits=some, counted=some.bit_count()) for word, some in bits.items()]


class Operated:
    """One poll, at one point in time."""

    def __init__(self, poll: Poll = POLL, database: Any = None) -> None:
        self.poll = poll
        self.now = START
        self.database = database or Orders()
        self.table = FakeTable(lambda: self.now)
        self.queue = FakeQueue()
        self.killable = Killable(self.table, self.queue)
        self.polls = Polls({TYPE: poll}, self.database, self.killable, self.killable, lambda: self.now)

    @property
    def ids(self) -> set[int]:
        return self.database.ids

    def minute(self, remaining: float = 60.0) -> list[RunReport]:
        """Tick, and run the polls that were requested."""
        self.now += 60
        self.polls.tick()
        return self.handle(remaining)

    def handle(self, remaining: float = 60.0) -> list[RunReport]:
        requests = [body for body in self.queue.sent if Record("r", body).requests_poll]
        self.queue.sent = [body for body in self.queue.sent if body not in requests]
        return self.polls.run(requests, lambda: remaining)

    def run_now(self) -> list[RunReport]:
        return self.polls.run([messages.request(TYPE)], lambda: 60.0)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.queue.sent if not Record("r", body).requests_poll]

    def posted(self) -> list[str]:
        """Return the identities of the events without duplicates, as the ledger removes them."""
        return list(dict.fromkeys(one["event_id"] for one in self.events()))

    def rows(self) -> set[Any]:
        return {one["id"] for one in self.events()}

    @property
    def schedule(self) -> Schedule:
        return Schedule.of(self.table.rows.get((partition(TYPE), SCHEDULE)))

    @property
    def state(self) -> PollState:
        return state_item.read(self.table.rows[partition(TYPE), STATE])

    def change(self, changed: Callable[[Schedule], Schedule]) -> None:
        """Change the schedule, as `notifier poll` does."""
        item = self.table.rows[partition(TYPE), SCHEDULE]
        after = Item(item.partition, item.sort, changed(Schedule.of(item)).values(), 0).following(item)
        assert self.table.swap(after) is None

    def lose(self, sort: str) -> None:
        del self.table.rows[partition(TYPE), sort]

    def preview(self, remaining: float = 60.0, posts: Posts = lambda _: True) -> DryRun:
        """Do a dry run, which must neither write nor send anything."""
        before = dict(self.table.rows), list(self.queue.sent)
        found = dry_run(TYPE, self.poll, self.database, self.table, lambda: self.now, lambda: remaining, posts)
        assert (dict(self.table.rows), list(self.queue.sent)) == before
        return found
