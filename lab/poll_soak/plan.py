"""The parameters of a soak, derived from its seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Final

WRITERS: Final = 6
IDS, WATCHED, TIME = "ids", "watched", "time"
KINDS: Final = (IDS, WATCHED, TIME)
# Types of the time column `at`.
COLUMNS: Final = ("DATETIME", "DATETIME(6)", "TIMESTAMP(6) NULL", "INT UNSIGNED", "BIGINT")


@dataclass(frozen=True, slots=True)
class Plan:
    """A soak that ends after `rows` committed rows, where each change of a row counts as one more.

    `kind` says what the poll finds: new rows by id, changes of a watched column, or new rows by a time. One statement
    reads `page_size` ids (in a poll by a time: rows), and one run reads at most `sweep_pages` pages of older ids. More
    than `digest_rows` new rows become one message (None: never). `longest` is the longest transaction, in seconds. With
    `created` the poll has sentinels. `readers` is the number of database servers that are read in turn; with two, one
    is the primary. `statement_turns` says whether they change with each statement instead of each run. Then follow
    shares: of invocations that are killed, of runs during which another run starts and finishes first, of statements
    that fail, of posts whose outcome is unknown, of minutes after which the function pauses (`paused`), and of minutes
    in which a stopped replica starts to replicate again (`started`).

    `identity` is as in Poll. With `changed` the SELECT has the time of a row's last change. The time column has the
    type `column`, its values may lie in the `future`, and the database clock is `ahead` by this many seconds.
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
        """Whether the poll's promise holds only if the replica never lags for long.

        This is so if servers that show different values of a row take turns, because the poll waits an hour before it
        accepts an older value. With times in the future, `longest` must also cover the replica's lag.
        """
        return self.future or (self.kind == WATCHED and self.readers > 1)

    @property
    def line(self) -> str:
        """The plan in one line."""
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
    """Return the plan of a seed; deterministic."""
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
    """Plan slices so large that one run reads all rows. Without `changed` only one server may be read."""
    changed = random.random() < 0.8
    return replace(
        plan,
        page_size=random.choice([200, 1000]),
        identity=random.choice(["moment", "moment", "watched", ""]),
        changed=changed,
        readers=plan.readers if changed else 1,
    )


def _by_time(plan: Plan, random: Random) -> Plan:
    """Plan transactions that are sometimes longer than `longest`. A digest says little about which rows it counts."""
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
