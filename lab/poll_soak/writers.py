"""The application: transactions that run at the same time, and commit late or not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import pymysql

from lab.databases import Pair
from lab.shop import SCHEMA

TABLE: Final = "polled"
# What the poll's SELECT wants, and what it leaves out; a row never changes between them.
IN_SCOPE, OUT_OF_SCOPE = 1, 0
# For how many seconds transactions stay open.
OPEN_SECONDS: Final = (0.0, 0.0, 0.01, 0.1, 0.5, 1.0)
# For how many there is none.
IDLE_SECONDS: Final = (0.0, 0.0, 0.1, 0.5)
# How many rows one INSERT has.
SIZES: Final = (1, 1, 1, 1, 1, 1, 3, 3, 10, 120)


@dataclass
class Written:
    """What the writers have done. `deleted` are ids that were committed in scope before they were deleted."""

    committed: int = 0
    rolled_back: int = 0
    updated: int = 0
    late: int = 0
    deleted: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, **counts: int) -> None:
        """Count."""
        with self._lock:
            for name, count in counts.items():
                setattr(self, name, getattr(self, name) + count)


def create_table(pair: Pair) -> None:
    """Create the table that is polled, which must not be there."""
    pair.primary.query(
        f"CREATE TABLE {SCHEMA}.{TABLE} (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, scope TINYINT NOT NULL "
        f"DEFAULT {IN_SCOPE}, at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), note VARCHAR(20))"
    )
    pair.wait_for_replica()


def drop_table(pair: Pair) -> None:
    """Drop it."""
    pair.primary.query(f"DROP TABLE {SCHEMA}.{TABLE}")


def committed(pair: Pair) -> set[int]:
    """Return the ids in scope that are there."""
    return {id_ for (id_,) in pair.primary.query(f"SELECT id FROM {SCHEMA}.{TABLE} WHERE scope = {IN_SCOPE}")}


@contextmanager
def writing(pair: Pair, seed: int, writers: int, wanted: Callable[[Written], bool]) -> Iterator[Callable[[], Written]]:
    """Write for as long as that is `wanted`. What is yielded returns what was done so far, and raises what was raised.

    The block ends once all transactions have.
    """
    written, stop = Written(), threading.Event()
    with ThreadPoolExecutor(writers) as pool:
        more = lambda: not stop.is_set() and wanted(written)  # noqa: E731
        running = [pool.submit(_write, pair, Random(f"{seed} {number}"), written, more) for number in range(writers)]

        def so_far() -> Written:
            for one in running:
                if one.done():
                    one.result()
            return written

        try:
            yield so_far
        finally:
            stop.set()
    so_far()


def _write(pair: Pair, random: Random, written: Written, more: Callable[[], bool]) -> None:
    with pair.primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION auto_increment_increment = %s", [random.choice([1, 1, 3])])
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        while more():
            try:
                _transaction(connection, cursor, random, written)
            except pymysql.OperationalError:  # a deadlock: the server has rolled back
                with suppress(pymysql.MySQLError):
                    connection.rollback()
                written.add(rolled_back=1)
            time.sleep(random.choice(IDLE_SECONDS))


def _transaction(connection: Any, cursor: Any, random: Random, written: Written) -> None:
    """One transaction, and perhaps one more that deletes what is the newest row after it."""
    connection.begin()
    counted = sum(_insert(cursor, random) for _ in range(random.choice([1, 1, 2])))
    if random.random() < 0.3:
        cursor.execute(f"SELECT MAX(id) FROM {TABLE}")
        [newest] = cursor.fetchone()
        if newest:
            written.add(updated=cursor.execute(f"UPDATE {TABLE} SET note = 'changed' WHERE id = %s", [newest]))
    seconds = random.choice(OPEN_SECONDS)
    time.sleep(seconds)
    if random.random() < 0.2:
        connection.rollback()
        written.add(rolled_back=1)
        return
    connection.commit()
    written.add(committed=counted, late=seconds >= 0.5)
    if random.random() < 0.2:
        cursor.execute(f"SELECT MAX(id) FROM {TABLE} WHERE scope = {IN_SCOPE}")
        [newest] = cursor.fetchone()
        if newest and cursor.execute(f"DELETE FROM {TABLE} WHERE id = %s", [newest]):
            written.deleted.add(newest)
        connection.commit()


def _insert(cursor: Any, random: Random) -> int:
    """Insert some rows, and return how many of them are in scope."""
    scopes = [IN_SCOPE if random.random() < 0.9 else OUT_OF_SCOPE for _ in range(random.choice(SIZES))]
    cursor.executemany(f"INSERT INTO {TABLE} (scope, note) VALUES (%s, 'a note')", [[scope] for scope in scopes])
    return sum(scopes)
