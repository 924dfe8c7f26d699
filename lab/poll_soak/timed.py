"""Rows that are found by a time: each whose transaction was short enough is one delivery."""

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
from lab.poll_soak.law import Deliveries, Verdict, broken
from lab.poll_soak.memory import Clock
from lab.poll_soak.plan import WRITERS, Plan
from lab.poll_soak.writers import SIZES, Note, Written
from lab.shop import SCHEMA

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# How many units of each type of a column a second has; None: it holds a time, with so many of them.
UNITS: Final = {"INT UNSIGNED": 1, "BIGINT": 1000, "DATETIME": 1}
MICROSECONDS: Final = 1_000_000
# Rows that are there before the poll runs for the first time, and the seconds before that in which their times are.
FIRST_ROWS: Final = 30
FIRST_SECONDS: Final = (0.0, 0.0, 10.0, 5000.0, 1e6)
# For how many seconds a statement had been waiting when its transaction became one that can be seen.
BEFORE_SECONDS: Final = (0.0, 0.0, 0.0, 0.5, 20.0)
AHEAD_SECONDS: Final = (300.0, 86_400.0)
QUIET_MINUTES: Final = 20


@dataclass(frozen=True, slots=True)
class Time:
    """A time that a row had after a transaction: microseconds since 1970, and for how many seconds that was open.

    The first run has seen an `old` one.
    """

    at: int
    seconds: float = 0.0
    old: bool = False


Row = dict[int, Time]  # by numbers that grow


@dataclass(frozen=True, slots=True, kw_only=True)
class Times(Deliveries):
    """What was written, and what came of it; `stood` says which numbers of which rows a run had to see.

    No transaction of more than `longest` seconds counts. With `each`, each new time of a row is an event.
    """

    rows: Mapping[str, Row]
    stood: AbstractSet[tuple[str, int]]
    longest: float
    each: bool

    def key(self, id_: str, time: Time) -> str:
        """The key of an event."""
        return f"{id_}/{_written(time.at)}" if self.each else id_


def check(found: Times) -> Verdict:
    """Hold the histories against the law."""
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
    """The keys of what a run had to see, in a transaction that was short enough."""
    for id_, number in found.stood:
        row = found.rows[id_]
        is_old = any(time.old for time in row.values())
        if row[number].seconds <= found.longest and not (row[number].old if found.each else is_old):
            yield found.key(id_, row[number])


def _of_counts(found: Times) -> Iterator[str]:
    """A digest has no list of its rows. A row can be told again with a new time, after the one before was forgotten."""
    told = len(found.singles) + found.digested
    most = sum(not time.old for row in found.rows.values() for time in row.values())
    if told > most:
        yield f"{told} rows are told of, and {most} times were committed"


def _written(at: int) -> str:
    """As the identity of an event has it."""
    return (EPOCH + timedelta(microseconds=at)).isoformat().replace("+00:00", "Z")


@dataclass
class Timed:
    """The application. Each writer changes rows of its own. Time is what `now` says: that of the poll."""

    pair: Pair
    plan: Plan
    now: Clock
    rows: dict[str, Row] = field(default_factory=dict)
    _unowned: list[str] = field(default_factory=list)
    type: ClassVar[str] = "soak.time"
    shown: ClassVar[str] = f"SELECT id, n FROM {TABLE} WHERE scope = {IN_SCOPE} AND at IS NOT NULL"

    def create_table(self) -> None:
        """Create the table that is polled, which must not be there, with some rows, a part of them without a time."""
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
        """Return one more writer, with some of the first rows."""
        some = FIRST_ROWS // WRITERS
        self._unowned, owned = self._unowned[some:], self._unowned[:some]
        return _Writer(self.plan, self.now, self.rows, {id_: _State(IN_SCOPE, 1) for id_ in owned})

    def passes(self, _plan: Plan) -> int:
        """Return for how many minutes it has to be quiet."""
        return QUIET_MINUTES

    def check(self, found: Mapping[str, Any], stood: AbstractSet[tuple[Any, int]], _written: Written) -> Verdict:
        """Hold what came of the rows against the law. `found` are the fields of Deliveries."""
        each = self.plan.identity == "at"
        return check(Times(**found, rows=self.rows, stood=stood, longest=self.plan.longest, each=each))


def _at(seconds: float, plan: Plan) -> int:
    """A time as the column keeps it."""
    units = UNITS.get(plan.column, MICROSECONDS)
    return int(seconds * units) * (MICROSECONDS // units)


def _stored(at: int | None, plan: Plan) -> str | int | None:
    """As a statement has it."""
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
                continue  # more rows get a time than another one
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
            time = Time(state.at or 0, now - state.began + 1)  # a column may keep whole seconds
            self.rows.setdefault(id_, {})[state.number] = time
        written.add(committed=len(shown), updated=len(changed) - inserted)

    def _note_deleted(self, written: Written, id_: str) -> None:
        del self.own[id_]
        written.deleted.add(id_)
