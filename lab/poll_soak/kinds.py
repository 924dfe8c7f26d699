"""The kinds of poll, each with an application that writes its table and checks its invariants."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import ExitStack, contextmanager
from typing import Any, Protocol

from lab.databases import Pair
from lab.poll_soak.ids import TABLE, Ids
from lab.poll_soak.invariants import Verdict
from lab.poll_soak.memory import Clock
from lab.poll_soak.plan import TIME, WATCHED, Plan
from lab.poll_soak.timed import Timed
from lab.poll_soak.watched import Watched
from lab.poll_soak.writers import Writer, Written
from lab.shop import SCHEMA

Shown = tuple[Any, int]
# Returns the rows that all servers read by the poll show now.
View = Callable[[], AbstractSet[Shown]]


class Application(Protocol):
    """Writes the polled table, and checks the deliveries against what was written."""

    @property
    def type(self) -> str:
        """The event type."""

    @property
    def shown(self) -> str:
        """A SELECT of the polled rows: each row's id and the number of its current version. Empty: not needed."""

    def create_table(self) -> None:
        """Create the polled table, which must not exist."""

    def writer(self) -> Writer:
        """Return a new writer."""

    def passes(self, plan: Plan) -> int:
        """Return for how many minutes in a row a poll must find nothing until it has certainly found everything."""

    def check(self, found: Mapping[str, Any], stood: AbstractSet[Shown], written: Written) -> Verdict:
        """Check the deliveries against the rows. `found` has the fields of Deliveries.

        `stood` are the row versions that were visible both before and after a complete run, which therefore had to see
        them.
        """


def application(pair: Pair, plan: Plan, now: Clock) -> Application:
    """Return the application for a plan; `now` is the poll's clock."""
    if plan.kind == TIME:
        return Timed(pair, plan, now)
    return Watched(pair, plan) if plan.kind == WATCHED else Ids(pair)


@contextmanager
def views(pair: Pair, plan: Plan, select: str) -> Iterator[View]:
    """Connect to the servers that the poll reads, and yield a function that returns what all of them show."""
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
    """Drop the polled table."""
    pair.primary.query(f"DROP TABLE {SCHEMA}.{TABLE}")
