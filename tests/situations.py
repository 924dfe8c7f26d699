"""Shared by the tests of situations: statements on a real primary, and the expected events of the next runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import pymysql

from handler.adapters.database.session import Limits
from handler.model import Row, Value
from handler.ports import Database
from lab.databases import Pair, Server
from lab.shop import SCHEMA, Target
from tests.poll_kit import Killed
from tests.polls_kit import Function
from tests.replica_kit import address, replicas

# Statements on the primary, some of them in the sessions `a`, `b` and `c`; then the events that the next run sends (per
# poll, if they differ), and how many seconds it runs after the previous one.
Step = tuple[Any, ...]
# No statement of these tests is slow, but the machine may be.
_PATIENT: Final = Limits(connect=10.0, read=20.0, statement=10.0)


@dataclass
class Named:
    """ports.Database by a name that first leads to one server, and later to another."""

    server: Database

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        return self.server.select(database, sql, parameters, limit)


@contextmanager
def read_as_the_function(pair: Pair) -> Iterator[Callable[..., Database]]:
    """Yield a function that connects to a server of the pair as the notifier does, with its account."""
    with ExitStack() as opened:

        def read(server: Server, **changes: Any) -> Database:
            target = Target(server.host, server.port, SCHEMA, pair.reader.user, pair.reader.password, str(pair.ca))
            adapter = replicas(target, address(target, **changes), limits=_PATIENT)
            opened.callback(adapter.close)
            return adapter

        yield read


def write(server: Server, *statements: str) -> None:
    with server.connect(SCHEMA) as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def play(function: Function, pair: Pair, steps: Sequence[Step]) -> None:
    """Play the steps in order, and check that further runs find nothing."""
    with ExitStack() as opened:
        sessions = {name: opened.enter_context(pair.primary.connect(SCHEMA)) for name in ["", *"abc"]}
        for step in steps:
            _take(function, pair, step, sessions)
    for _ in range(3):
        assert not any(function.run().values())
    assert len(function.sent) == len(set(function.identities))


def _take(function: Function, pair: Pair, step: Step, sessions: Mapping[str, pymysql.Connection[Any]]) -> None:
    statements = [part for part in step if isinstance(part, str)]
    events, *after = step[len(statements) :]
    for statement in statements:
        session, _, sql = statement.partition(":") if statement[1:2] == ":" else ("", "", statement)
        with sessions[session].cursor() as cursor:
            cursor.execute(sql)
    pair.wait_for_replica()
    found = function.run(*after)
    expected = events if isinstance(events, dict) else dict.fromkeys(found, events)
    assert (found, function.code()) == (expected, ""), step


def events_of_a_killed_function(
    function: Function, pair: Pair, insert: Sequence[str], step: int
) -> list[dict[str, Any]]:
    """Kill a run at one of its writes, between the two statements; return the events without duplicates.

    A repeated event must be the same, also if it is a summary.
    """
    pair.wait_for_replica()
    function.run()
    write(pair.primary, insert[0])
    pair.wait_for_replica()
    function.killable.left = step
    with suppress(Killed):
        function.run()
    assert function.killable.left <= 0 or step > 8
    function.killable.left = -1
    write(pair.primary, insert[1])
    pair.wait_for_replica()
    for _ in range(5):
        function.run()
    once = {event["event_id"]: event for event in function.sent}
    assert all(once[event["event_id"]] == event for event in function.sent)
    return [*once.values()]


def rows_in(events: Sequence[Mapping[str, Any]]) -> int:
    """Return how many rows these events report, including those in summaries."""
    return sum(event["notifier"].get("digest", {"count": 1})["count"] for event in events)
