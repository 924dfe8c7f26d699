"""Many polls at once, in invocations as the queue makes them: ten messages each, and a time limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from handler.errors import SourceError
from handler.model import Poll, Row, Value
from handler.polling.dispatch import Polls
from tests.kit import FakeQueue, FakeTable
from tests.polls_kit import START

BATCH, INVOCATION = 10, 60.0


@dataclass
class Tables:
    """ports.Database: empty tables, of which some take `seconds` for each SELECT, and then fail."""

    slow: set[str]
    seconds: float
    now: float = START
    read: dict[str, float] = field(default_factory=dict)

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        if database in self.slow:
            self.now += self.seconds
            raise SourceError("DB_TIMEOUT", database)
        self.read[database] = self.now
        return []


@pytest.mark.parametrize("seconds", [3.0, 8.0], ids=["slow statements", "a server that does not answer"])
@pytest.mark.parametrize("slow", [1, 9, 40])
def test_polls_that_time_out_let_every_other_one_run(slow: int, seconds: float) -> None:
    """However many they are: no other poll waits longer than a few minutes."""
    names = [f"table.n{number:02}" for number in range(50)]
    tables = Tables(set(names[:slow]), seconds)
    table, queue = FakeTable(lambda: tables.now), FakeQueue()
    every = {name: Poll("SELECT id FROM t", 60.0, database=name) for name in names}
    polls = Polls(every, tables, table, queue, lambda: tables.now)
    for minute in range(12):
        tables.now = START + minute * 60
        polls.tick()
        bodies, queue.sent = queue.sent, []
        for first in range(0, len(bodies), BATCH):  # invocations that run side by side
            begin_invocation(polls, bodies[first : first + BATCH], tables, START + minute * 60)
    assert min(tables.read.get(name, 0.0) for name in names[slow:]) >= tables.now - 5 * 60


def begin_invocation(polls: Polls, bodies: Sequence[str], tables: Tables, at: float) -> None:
    tables.now = at
    polls.run(bodies, lambda: at + INVOCATION - tables.now)
