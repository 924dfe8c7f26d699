"""The ways in which a poll finds events, each with an application that writes, and with what has to hold of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

from lab.databases import Pair
from lab.poll_soak.ids import TABLE, Ids
from lab.poll_soak.law import Verdict
from lab.poll_soak.memory import Clock
from lab.poll_soak.plan import TIME, WATCHED, Plan
from lab.poll_soak.timed import Timed
from lab.poll_soak.watched import Watched
from lab.poll_soak.writers import Writer, Written
from lab.shop import SCHEMA

Shown = tuple[Any, int]
# What all servers that are read show now.
View = Callable[[], AbstractSet[Shown]]


class Application(Protocol):
    """What is written to the table, and what has to come of it."""

    @property
    def type(self) -> str:
        """The type of the events."""

    @property
    def shown(self) -> str:
        """A SELECT of the rows that the poll reads: the id of each, with a number for what it is now. Empty: none."""

    def create_table(self) -> None:
        """Create the table that is polled, which must not be there."""

    def writer(self) -> Writer:
        """Return one more writer."""

    def passes(self, plan: Plan) -> int:
        """Return for how many minutes nothing may be found before the poll has surely found all."""

    def check(self, found: Mapping[str, Any], stood: AbstractSet[Shown], written: Written) -> Verdict:
        """Hold what came of the rows against the law. `found` are the fields of Deliveries.

        `stood` is what was shown before and after a run that read everything, so that the run had to see it.
        """


def application(pair: Pair, plan: Plan, now: Clock) -> Application:
    """Return that of a plan; `now` is the time of the poll."""
    if plan.kind == TIME:
        return Timed(pair, plan, now)
    return Watched(pair, plan) if plan.kind == WATCHED else Ids(pair)


@contextmanager
def views(pair: Pair, plan: Plan, select: str) -> Iterator[View]:
    """Connect to the servers that are read."""
    with ExitStack() as connections:
        servers = [pair.replica, pair.primary][: plan.readers if select else 0]
        cursors = [connections.enter_context(server.connect(SCHEMA)).cursor() for server in servers]

        def view() -> AbstractSet[Shown]:
            for cursor in cursors:
                cursor.execute(select)
            return (
                frozenset.intersection(*(frozenset(cursor.fetchall()) for cursor in cursors))
                if cursors
                else frozenset()
            )

        yield view


def drop_table(pair: Pair) -> None:
    """Drop the table that is polled."""
    pair.primary.query(f"DROP TABLE {SCHEMA}.{TABLE}")
