"""Shared by the tests of polls: a store and a queue that can fail at every step, as if the function were killed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from handler.errors import SourceError
from handler.model import Digest, Poll
from handler.polling.id_cursor import IdCursor
from handler.polling.id_scan import ReadIds
from handler.polling.id_set import IdSet
from handler.polling.id_values import UNKNOWN, IdValues
from handler.polling.replica_lag import RowVersion
from handler.polling.state import PolledEvent, PolledRow, PollState
from handler.state_item import Item
from lab.databases import Pair
from lab.poll_soak.points import Killed
from tests.kit import FakeQueue, FakeTable


class ConflictError(Exception):
    """Another run has written the state meanwhile."""


@dataclass
class Kept:
    """The stored state, and the events that the queue accepted. After `effects_left` steps the function is killed."""

    state: PollState = field(default_factory=lambda: PollState(IdCursor.at(0)))
    sent: list[PolledEvent] = field(default_factory=list)
    effects_left: int = -1

    def save(self, state: PollState) -> PollState:
        self._step()
        if (state.epoch, state.revision) != (self.state.epoch, self.state.revision):
            raise ConflictError
        self.state = replace(state, revision=state.revision + 1)
        self._step()
        return self.state

    def send(self, events: Sequence[PolledEvent], epoch: int) -> None:
        self._step()
        self.sent += events
        self._step()

    def rows(self) -> set[int]:
        """Return the rows that were reported individually, without duplicates, as the ledger removes them."""
        return {finding.id for finding in self.sent if isinstance(finding, PolledRow)}

    def digests(self) -> list[Digest]:
        """Return the digests without duplicates, and check that repeated ones are equal."""
        found = {finding for finding in self.sent if isinstance(finding, Digest)}
        assert len({digest.number for digest in found}) == len(found)
        return list(found)

    def _step(self) -> None:
        self.effects_left -= 1
        if self.effects_left == 0:
            raise Killed


def poll_in_trouble(
    pair: Pair, kept: Kept, random: Random, until: float, poll: Callable[[int, float], None]
) -> tuple[int, float]:
    """Poll repeatedly until `until` (time.monotonic), while replication stops and restarts and runs are killed.

    `poll` takes how often a run finds that it has time left, and when the table was last read. Returns how many runs
    failed, and when the last one ended.
    """
    crashes, looked_at = 0, time.time()
    while time.monotonic() < until:
        random.choice([*[lambda: None] * 5, pair.replica.stop_replication, pair.replica.start_replication])()
        kept.effects_left = random.choice([-1, -1, *range(1, 9)])
        try:
            poll(random.choice([3, 10, 1_000]), looked_at)
        except (Killed, ConflictError, SourceError):
            crashes += 1
        looked_at = time.time()
        time.sleep(random.choice([0.0, 0.05]))
    kept.effects_left = -1
    return crashes, looked_at


@dataclass
class Killable:
    """The state table and the queue of a function that is killed after `left` of their steps."""

    table: FakeTable
    queue: FakeQueue
    left: int = -1

    def _step(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed

    def swap(self, item: Item) -> Item | None:
        self._step()
        standing = self.table.swap(item)
        self._step()
        return standing

    def items(self, partition: str) -> list[Item]:
        return self.table.items(partition)

    def get(self, keys: Sequence[tuple[str, str]]) -> list[Item]:
        return self.table.get(keys)

    def send(self, bodies: Sequence[str]) -> None:
        if bodies:
            self._step()
            self.queue.send(bodies)
            self._step()


def seen(ids: Iterable[int]) -> IdValues:
    """Return the ids as values of a poll without a watched column."""
    return IdValues({UNKNOWN: found} if (found := IdSet.containing(ids)) else {})


@dataclass
class OnlyIds:
    """A table of which only the ids are known."""

    ids: ReadIds

    def created(self, ids: Iterable[int]) -> Mapping[int, str]:
        return {}

    def low_counter(self, top: int) -> int | None:
        return None

    def changed(self, ids: Iterable[int]) -> Mapping[int, RowVersion]:
        return {}


def poll(longest: float, digest_rows: int | None, digest_seconds: float | None = None, sql: str = "") -> Poll:
    """Return a poll of a table, every minute."""
    return Poll(sql, 60.0, longest=longest, digest_rows=digest_rows, digest_seconds=digest_seconds)
