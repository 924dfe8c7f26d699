"""A poll of a real table through its replica, while others write to it, and the function is killed again and again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

import pytest

from handler.adapters.session import Limits
from handler.errors import SourceError
from handler.polling import look, statements
from handler.polling.poll import Policy, PollState, run
from handler.polling.seen import Seen
from lab.databases import Pair
from lab.shop import SCHEMA, Target
from tests.poll_kit import ConflictError, CrashError, Kept
from tests.replica_kit import Default, replicas

SELECT = "SELECT id FROM polled"
# Some transactions take twice as long as the poll assumes.
LONGEST = 0.5
WRITERS, SECONDS = 6, 5.0


@pytest.fixture
def pair(breakable_pair: Pair) -> Iterator[Pair]:
    """The pair, with an empty table `polled`."""
    primary = breakable_pair.primary
    primary.query(f"CREATE TABLE {SCHEMA}.polled (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, note VARCHAR(20))")
    breakable_pair.wait_for_replica()
    yield breakable_pair
    breakable_pair.heal()
    primary.query(f"DROP TABLE {SCHEMA}.polled")


@dataclass
class Poll:
    """A poll of the table, with its state and its queue."""

    database: Default
    policy: Policy
    kept: Kept = field(default_factory=Kept)

    def ids(self, after: int, upto: int | None) -> Seen:
        bounds = {} if upto is None else {"upto": upto}
        sql = statements.slice_of_ids(SELECT, bounded=upto is not None)
        rows = self.database(sql, look.SLICE, after=after, count=look.SLICE, **bounds)
        return Seen.of((row["word"], row["bits"]) for row in rows)

    def run(self, slices: int = 1_000_000, state: PollState | None = None) -> None:
        left, began = iter(range(slices)), state or self.kept.state
        run(began, self.ids, self.kept, self.kept, self.policy, time.time, lambda: next(left, -1) >= 0)


@pytest.fixture
def database(pair: Pair, reader: Target) -> Iterator[Default]:
    adapter = replicas(reader, limits=Limits(rows=look.SLICE))
    yield Default(adapter)
    adapter.close()


def write(pair: Pair, random: Random, until: float) -> set[int]:
    """Insert and delete rows until then, and return the ids of the deleted ones."""
    deleted: set[int] = set()
    with pair.primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION auto_increment_increment = %s", [random.choice([1, 3])])
        while time.monotonic() < until:
            connection.begin()
            for _ in range(random.choice([1, 1, 2])):
                count = random.choice([1, 1, 1, 3, 200])
                cursor.executemany("INSERT INTO polled (note) VALUES (%s)", [("a note",)] * count)
            time.sleep(random.choice([0.0, 0.01, 0.1, LONGEST, LONGEST * 2]))
            if random.random() < 0.25:
                connection.rollback()
                continue
            connection.commit()
            if random.random() < 0.3:
                cursor.execute("SELECT MAX(id) FROM polled")
                [newest] = cursor.fetchone()
                if cursor.execute("DELETE FROM polled WHERE id = %s", [newest]):
                    deleted.add(newest)
                connection.commit()
    return deleted


@pytest.mark.parametrize("digest_rows", [None, 50])
def test_every_committed_row_is_reported_once(
    pair: Pair, database: Default, monkeypatch: pytest.MonkeyPatch, digest_rows: int | None
) -> None:
    """POLL_SEED repeats the choices of a run, though not how its threads meet."""
    monkeypatch.setattr(look, "SLICE", 100)
    monkeypatch.setattr(look, "SWEEP_SLICES", 3)
    seed = int(os.environ.get("POLL_SEED") or Random().randrange(10_000))
    print("POLL_SEED", seed)
    random = Random(seed)
    poll = Poll(database, Policy(LONGEST, digest_rows))
    until = time.monotonic() + SECONDS
    crashes = 0
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, pair, Random(seed + number), until) for number in range(1, WRITERS + 1)]
        while time.monotonic() < until:
            random.choice([*[lambda: None] * 5, pair.replica.stop_replication, pair.replica.start_replication])()
            old = poll.kept.state
            for state in random.choice([[None], [None], [None, old]]):  # a second run that began beside the first
                poll.kept.effects_left = random.choice([-1, -1, *range(1, 9)])
                try:
                    poll.run(random.choice([3, 10, 1_000]), state)
                except (CrashError, ConflictError, SourceError):
                    crashes += 1
            time.sleep(random.choice([0.0, 0.05, 0.2]))
        deleted = set().union(*(writer.result() for writer in writers))
    pair.heal()
    poll.kept.effects_left = -1
    for _ in range(100):
        poll.run()
    there = {id_ for (id_,) in pair.primary.query(f"SELECT id FROM {SCHEMA}.polled")}
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
        cursor.execute(statements.slice_of_ids(SELECT, bounded=bounded), bounds)
        assert list(Seen.of(cursor.fetchall())) == list(range(501, 551))
        cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
        assert sum(int(count) for _, count in cursor.fetchall()) < 4 * 50


@pytest.mark.parametrize("ids", [[1, 63, 64, 65, 127, 128, 2**40, 2**63 - 1], []], ids=["some", "none"])
def test_the_ids_of_a_slice_are_those_of_the_table(pair: Pair, database: Default, ids: list[int]) -> None:
    for id_ in ids:
        pair.primary.query(f"INSERT INTO {SCHEMA}.polled (id, note) VALUES (%s, 'a note')", id_)
    pair.wait_for_replica()
    poll = Poll(database, Policy(LONGEST, None))
    assert list(poll.ids(0, None)) == ids
    assert list(poll.ids(63, 2**40)) == [id_ for id_ in ids if 63 < id_ <= 2**40]
