"""Polls of a watched column: each value that a run had to see must end as one delivery, with the value before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby, pairwise
from random import Random
from typing import Any, ClassVar, Final

from lab.databases import Pair
from lab.poll_soak.ids import IN_SCOPE, OUT_OF_SCOPE, TABLE
from lab.poll_soak.invariants import Deliveries, Verdict, broken
from lab.poll_soak.plan import WRITERS, Plan
from lab.poll_soak.writers import SIZES, Note, Written
from lab.shop import SCHEMA

# The template writes NULL like this.
NULL: Final = "-"
STATUSES: Final = ("pending", "paid", "shipped", "失敗", None)
# The rows that exist before the first run of the poll.
FIRST_ROWS: Final = 30
# How many rows one transaction changes.
CHANGES: Final = (0, 1, 1, 1, 2, 5, 60)
# Longer than the hour that the poll waits before it accepts an older value.
QUIET_MINUTES: Final = 70


@dataclass(frozen=True, slots=True)
class Row:
    """The values that a row had after each committed transaction, by ascending version number.

    An `old` row existed before the first run, which saw it with the first of these values.
    """

    values: dict[int, str]
    old: bool = False

    def path(self, numbers: AbstractSet[int]) -> list[str]:
        """Return the values of these versions, and the first value of an old row, without consecutive duplicates."""
        first = next(iter(self.values)) if self.old else None
        return [value for value, _ in groupby(one for n, one in self.values.items() if n in numbers or n == first)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes(Deliveries):
    """The rows that were written, and their deliveries; `stood` are the row versions that a run had to see."""

    rows: Mapping[int, Row]
    stood: AbstractSet[tuple[int, int]]
    identity: str


def check(found: Changes) -> Verdict:
    """Check the deliveries against the changes, and return the verdict."""
    told = _told(found.singles)
    stood: dict[int, set[int]] = {id_: set() for id_ in found.rows}
    for id_, number in found.stood:
        stood[id_].add(number)
    ranges = [tuple(map(int, key.split("-"))) for key in found.digests]
    unknown = sorted(told.keys() - found.rows.keys())
    violations = [*broken(found), *(f"row {id_} is delivered, and was never committed" for id_ in unknown)]
    lost = 0
    for id_, row in found.rows.items():
        keys = told.get(id_, [])
        is_digested = any(first <= id_ <= last for first, last in ranges)
        missing = _missing(found, row, stood[id_], keys)
        if missing and not is_digested:
            lost += missing
            violations.append(f"row {id_}: {missing} lost of {row.path(stood[id_])}; told {_news(found, keys)}")
        violations += [f"row {id_} {one}" for one in _invented(found, row, keys, is_digested=is_digested)]
    return Verdict(len(found.singles), found.digested, lost, found.twice, [*violations, *_of_counts(found, stood)])


def _told(singles: AbstractSet[str]) -> dict[int, list[str]]:
    """Return each row's event keys, in the order of the moments in them."""
    told: dict[int, list[str]] = {}
    for key in sorted(singles):
        told.setdefault(int(key.split("/")[0]), []).append(key)
    return told


def _news(found: Changes, keys: Sequence[str]) -> list[str]:
    return [_change(found, key)[1] for key in keys]


def _change(found: Changes, key: str) -> tuple[str, str]:
    """Return the old and the new value from the message."""
    _, old, new = found.said.get(key, "- ? ?").split()[:3]
    return old, new


def _missing(found: Changes, row: Row, stood: AbstractSet[int], keys: Sequence[str]) -> int:
    """Return how many of the values that a run had to see have no delivery."""
    wanted = row.path(stood)[row.old :]
    if found.identity == "moment":
        told = iter(_news(found, keys))
        return sum(one not in told for one in wanted)
    if found.identity == "watched":
        return len({*wanted} - {*_news(found, keys)})
    return int(bool(wanted) and not keys)


def _invented(found: Changes, row: Row, keys: Sequence[str], *, is_digested: bool) -> Iterator[str]:
    """Yield violations: values or changes that were reported, but never happened. Digests may explain gaps."""
    path, news = row.path(row.values.keys()), _news(found, keys)
    been = path[row.old :]
    later = iter(been)
    if not all(one in (later if found.identity == "moment" else been) for one in news):
        yield f"is told as {news}, and was {path}"
    if found.identity == "watched":
        values = [key.partition("/")[2] for key in keys]
        if values != ["null" if one == NULL else one for one in news]:
            yield f"is told as {values}, and the messages say {news}"
    if found.identity != "moment":
        return
    changes = [_change(found, key) for key in keys]
    first = path[0] if row.old else NULL
    links = [(first, changes[0][0]), *((one[1], other[0]) for one, other in pairwise(changes))] if changes else []
    if not is_digested and any(before != old for before, old in links):
        yield f"is told as {changes}, which does not hang together"


def _of_counts(found: Changes, stood: Mapping[int, AbstractSet[int]]) -> Iterator[str]:
    """Yield violations of the counts: a digest lists no changes, so only its count shows missing or repeated ones."""
    told = len(found.singles) + found.digested
    most = sum(len(row.path(row.values.keys())) - row.old for row in found.rows.values())
    if told > most:
        yield f"{told} changes are told of, and there were {most}"
    if found.identity == "moment":
        least = sum(len(row.path(stood[id_])) - row.old for id_, row in found.rows.items())
        if told < least:
            yield f"{told} changes are told of, and a run had to see {least}"


@dataclass
class Watched:
    """The writing application. Each writer changes only its own rows, so that it knows all their values."""

    pair: Pair
    plan: Plan
    rows: dict[int, Row] = field(default_factory=dict)
    _unowned: list[int] = field(default_factory=list)
    type: ClassVar[str] = "soak.status"
    shown: ClassVar[str] = f"SELECT id, n FROM {TABLE} WHERE scope = {IN_SCOPE}"

    def create_table(self) -> None:
        """Create the polled table, which must not exist, with some rows."""
        query = self.pair.primary.query
        query(
            f"CREATE TABLE {SCHEMA}.{TABLE} (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, scope TINYINT NOT NULL, "
            "status VARCHAR(20), n INT NOT NULL DEFAULT 1, note INT NOT NULL DEFAULT 0, created DATETIME(6) NOT NULL "
            "DEFAULT CURRENT_TIMESTAMP(6), at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE "
            "CURRENT_TIMESTAMP(6))"
        )
        random = Random(f"first {self.plan.seed}")
        for id_ in range(1, FIRST_ROWS + 1):
            status = random.choice(STATUSES)
            query(f"INSERT INTO {SCHEMA}.{TABLE} (id, scope, status) VALUES (%s, %s, %s)", id_, IN_SCOPE, status)
            self.rows[id_] = Row({1: status or NULL}, old=True)
            self._unowned.append(id_)
        self.pair.wait_for_replica()

    def writer(self) -> _Writer:
        """Return a new writer, which owns some of the first rows."""
        some = FIRST_ROWS // WRITERS
        self._unowned, owned = self._unowned[some:], self._unowned[:some]
        return _Writer(self.rows, {id_: _State(IN_SCOPE, 1) for id_ in owned})

    def passes(self, _plan: Plan) -> int:
        """Return for how many minutes in a row nothing new may be found."""
        return QUIET_MINUTES

    def check(self, found: Mapping[str, Any], stood: AbstractSet[tuple[Any, int]], _written: Written) -> Verdict:
        """Check the deliveries against the changes. `found` has the fields of Deliveries."""
        return check(Changes(**found, rows=self.rows, stood=stood, identity=self.plan.identity))


@dataclass(frozen=True, slots=True)
class _State:
    """A row as its writer knows it."""

    scope: int
    number: int
    value: str = NULL


@dataclass(frozen=True, slots=True)
class _Writer:
    rows: dict[int, Row]
    own: dict[int, _State]

    def write(self, cursor: Any, random: Random, written: Written) -> Note:
        inserted: dict[int, _State] = {}
        for _ in range(random.choice(SIZES) if random.random() < 0.3 else 0):
            status, scope = random.choice(STATUSES), IN_SCOPE if random.random() < 0.9 else OUT_OF_SCOPE
            cursor.execute(f"INSERT INTO {TABLE} (scope, status) VALUES (%s, %s)", [scope, status])
            inserted[int(cursor.lastrowid)] = _State(scope, 1, status or NULL)
        changed = dict(inserted)
        for _ in range(random.choice(CHANGES) if self.own or inserted else 0):
            id_, status = random.choice([*self.own, *inserted]), random.choice(STATUSES)
            cursor.execute(f"UPDATE {TABLE} SET status = %s, n = n + 1 WHERE id = %s", [status, id_])
            before = changed.get(id_) or self.own[id_]
            changed[id_] = _State(before.scope, before.number + 1, status or NULL)
        if self.own and random.random() < 0.3:
            cursor.execute(f"UPDATE {TABLE} SET note = note + 1 WHERE id = %s", [random.choice([*self.own])])
        return partial(self._note, written, len(inserted), changed)

    def delete(self, cursor: Any, random: Random, written: Written) -> Note:
        if not self.own:
            return lambda: None
        id_ = random.choice([*self.own])
        cursor.execute(f"DELETE FROM {TABLE} WHERE id = %s", [id_])
        return partial(self._note_deleted, written, id_)

    def _note(self, written: Written, inserted: int, changed: Mapping[int, _State]) -> None:
        self.own.update(changed)
        shown = {id_: state for id_, state in changed.items() if state.scope == IN_SCOPE}
        for id_, state in shown.items():
            self.rows.setdefault(id_, Row({})).values[state.number] = state.value
        written.add(committed=len(shown), updated=len(changed) - inserted)

    def _note_deleted(self, written: Written, id_: int) -> None:
        del self.own[id_]
        written.deleted.add(id_)
