"""Polls by a time column: each row whose transaction was short enough must end as one delivery."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any, ClassVar, Final

from lab.databases import Pair
from lab.poll_soak.ids import IN_SCOPE, OUT_OF_SCOPE, TABLE
from lab.poll_soak.invariants import Deliveries, Verdict, broken
from lab.poll_soak.memory import Clock
from lab.poll_soak.plan import WRITERS, Plan
from lab.poll_soak.writers import SIZES, Note, Written
from lab.shop import SCHEMA

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# The units per second of each column type.
UNITS: Final = {"INT UNSIGNED": 1, "BIGINT": 1000, "DATETIME": 1}
MICROSECONDS: Final = 1_000_000
# The rows that exist before the first run of the poll, and how many seconds before it their times are.
FIRST_ROWS: Final = 30
FIRST_SECONDS: Final = (0.0, 0.0, 10.0, 5000.0, 1e6)
# How many seconds a statement may have waited before other sessions can see its transaction.
BEFORE_SECONDS: Final = (0.0, 0.0, 0.0, 0.5, 20.0)
AHEAD_SECONDS: Final = (300.0, 86_400.0)
QUIET_MINUTES: Final = 20


@dataclass(frozen=True, slots=True)
class Time:
    """A time that a row got in a transaction: microseconds since 1970, and how long the transaction was open.

    An `old` one existed before the first run.
    """

    at: int
    seconds: float = 0.0
    old: bool = False


Row = dict[int, Time]  # by ascending version number


@dataclass(frozen=True, slots=True, kw_only=True)
class Times(Deliveries):
    """The rows that were written, and their deliveries; `stood` are the row versions that a run had to see.

    Transactions of more than `longest` seconds do not count. With `each`, each new time of a row is an event.
    """

    rows: Mapping[str, Row]
    stood: AbstractSet[tuple[str, int]]
    longest: float
    each: bool

    def key(self, id_: str, time: Time) -> str:
        """Return the key of an event."""
        return f"{id_}/{_written(time.at)}" if self.each else id_


def check(found: Times) -> Verdict:
    """Check the deliveries against the rows, and return the verdict."""
    singles, digested = found.singles, found.digested
    times = [(id_, time) for id_, row in found.rows.items() for time in row.values()]
    may = {found.key(id_, time) for id_, time in times if not (found.each and time.old)}
    missing = sorted({*_wanted(found)} - singles)
    lost = max(len(missing) - digested, 0)
    violations = [
        *(f"{key} is lost" for key in missing if lost),
        *(f"{key} is delivered, and was never committed" for key in sorted(singles - may)),
        *_of_counts(found),
        *broken(found),
    ]
    return Verdict(len(singles), digested, lost, found.twice, violations)


def _wanted(found: Times) -> Iterator[str]:
    """Yield the keys of the versions that a run had to see and whose transaction was short enough."""
    for id_, number in found.stood:
        row = found.rows[id_]
        is_old = any(time.old for time in row.values())
        if row[number].seconds <= found.longest and not (row[number].old if found.each else is_old):
            yield found.key(id_, row[number])


def _of_counts(found: Times) -> Iterator[str]:
    """Yield a violation if more rows were reported than times committed: a row with a new time counts again."""
    told = len(found.singles) + found.digested
    most = sum(not time.old for row in found.rows.values() for time in row.values())
    if told > most:
        yield f"{told} rows are told of, and {most} times were committed"


def _written(at: int) -> str:
    """Return a time as the event's identity has it."""
    return (EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")


@dataclass
class Timed:
    """The writing application, for a poll by time. Each writer changes only its own rows. `now` is the poll's clock."""

    pair: Pair
    plan: Plan
    now: Clock
    rows: dict[str, Row] = field(default_factory=dict)
    _unowned: list[str] = field(default_factory=list)
    type: ClassVar[str] = "soak.time"
    shown: ClassVar[str] = f"SELECT id, n FROM {TABLE} WHERE scope = {IN_SCOPE} AND at IS NOT NULL"

    def create_table(self) -> None:
        """Create the polled table, which must not exist, with some rows, some of them without a time."""
        self.pair.primary.query(
            f"CREATE TABLE {SCHEMA}.{TABLE} (id CHAR(36) PRIMARY KEY, scope TINYINT NOT NULL, at {self.plan.column}, "
            "n INT NOT NULL DEFAULT 1, KEY (at))"
        )
        random = Random(f"first {self.plan.seed}")
        with self.pair.primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
            cursor.execute("SET SESSION time_zone = '+00:00'")
            for _ in range(FIRST_ROWS):
                at = None if random.random() < 0.3 else _at(self.now() - random.choice(FIRST_SECONDS), self.plan)
                id_ = _insert(cursor, random, IN_SCOPE, at, self.plan)
                self.rows[id_] = {} if at is None else {1: Time(at, old=True)}
                self._unowned.append(id_)
        self.pair.wait_for_replica()

    def writer(self) -> _Writer:
        """Return a new writer, which owns some of the first rows."""
        some = FIRST_ROWS // WRITERS
        self._unowned, owned = self._unowned[some:], self._unowned[:some]
        return _Writer(self.plan, self.now, self.rows, {id_: _State(IN_SCOPE, 1) for id_ in owned})

    def passes(self, _plan: Plan) -> int:
        """Return for how many minutes in a row nothing new may be found."""
        return QUIET_MINUTES

    def check(self, found: Mapping[str, Any], stood: AbstractSet[tuple[Any, int]], _written: Written) -> Verdict:
        """Check the deliveries against the rows. `found` has the fields of Deliveries."""
        each = self.plan.identity == "at"
        return check(Times(**found, rows=self.rows, stood=stood, longest=self.plan.longest, each=each))


def _at(seconds: float, plan: Plan) -> int:
    """Return a time with the precision of the column, in microseconds since 1970."""
    units = UNITS.get(plan.column, MICROSECONDS)
    return int(seconds * units) * (MICROSECONDS // units)


def _stored(at: int | None, plan: Plan) -> str | int | None:
    """Return a time as the value in a statement."""
    if at is None:
        return None
    if "INT" in plan.column:
        return at * UNITS[plan.column] // MICROSECONDS
    return (EPOCH + timedelta(microseconds=at)).strftime("%Y-%m-%d %H:%M:%S.%f")


def _insert(cursor: Any, random: Random, scope: int, at: int | None, plan: Plan) -> str:
    id_ = str(uuid.UUID(int=random.getrandbits(128)))
    cursor.execute(f"INSERT INTO {TABLE} (id, scope, at) VALUES (%s, %s, %s)", [id_, scope, _stored(at, plan)])
    return id_


@dataclass(frozen=True, slots=True)
class _State:
    """A row as its writer knows it. `at` is None if it has no time."""

    scope: int
    number: int
    at: int | None = None
    began: float = 0.0


@dataclass(frozen=True, slots=True)
class _Writer:
    plan: Plan
    now: Clock
    rows: dict[str, Row]
    own: dict[str, _State]

    def write(self, cursor: Any, random: Random, written: Written) -> Note:
        began = self.now() - random.choice(BEFORE_SECONDS)
        ahead = random.choice(AHEAD_SECONDS) if self.plan.future and random.random() < 0.1 else 0.0
        at = _at(began + ahead, self.plan)
        inserted: dict[str, _State] = {}
        has_time = random.random() < 0.7
        for _ in range(random.choice(SIZES) if random.random() < 0.8 else 0):
            scope = IN_SCOPE if random.random() < 0.9 else OUT_OF_SCOPE
            id_ = _insert(cursor, random, scope, at if has_time else None, self.plan)
            inserted[id_] = _State(scope, 1, at if has_time else None, began)
        changed = dict(inserted)
        for id_ in random.sample([*self.own], min(len(self.own), random.choice([0, 1, 1, 3]))):
            if self.own[id_].at is not None and random.random() < 0.5:
                continue  # getting a time is more likely than changing it
            cursor.execute(f"UPDATE {TABLE} SET at = %s, n = n + 1 WHERE id = %s", [_stored(at, self.plan), id_])
            changed[id_] = _State(self.own[id_].scope, self.own[id_].number + 1, at, began)
        return partial(self._note, written, len(inserted), changed)

    def delete(self, cursor: Any, random: Random, written: Written) -> Note:
        if not self.own or random.random() < 0.5:
            return lambda: None
        id_ = random.choice([*self.own])
        cursor.execute(f"DELETE FROM {TABLE} WHERE id = %s", [id_])
        return partial(self._note_deleted, written, id_)

    def _note(self, written: Written, inserted: int, changed: Mapping[str, _State]) -> None:
        now = self.now()
        self.own.update(changed)
        shown = {id_: one for id_, one in changed.items() if one.scope == IN_SCOPE and one.at is not None}
        for id_, state in shown.items():
            time = Time(state.at or 0, now - state.began + 1)  # a column may keep only whole seconds
            self.rows.setdefault(id_, {})[state.number] = time
        written.add(committed=len(shown), updated=len(changed) - inserted)

    def _note_deleted(self, written: Written, id_: str) -> None:
        del self.own[id_]
        written.deleted.add(id_)
