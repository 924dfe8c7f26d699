"""A poll of a real table with a real state table and queue, whose clock advances by its interval before each run."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from handler.adapters.state.intake_queue import IntakeQueue
from handler.adapters.state.table import StateTable
from handler.model import Poll
from handler.polling import messages, state_item
from handler.polling.dispatch import Polls
from handler.polling.id_cursor import IdCursor
from handler.polling.run import RunResult
from handler.polling.schedule import Schedule
from handler.polling.state import PollState
from handler.polling.stored_names import SCHEDULE, STATE, partition
from handler.ports import Database
from handler.state_item import Item
from lab.databases import Pair
from lab.shop import SCHEMA

NAME: Final = "order.created"
EVERY: Final = 60.0
_BATCH: Final = 1000


@dataclass
class Rig:
    """A poll with the function's own adapters, whose settings are in the environment variables."""

    database: Database
    state_table: str
    queue_url: str
    poll: Poll
    now: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self.table = StateTable(self.state_table)
        self.queue = IntakeQueue(self.queue_url)
        self.polls = Polls({NAME: self.poll}, self.database, self.table, self.queue, self._at)

    def run(self) -> RunResult:
        """Run the poll once, one interval after the previous run."""
        self.now += EVERY
        (report,) = self.polls.run([messages.request(NAME)], lambda: 60.0)
        assert report.failure is None, report
        assert report.ran
        return report.ran

    def forget(self) -> None:
        """Reset the poll to one whose first run is over, and which has seen no row."""
        items = {item.sort: item for item in self.table.items(partition(NAME))}
        born = Schedule(began_at=self.now, state_known_at=self.now, scanned_at=self.now)
        for sort, values in ((STATE, state_item.values(PollState(IdCursor.at(0)))), (SCHEDULE, born.values())):
            item = Item(partition(NAME), sort, values, expires_at=0).following(items.get(sort))
            assert self.table.swap(item) is None

    def _at(self) -> float:
        return self.now


def create_table(pair: Pair, name: str, rows: int) -> None:
    """Create a table with this many rows; replace an existing table of this name."""
    table = f"{SCHEMA}.{name}"
    pair.primary.query(f"DROP TABLE IF EXISTS {table}")
    pair.primary.query(
        f"CREATE TABLE {table} (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, "
        "at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), note VARCHAR(20))"
    )
    insert(pair, name, rows)


def insert(pair: Pair, name: str, rows: int) -> None:
    """Insert this many rows, and wait until the replica has them."""
    with pair.primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
        connection.begin()
        for start in range(0, rows, _BATCH):
            many = [("a note",)] * min(_BATCH, rows - start)
            cursor.executemany(f"INSERT INTO {name} (note) VALUES (%s)", many)
        connection.commit()
    pair.wait_for_replica()
