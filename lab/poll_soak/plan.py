"""What the seed of a soak decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Final

WRITERS: Final = 6
IDS, WATCHED, TIME = "ids", "watched", "time"
KINDS: Final = (IDS, WATCHED, TIME)
# How the column `at` of a poll by a time can be declared.
COLUMNS: Final = ("DATETIME", "DATETIME(6)", "TIMESTAMP(6) NULL", "INT UNSIGNED", "BIGINT")


@dataclass(frozen=True, slots=True)
class Plan:
    """A soak until so many `rows` are committed, where each change of a row counts as one more.

    The poll finds new rows by their ids, changes of a watched column, or new rows by a time: its `kind`. It reads
    `page_size` ids (of a poll by a time: rows) in one statement, and goes on with at most `sweep_pages` of older ones
    in one run. More than `digest_rows` new rows are one message (None: never). `longest` is the longest transaction,
    in seconds. With `created` it has sentinels. `readers` is how many database servers take turns; of two, one is the
    primary. `statement_turns` says whether they change with each statement, and not with each run. The next ones are
    shares: of invocations that are killed, of runs in which another run begins that ends first, of statements that
    fail, of posts whose outcome is unknown, of minutes after which the function does not run for a while (`paused`),
    and of minutes in which a replica that stands still begins to follow its primary again (`started`).

    `identity` is as in Poll. With `changed` the SELECT says when rows were changed. The time is in a column of the type
    `column`, it can lie in the `future`, and the clock of the database is so many seconds `ahead`.
    """

    seed: int
    rows: int
    digest_rows: int | None
    longest: float
    page_size: int
    sweep_pages: int
    created: bool
    readers: int
    statement_turns: bool
    killed: float
    overtaken: float
    refused: float
    ambiguous: float
    kind: str = IDS
    identity: str = ""
    changed: bool = False
    column: str = ""
    future: bool = False
    ahead: float = 0.0
    paused: float = 0.01
    started: float = 0.05

    @property
    def is_lag_bounded(self) -> bool:
        """Whether what is promised takes a replica that is never behind for long.

        So it is if servers with different values of a row take turns: an older value is waited with for an hour. And
        with times in the future, `longest` has to cover how far the replica lags.
        """
        return self.future or (self.kind == WATCHED and self.readers > 1)

    @property
    def line(self) -> str:
        """In words."""
        digest = f"digest above {self.digest_rows}" if self.digest_rows else "no digest"
        readers = (
            "one reader" if self.readers == 1 else f"two readers by {'statement' if self.statement_turns else 'run'}"
        )
        return f"{self._kind_line}: {digest}, {readers}"

    @property
    def _kind_line(self) -> str:
        if self.kind == WATCHED:
            identity = {"moment": "each change", "watched": "id and value"}.get(self.identity, "id")
            return f"watched, {identity}, {'changed' if self.changed else 'no changed'}, {self.page_size} ids"
        if self.kind == TIME:
            future = ", future" if self.future else ""
            return f"time, {self.column}, {'id and at' if self.identity else 'id'}{future}, {self.longest:.0f} s"
        return f"ids, {self.sweep_pages} x {self.page_size}, {'sentinels' if self.created else 'no sentinels'}"


def planned(seed: int, rows: int, kind: str = IDS) -> Plan:
    """Return the plan of a seed; the same for the same arguments."""
    random = Random(f"poll {seed}")
    plan = Plan(
        seed=seed,
        rows=rows,
        digest_rows=random.choice([None, None, 30, 150]),
        longest=random.choice([120.0, 600.0, 86_400.0]),
        page_size=random.choice([50, 200, 1000]),
        sweep_pages=random.choice([1, 3, 10]),
        created=random.random() < 0.7,
        readers=random.choice([1, 1, 2]),
        statement_turns=random.random() < 0.3,
        killed=random.choice([0.2, 0.4, 0.6]),
        overtaken=random.choice([0.0, 0.1, 0.3]),
        refused=random.choice([0.0, 0.0, 0.02]),
        ambiguous=random.choice([0.0, 0.01]),
        kind=kind,
    )
    return {IDS: _same, WATCHED: _watched, TIME: _by_time}[kind](plan, random)


def _same(plan: Plan, _random: Random) -> Plan:
    return plan


def _watched(plan: Plan, random: Random) -> Plan:
    """Slices that are so large that one run reads all rows. Without `changed` one server alone may show them."""
    changed = random.random() < 0.8
    return replace(
        plan,
        page_size=random.choice([200, 1000]),
        identity=random.choice(["moment", "moment", "watched", ""]),
        changed=changed,
        readers=plan.readers if changed else 1,
    )


def _by_time(plan: Plan, random: Random) -> Plan:
    """Transactions that are sometimes longer than they may be. A digest says little of which rows it counts."""
    return replace(
        plan,
        digest_rows=random.choice([None, None, None, 150]),
        page_size=random.choice([20, 100, 500]),
        longest=random.choice([1800.0, 7200.0, 86_400.0]),
        identity=random.choice(["", "at"]),
        column=random.choice(COLUMNS),
        future=random.random() < 0.3,
        ahead=random.choice([0.0, 0.0, 20_000.0, -600.0]),
        paused=random.choice([0.01, 0.05, 0.1]),
        started=random.choice([0.02, 0.05]),
        created=False,
    )
