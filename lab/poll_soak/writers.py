"""Writers: concurrent transactions that commit late or not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Protocol

import pymysql

from lab.databases import Pair
from lab.shop import SCHEMA

# How long transactions stay open, in seconds.
OPEN_SECONDS: Final = (0.0, 0.0, 0.01, 0.1, 0.5, 1.0)
# The pauses between transactions, in seconds.
IDLE_SECONDS: Final = (0.0, 0.0, 0.1, 0.5)
# The number of rows that are inserted together.
SIZES: Final = (1, 1, 1, 1, 1, 1, 3, 3, 10, 120)

# Records what a transaction has done; called once it is committed.
Note = Callable[[], None]


@dataclass
class Written:
    """What the writers have done. `deleted` are ids that were committed in scope, and deleted later."""

    committed: int = 0
    rolled_back: int = 0
    updated: int = 0
    late: int = 0
    deleted: set[Any] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, **counts: int) -> None:
        """Add to the counts."""
        with self._lock:
            for name, count in counts.items():
                setattr(self, name, getattr(self, name) + count)


class Writer(Protocol):
    """The statements of one writer's transactions; for one thread."""

    def write(self, cursor: Any, random: Random, written: Written) -> Note:
        """Insert and change rows."""

    def delete(self, cursor: Any, random: Random, written: Written) -> Note:
        """Delete a row, if one exists."""


@contextmanager
def writing(
    pair: Pair,
    seed: int,
    writers: int,
    wanted: Callable[[Written], bool],
    writer: Callable[[], Writer],
) -> Iterator[Callable[[], Written]]:
    """Write as long as `wanted` returns true. Yield a function that returns the counts, or raises a writer's error.

    The block ends once all transactions have ended.
    """
    written, stop = Written(), threading.Event()
    with ThreadPoolExecutor(writers) as pool:
        more = lambda: not stop.is_set() and wanted(written)  # noqa: E731
        running = [
            pool.submit(_write, pair, writer(), Random(f"{seed} {number}"), written, more) for number in range(writers)
        ]

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


def _write(pair: Pair, writer: Writer, random: Random, written: Written, more: Callable[[], bool]) -> None:
    with pair.primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION auto_increment_increment = %s", [random.choice([1, 1, 3])])
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        cursor.execute("SET SESSION time_zone = '+00:00'")
        while more():
            try:
                _transaction(connection, cursor, writer, random, written)
            except pymysql.OperationalError:  # a deadlock: the server has rolled back
                with suppress(pymysql.MySQLError):
                    connection.rollback()
                written.add(rolled_back=1)
            time.sleep(random.choice(IDLE_SECONDS))


def _transaction(connection: Any, cursor: Any, writer: Writer, random: Random, written: Written) -> None:
    """Run one transaction, and perhaps another one that deletes a row."""
    connection.begin()
    note = writer.write(cursor, random, written)
    seconds = random.choice(OPEN_SECONDS)
    time.sleep(seconds)
    if random.random() < 0.2:
        connection.rollback()
        written.add(rolled_back=1)
        return
    connection.commit()
    note()
    written.add(late=seconds >= 0.5)
    if random.random() < 0.2:
        note = writer.delete(cursor, random, written)
        connection.commit()
        note()
