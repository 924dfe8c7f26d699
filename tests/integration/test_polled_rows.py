"""A poll of a real table through its replica, while others write to it, and the function is killed again and again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import pytest

from handler.adapters.database.session import Limits
from handler.errors import SourceError
from handler.model import Poll as Template
from handler.polling import id_scan, statements
from handler.polling.id_cursor import IdCursor
from handler.polling.id_scan import IdPage
from handler.polling.id_set import IdSet
from handler.polling.run import run
from handler.polling.state import PollState
from handler.polling.table import Table
from lab.databases import Pair
from lab.poll_soak.ids import Ids
from lab.poll_soak.kinds import drop_table
from lab.poll_soak.plan import WRITERS
from lab.poll_soak.points import Killed
from lab.poll_soak.writers import writing
from lab.shop import SCHEMA, Target
from tests.poll_kit import ConflictError, Kept, seen
from tests.poll_kit import poll as poll_of
from tests.replica_kit import Default, replicas

SELECT = "SELECT id FROM polled WHERE scope = 1"
# Some transactions take twice as long as the poll assumes.
LONGEST = 0.5
SECONDS = 5.0


@pytest.fixture
def pair(breakable_pair: Pair) -> Iterator[Pair]:
    """The pair, with an empty table `polled`."""
    Ids(breakable_pair).create_table()
    yield breakable_pair
    breakable_pair.heal()
    drop_table(breakable_pair)


@dataclass
class Poll:
    """A poll of the table, with its state and its queue."""

    database: Default
    policy: Template
    kept: Kept = field(default_factory=Kept)
    looked_at: float = field(default_factory=time.time)

    def run(self, pages: int = 1_000_000, state: PollState | None = None) -> None:
        left, began = iter(range(pages)), state or self.kept.state
        table = Table(self.database.replicas, self.policy)
        in_time = lambda: next(left, -1) >= 0  # noqa: E731
        ran = run(began, self.looked_at, table, self.kept, self.kept, self.policy, time.time, in_time)
        self.looked_at = time.time()
        if ran.failure:
            raise ran.failure


@pytest.fixture
def database(pair: Pair, reader: Target) -> Iterator[Default]:
    adapter = replicas(reader, limits=Limits(rows=id_scan.PAGE_SIZE))
    yield Default(adapter)
    adapter.close()


@pytest.mark.parametrize("digest_rows", [None, 50])
def test_every_committed_row_is_reported_once(
    pair: Pair, database: Default, monkeypatch: pytest.MonkeyPatch, digest_rows: int | None
) -> None:
    """POLL_SEED repeats the choices of a run, though not how its threads meet."""
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 100)
    monkeypatch.setattr(id_scan, "SWEEP_PAGES", 3)
    seed = int(os.environ.get("POLL_SEED") or Random().randrange(10_000))
    print("POLL_SEED", seed)
    random = Random(seed)
    poll = Poll(database, poll_of(LONGEST, digest_rows, sql=SELECT))
    until = time.monotonic() + SECONDS
    crashes = 0
    with writing(pair, seed, WRITERS, lambda _: time.monotonic() < until, Ids(pair).writer) as so_far:
        while time.monotonic() < until:
            random.choice([*[lambda: None] * 5, pair.replica.stop_replication, pair.replica.start_replication])()
            old = poll.kept.state
            for state in random.choice([[None], [None], [None, old]]):  # a second run that began beside the first
                poll.kept.effects_left = random.choice([-1, -1, *range(1, 9)])
                try:
                    poll.run(random.choice([3, 10, 1_000]), state)
                except (Killed, ConflictError, SourceError):
                    crashes += 1
            time.sleep(random.choice([0.0, 0.05, 0.2]))
    deleted = so_far().deleted
    pair.heal()
    poll.kept.effects_left = -1
    for _ in range(100):
        poll.run()
    there = Ids(pair).committed()
    rows, digests = poll.kept.rows(), poll.kept.digests()
    assert crashes > 3
    assert len(there) > 300
    assert rows <= there | deleted
    reported = len(rows) + sum(digest.count for digest in digests)
    assert len(there) <= reported <= len(there | deleted)
    if digest_rows is None:
        assert there <= rows
    else:
        assert digests


@pytest.mark.parametrize("bounded", [False, True])
def test_a_slice_is_read_by_the_index_of_the_id(pair: Pair, bounded: bool) -> None:
    """However many rows there are: the server counts the rows that it reads."""
    bounds = {"after": 500, "count": 50, "upto": 900}
    with pair.primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO polled (note) VALUES (%s)", [("a note",)] * 1000)
        connection.commit()
        cursor.execute("FLUSH STATUS")
        cursor.execute(statements.ids_page(SELECT, bounded=bounded), bounds)
        assert list(IdSet.of((word, bits) for word, bits, _ in cursor.fetchall())) == list(range(501, 551))
        cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
        assert sum(int(count) for _, count in cursor.fetchall()) < 4 * 50


@pytest.mark.parametrize("ids", [[1, 63, 64, 65, 127, 128, 2**40, 2**63 - 1], []], ids=["some", "none"])
def test_the_ids_of_a_slice_are_those_of_the_table(pair: Pair, database: Default, ids: list[int]) -> None:
    for id_ in ids:
        pair.primary.query(f"INSERT INTO {SCHEMA}.polled (id, note) VALUES (%s, 'a note')", id_)
    pair.wait_for_replica()
    table = Table(database.replicas, poll_of(LONGEST, None, sql=SELECT))
    assert table.ids(0, None) == IdPage(seen(ids), complete=True)
    assert table.ids(63, 2**40) == IdPage(seen(id_ for id_ in ids if 63 < id_ <= 2**40), complete=True)
    assert (table.cursor_at_end(lambda: True), table.lowest()) == (
        IdCursor(max(ids, default=0), 0, seen(ids)),
        min(ids, default=0),
    )


def test_the_first_run_remembers_the_last_rows(pair: Pair, database: Default, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 3)
    pair.primary.query(f"INSERT INTO {SCHEMA}.polled (id) VALUES (5), (6), (70), (80), (90)")
    pair.wait_for_replica()
    table = Table(database.replicas, poll_of(LONGEST, None, sql=SELECT))
    assert (table.cursor_at_end(lambda: True), table.lowest()) == (IdCursor(90, 69, seen([70, 80, 90])), 5)
    assert table.ids(0, None) == IdPage(seen([5, 6, 70]), complete=False)


GUARDED = replace(poll_of(LONGEST, None, sql="SELECT id, at AS created FROM polled"), created=True, table="polled")


def test_what_tells_that_ids_are_used_again_is_read(pair: Pair, database: Default) -> None:
    """A replica's counter follows its primary's: through deletes, and back to 1 with TRUNCATE.

    It is given only from the id on that it has.
    """
    primary = pair.primary
    table = Table(database.replicas, GUARDED)

    def counter() -> int | None:
        pair.wait_for_replica()
        low = table.low_counter(1000)
        assert low is None or (table.low_counter(low), table.low_counter(low - 1)) == (low, None)
        return low

    assert counter() == 1
    at = "2026-01-05 10:00:00.25"
    primary.query(f"INSERT INTO {SCHEMA}.polled (note, at) VALUES ('a', '{at}'), ('b', '{at}'), ('c', '{at}')")
    assert counter() == 4
    assert table.created([1, 3, 7]) == dict.fromkeys([1, 3], "2026-01-05 10:00:00.250000+00:00")
    assert table.created([]) == {}
    primary.query(f"ANALYZE TABLE {SCHEMA}.polled")  # what is cached of it, also on the replica, does not count
    primary.query(f"INSERT INTO {SCHEMA}.polled (note) VALUES ('d')")
    assert counter() == 5
    primary.query(f"DELETE FROM {SCHEMA}.polled")
    assert (counter(), table.created([1])) == (5, {})
    primary.query(f"TRUNCATE {SCHEMA}.polled")
    assert counter() == 1
    assert table.has_counter()


# Ids of the application, a table that has no counter, or has one for another column, and none that is known.
UNCOUNTED = [
    {"table": "orders"},
    {"table": "gone"},
    {"column": "note"},
    {"table": "polled_view"},
    {"table": ""},
]


@pytest.mark.parametrize("changed", UNCOUNTED, ids=str)
def test_what_the_database_does_not_count_has_no_counter(
    pair: Pair, database: Default, changed: dict[str, Any]
) -> None:
    pair.primary.query(f"CREATE OR REPLACE VIEW {SCHEMA}.polled_view AS SELECT * FROM {SCHEMA}.polled")
    pair.wait_for_replica()
    table = Table(database.replicas, replace(GUARDED, **changed))
    assert (table.low_counter(2**63), table.has_counter()) == (None, False)
    pair.primary.query(f"DROP VIEW {SCHEMA}.polled_view")
