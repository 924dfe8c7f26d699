"""Polls by id: each committed row must end as one delivery, or be counted by one digest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar, Final

from lab.databases import Pair
from lab.poll_soak.invariants import Deliveries, Verdict, broken
from lab.poll_soak.plan import Plan
from lab.poll_soak.writers import SIZES, Note, Written
from lab.shop import SCHEMA

TABLE: Final = "polled"
# The values of the column `scope` that the poll's SELECT includes and excludes. A row never changes between them.
IN_SCOPE, OUT_OF_SCOPE = 1, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories(Deliveries):
    """The rows that were written, and their deliveries.

    `there` are the ids of the rows in scope that exist, `deleted` those of rows that existed before.
    """

    there: AbstractSet[int]
    deleted: AbstractSet[int] = field(default_factory=frozenset)


def check(found: Histories) -> Verdict:
    """Check the deliveries against the rows, and return the verdict."""
    single, digested = set(map(int, found.singles)), found.digested
    lost = _lost(sorted(found.there - single), found.digests)
    short = max(len(found.there - single) - digested, 0)
    violations = [
        *(f"row {id_} is lost" for id_ in lost),
        *_of_counts(found, single, digested, short if not lost else 0),
        *(f"row {id_} is delivered, and was never committed" for id_ in sorted(single - found.there - found.deleted)),
        *broken(found),
    ]
    return Verdict(len(single), digested, max(len(lost), short), found.twice, violations)


def _lost(missing: Iterable[int], digests: Mapping[str, int]) -> list[int]:
    """Return the rows that have no delivery of their own and are in no digest's range."""
    ranges = [tuple(map(int, key.split("-"))) for key in digests]
    return [id_ for id_ in missing if not any(first <= id_ <= last for first, last in ranges)]


def _of_counts(found: Histories, single: AbstractSet[int], digested: int, short: int) -> Iterator[str]:
    """Yield violations of the counts: a digest lists no rows, so only its count shows a missing or repeated row."""
    if short:
        yield f"{short} rows are in no delivery"
    told, most = len(single) + digested, len(found.there | found.deleted)
    if told > most:
        yield f"{told} rows are told of, and {most} were committed"


@dataclass
class Ids:
    """The writing application, for a poll by id."""

    pair: Pair
    type: ClassVar[str] = "soak.row"
    shown: ClassVar[str] = ""

    def create_table(self) -> None:
        """Create the polled table, which must not exist."""
        self.pair.primary.query(
            f"CREATE TABLE {SCHEMA}.{TABLE} (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, scope TINYINT NOT NULL "
            f"DEFAULT {IN_SCOPE}, at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), note VARCHAR(20))"
        )
        self.pair.wait_for_replica()

    def committed(self) -> set[int]:
        """Return the ids of the existing rows in scope."""
        return {id_ for (id_,) in self.pair.primary.query(f"SELECT id FROM {SCHEMA}.{TABLE} WHERE scope = {IN_SCOPE}")}

    def writer(self) -> _Writer:
        """Return a new writer."""
        return _Writer()

    def passes(self, plan: Plan) -> int:
        """Return the number of runs after which all ids have been read twice."""
        return 2 * max(self.committed(), default=0) // (plan.page_size * plan.sweep_pages) + 20

    def check(self, found: Mapping[str, Any], _stood: AbstractSet[tuple[Any, int]], written: Written) -> Verdict:
        """Check the deliveries against the rows. `found` has the fields of Deliveries."""
        return check(Histories(**found, there=self.committed(), deleted=frozenset(written.deleted)))


class _Writer:
    def write(self, cursor: Any, random: Random, written: Written) -> Note:
        counted = sum(_insert(cursor, random) for _ in range(random.choice([1, 1, 2])))
        if random.random() < 0.3:
            cursor.execute(f"SELECT MAX(id) FROM {TABLE}")
            [newest] = cursor.fetchone()
            if newest:
                written.add(updated=cursor.execute(f"UPDATE {TABLE} SET note = 'changed' WHERE id = %s", [newest]))
        return lambda: written.add(committed=counted)

    def delete(self, cursor: Any, _random: Random, written: Written) -> Note:
        cursor.execute(f"SELECT MAX(id) FROM {TABLE} WHERE scope = {IN_SCOPE}")
        [newest] = cursor.fetchone()
        gone = {newest} if newest and cursor.execute(f"DELETE FROM {TABLE} WHERE id = %s", [newest]) else set()
        return lambda: written.deleted.update(gone)


def _insert(cursor: Any, random: Random) -> int:
    """Insert some rows, and return how many of them are in scope."""
    scopes = [IN_SCOPE if random.random() < 0.9 else OUT_OF_SCOPE for _ in range(random.choice(SIZES))]
    cursor.executemany(f"INSERT INTO {TABLE} (scope, note) VALUES (%s, 'a note')", [[scope] for scope in scopes])
    return sum(scopes)
