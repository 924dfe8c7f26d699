"""What a poll by a time column does in each situation that the guide names, on a real primary and its replica.

Two polls read the same table: for one a row is one event, for the other each time of a row is. The moments are those of
the function's clock, so an hour takes no waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import pytest

from handler.model import Poll
from handler.polling import time_cursor
from handler.polling.schedule import TIME
from handler.ports import Database
from lab.databases import Pair
from tests.polls_kit import START, Function
from tests.situations import Named, Step, events_of_a_killed_function, play, read_as_the_function, rows_in, write

HOUR, DAY = 3600.0, 86_400.0
ONCE: Final = Poll(
    "SELECT id, settled_at AS at FROM settlements", 60.0, longest=2 * HOUR, digest_rows=None, at="settled_at"
)
EACH: Final = replace(ONCE, identity="at")
BOTH: Final = {"once": ONCE, "each": EACH}


@pytest.fixture
def pair(database_pair: Pair) -> Iterator[Pair]:
    """The pair, with an empty table `settlements`."""
    write(
        database_pair.primary,
        "CREATE TABLE settlements (id VARCHAR(36) PRIMARY KEY, settled_at DATETIME(6) NULL, note VARCHAR(20) NULL, "
        "KEY (settled_at, id))",
    )
    database_pair.wait_for_replica()
    yield database_pair
    database_pair.heal()
    write(database_pair.primary, "DROP TABLE settlements")


@pytest.fixture
def reading(pair: Pair) -> Iterator[Callable[..., Database]]:
    """Give the database that the function reads from a server."""
    with read_as_the_function(pair) as read:
        yield read


@pytest.fixture
def function(pair: Pair, reading: Callable[..., Database]) -> Function:
    return Function(reading(pair.replica), BOTH)


def at(minutes: float) -> str:
    """So long after the function's clock began, as SQL."""
    return f"'{datetime.fromtimestamp(START + 60 * minutes, UTC):%Y-%m-%d %H:%M:%S.%f}'"


def insert(id_: str, minutes: float | None) -> str:
    return f"INSERT INTO settlements (id, settled_at) VALUES ('{id_}', {'NULL' if minutes is None else at(minutes)})"


def settle(id_: str, minutes: float | None) -> str:
    return f"UPDATE settlements SET settled_at = {'NULL' if minutes is None else at(minutes)} WHERE id = '{id_}'"


def many(prefix: str, count: int, minutes: float, apart: float = 0.0) -> str:
    """One statement for many rows, with times that are so many minutes apart."""
    rows = (f"('{prefix}{number:05}', {at(minutes + apart * number)})" for number in range(count))
    return f"INSERT INTO settlements (id, settled_at) VALUES {', '.join(rows)}"


def ids(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number:05}" for number in range(count)]


# What happens, and what the next run finds. The first run was a minute after the clock began, the next is one later.
CASES: Final[dict[str, Sequence[Step]]] = {
    "a row gets its time later": [
        (insert("a", None), []),
        (insert("b", 2), ["b"]),
        (settle("a", 3), ["a"]),
    ],
    "a commit comes within the longest transaction": [
        ("a:BEGIN", "a:" + insert("slow", 1.5), insert("b", 1.6), ["b"]),
        (insert("c", 100), ["c"], 100 * 60.0),
        ("a:COMMIT", ["slow"]),
    ],
    "a commit comes after the longest transaction": [
        ("a:BEGIN", "a:" + insert("slow", 1.5), insert("b", 1.6), ["b"]),
        (insert("c", 150), ["c"], 150 * 60.0),
        ("a:COMMIT", ["slow late"]),
    ],
    "a commit comes after the window": [
        ("a:BEGIN", "a:" + insert("slow", 1.5), insert("b", 1.6), ["b"]),
        (insert("c", 190), ["c"], 190 * 60.0),
        ("a:COMMIT", []),
        (insert("d", 191), ["d"]),
    ],
    "no other row came for days": [
        ("a:BEGIN", "a:" + insert("slow", 1.5), insert("b", 1.6), ["b"]),
        ([], 3 * DAY),
        ("a:COMMIT", ["slow"]),
    ],
    "a transaction is rolled back": [
        ("a:BEGIN", "a:" + insert("gone", 1.5), insert("b", 1.6), ["b"]),
        ("a:ROLLBACK", []),
    ],
    "rows of one time are on the edge of a page": [
        (many("a", 3_000, 1.5), ids("a", 3_000)),
        (insert("a01999x", 1.5), insert("A", 1.5), ["A", "a01999x"]),
    ],
    "a row gets another time": [
        (insert("a", 1.5), insert("b", 1.5), ["a", "b"]),
        (settle("a", 2.5), {"once": [], "each": ["a"]}),
        (settle("a", 1.0), {"once": [], "each": ["a"]}),
    ],
    "a row gets a time it had before": [
        (insert("a", 1.5), ["a"]),
        (settle("a", 2.5), {"once": [], "each": ["a"]}),
        (settle("a", 1.5), []),
    ],
    "a row is updated and keeps its time": [
        (insert("a", 1.5), ["a"]),
        ("UPDATE settlements SET note = 'paid'", []),
    ],
    "rows are deleted": [
        (insert("a", 1.5), insert("b", 1.5), insert("c", 1.5), "DELETE FROM settlements WHERE id = 'c'", ["a", "b"]),
        ("DELETE FROM settlements WHERE id = 'b'", settle("a", None), []),
        (insert("b", 1.5), settle("a", 1.5), []),
    ],
    "a row has a time in the past": [
        (insert("a", -90), ["a"]),
        (insert("b", -30 * 24 * 60), []),
    ],
    "a time is in the future": [
        (insert("a", 1.5), insert("ahead", 30 * 24 * 60), ["a", "ahead"]),
        (insert("b", 3), ["b"]),
        ("a:BEGIN", "a:" + insert("slow", 4), insert("c", 4), ["c"]),
        ("a:COMMIT", ["slow"], HOUR),
        ([], 40 * DAY),
    ],
    "the clock of the function is wrong": [
        (insert("a", 1.5), ["a"], 400 * DAY),
        ("a:BEGIN", "a:" + insert("slow", 2.5), insert("b", 2.6), ["b"], -400 * DAY),
        ("a:COMMIT", insert("c", 3), ["slow", "c"], -DAY),
        (insert("d", 4), ["d"], DAY),
    ],
}


@pytest.mark.parametrize("case", CASES)
def test_each_row_is_found_once(pair: Pair, function: Function, case: str) -> None:
    write(pair.primary, insert("before", 0.0))
    pair.wait_for_replica()
    assert function.found() == []
    play(function, pair, CASES[case])


def test_a_replica_that_stands_still_delays_rows_and_loses_none(pair: Pair, function: Function) -> None:
    """For days, in which the function's clock goes on; and rows come before it that were settled before it stood."""
    function.run()
    write(pair.primary, insert("a", 1.5))
    pair.wait_for_replica()
    assert function.found() == ["a"]
    pair.replica.stop_replication()
    write(pair.primary, insert("b", 2), insert("c", 3 * 24 * 60), insert("d", 1.4))
    assert (function.found(), function.found(3 * DAY), function.code()) == ([], [], "")
    pair.replica.start_replication()
    pair.wait_for_replica()
    assert (function.found(), function.code()) == (["d", "b", "c"], "")


def test_servers_of_different_lag_that_are_read_in_turns_lose_and_repeat_nothing(
    pair: Pair, reading: Callable[..., Database]
) -> None:
    servers = [reading(pair.primary), reading(pair.replica)]
    name = Named(servers[0])
    function = Function(name, BOTH)
    function.run()
    for minute in range(12):
        pair.replica.stop_replication()
        write(pair.primary, insert(f"r{minute:02}", minute + 1.5))
        for server in servers:
            name.server = server
            function.run()
        if minute % 4 == 3:
            pair.replica.start_replication()
            pair.wait_for_replica()
    assert function.code() == ""
    assert [identity for identity in function.identities if identity.startswith("once/")] == [
        f"once/r{minute:02}" for minute in range(12)
    ]
    assert len(function.sent) == len(set(function.identities)) == 24


def test_rows_that_are_hidden_by_the_where_are_found_in_the_window(
    pair: Pair, reading: Callable[..., Database]
) -> None:
    paid = replace(ONCE, sql=f"{ONCE.sql} WHERE note = 'paid'")
    function = Function(reading(pair.replica), {"paid": paid})
    write(pair.primary, "INSERT INTO settlements VALUES ('before', " + at(0) + ", 'paid')")
    pair.wait_for_replica()
    steps: list[Step] = [
        ([],),
        (insert("a", 1.5), insert("b", 1.5), []),
        ("UPDATE settlements SET note = 'paid' WHERE id = 'a'", ["a"]),
        ("INSERT INTO settlements VALUES ('c', " + at(240) + ", 'paid')", ["c"], 4 * HOUR),
        ("UPDATE settlements SET note = 'paid'", []),
    ]
    play(function, pair, steps)


@pytest.mark.parametrize(("before", "after"), [("UTC", "Asia/Tokyo"), ("Asia/Tokyo", "UTC")])
def test_a_corrected_zone_puts_a_poll_on_hold(
    pair: Pair, reading: Callable[..., Database], before: str, after: str
) -> None:
    """Nothing is lost: after a rebase, the rows that came meanwhile are found."""
    name = Named(reading(pair.replica, time_zone=before))
    function = Function(name, BOTH)
    write(pair.primary, insert("first", -8 * 60))
    pair.wait_for_replica()
    function.run()
    write(pair.primary, insert("a", 1.5))
    pair.wait_for_replica()
    assert function.found() == ["a"]
    name.server = reading(pair.replica, time_zone=after)
    write(pair.primary, insert("b", 2.0))
    pair.wait_for_replica()
    assert (function.found(), function.code()) == ([], "POLL_CURSOR_CHANGED")
    ahead = 9 * 3600 if after == "Asia/Tokyo" else 0
    since = round((START + 1.9 * 60 - ahead) * time_cursor.SECOND)
    for poll in BOTH:
        function.change(poll, lambda one: one.rebased(since - 1, TIME))
    assert (function.found(), function.code()) == (["b"], "")


@pytest.mark.parametrize("digest_rows", [None, 2])
def test_a_function_that_is_killed_at_any_write_loses_and_doubles_nothing(
    pair: Pair, reading: Callable[..., Database], digest_rows: int | None
) -> None:
    database = reading(pair.replica)
    for step in range(1, 12):
        write(pair.primary, "DELETE FROM settlements")
        function = Function(database, {"each": replace(EACH, digest_rows=digest_rows)})
        inserts = many("a", 3, 1.5), many("b", 3, 1.6)
        assert rows_in(events_of_a_killed_function(function, pair, inserts, step)) == 6


def test_ids_that_are_used_again_are_new_rows_unless_they_are_remembered(pair: Pair, function: Function) -> None:
    function.run()
    write(pair.primary, many("a", 3, 1.5))
    pair.wait_for_replica()
    assert function.found() == ids("a", 3)
    write(pair.primary, "TRUNCATE settlements", many("a", 3, 2.5), insert("b", 2.5))
    pair.wait_for_replica()
    assert function.run() == {"once": ["b"], "each": [*ids("a", 3), "b"]}
    write(pair.primary, insert("c", 4 * 60))
    pair.wait_for_replica()
    assert function.found(4 * HOUR) == ["c"]
    write(pair.primary, "TRUNCATE settlements", many("a", 3, 4 * 60))
    pair.wait_for_replica()
    assert (function.found(), function.code()) == (ids("a", 3), "")


def test_more_rows_than_can_be_remembered_shorten_the_window(
    pair: Pair, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_cursor, "MAX_SEEN", 100)
    function.run()
    write(pair.primary, many("a", 150, 1.0, 0.01))
    pair.wait_for_replica()
    assert function.found() == ids("a", 150)
    write(pair.primary, insert("early", 1.1), insert("later", 2.3), insert("new", 3))
    pair.wait_for_replica()
    assert (function.found(), function.code()) == (["later", "new"], "")
    assert function.schedule("once").given_up == 52


@pytest.mark.parametrize("hours", [1, 10 * 24])
def test_another_longest_transaction_makes_no_events_of_rows_that_were_seen(
    pair: Pair, function: Function, hours: float
) -> None:
    """A longer window begins where the shorter one did, and grows from there."""
    write(pair.primary, insert("before", -60.0), insert("long before", -10 * 60.0))
    pair.wait_for_replica()
    assert function.found() == []
    write(pair.primary, many("a", 3, 60))
    pair.wait_for_replica()
    assert function.found(HOUR) == ids("a", 3)
    function.deploy({name: replace(poll, longest=hours * HOUR) for name, poll in BOTH.items()})
    assert (function.found(), function.code()) == ([], "")
    write(pair.primary, insert("b", 9 * 60), insert("slow", 5), insert("early", -180))
    pair.wait_for_replica()
    assert (function.found(8 * HOUR), function.code()) == (["slow", "b"], "")
    write(pair.primary, insert("c", 9 * 60), insert("in the window", 0))
    pair.wait_for_replica()
    assert (function.found(), function.code()) == (["in the window", "c"] if hours > 8 else ["c"], "")
