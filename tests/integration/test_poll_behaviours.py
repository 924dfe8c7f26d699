"""What a poll does in each situation that the guide names ("What happens when"), on a real primary and its replica.

Each test says which events each run sends. Two polls read the same table: one whose SELECT has `created`, and one that
has the ids alone. Time is a number: an hour takes no waiting.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, cycle
from pathlib import Path
from typing import Final

import pytest

from handler.adapters.database.session import Limits
from handler.errors import ConfigError
from handler.model import Poll, Row, Value
from handler.polling.schedule import Schedule
from handler.ports import Database
from lab.databases import Pair, Server
from lab.shop import SCHEMA, Target
from tests.kit import plenty
from tests.polls_kit import Function
from tests.replica_kit import HEAVY, replicas
from tests.situations import Named, Step, events_of_a_killed_function, play, read_as_the_function, rows_in, write
from tests.zone_kit import knowing_berlin

HOUR, DAY = 3600.0, 86_400.0
CREATE: Final = """
    CREATE TABLE tickets (
      id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
      state VARCHAR(20) NOT NULL DEFAULT 'new',
      deleted_at DATETIME NULL,
      created_at DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)
    )
"""
INSERT: Final = "INSERT INTO tickets () VALUES ()"
THREE: Final = "INSERT INTO tickets () VALUES (), (), ()"
BULK: Final = (
    "INSERT INTO tickets (state) SELECT 'bulk' FROM {ten} a JOIN {ten} b JOIN {ten} c JOIN {ten} d JOIN {ten} e"
).format(ten="(SELECT 1" + " UNION ALL SELECT 1" * 9 + ")")
GUARDED: Final = Poll(
    "SELECT id, created_at AS created FROM tickets",
    60.0,
    longest=2 * HOUR,
    digest_rows=None,
    created=True,
    table="tickets",
)
PLAIN: Final = replace(GUARDED, sql="SELECT id FROM tickets", created=False)
BOTH: Final = {"guarded": GUARDED, "plain": PLAIN}
OPEN: Final = replace(GUARDED, sql=f"{GUARDED.sql} WHERE deleted_at IS NULL")


@dataclass
class Turns:
    """ports.Database behind an endpoint that leads to another server for each SELECT, or for each `length` of them."""

    servers: Sequence[Database]
    length: int = 1
    _asked: Iterator[Database] = field(init=False)

    def __post_init__(self) -> None:
        self._asked = chain.from_iterable([server] * self.length for server in cycle(self.servers))

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        return next(self._asked).select(database, sql, parameters, limit)


@pytest.fixture
def pair(database_pair: Pair) -> Iterator[Pair]:
    """The pair, with an empty table `tickets`."""
    write(database_pair.primary, "DROP TABLE IF EXISTS tickets", CREATE)
    database_pair.wait_for_replica()
    yield database_pair
    write(database_pair.primary, "DROP TABLE IF EXISTS tickets")


@pytest.fixture
def breakable(pair: Pair) -> Iterator[Pair]:
    """As `pair`, for a test that stops servers or replication."""
    yield pair
    pair.heal()


@pytest.fixture
def reading(pair: Pair) -> Iterator[Callable[..., Database]]:
    """Give the database that the function reads from a server."""
    with read_as_the_function(pair) as read:
        yield read


@pytest.fixture
def function(pair: Pair, reading: Callable[..., Database]) -> Function:
    return Function(reading(pair.replica), BOTH)


def rows(server: Server) -> list[int]:
    return [id_ for (id_,) in server.query(f"SELECT id FROM {SCHEMA}.tickets ORDER BY id")]


# What happens, and what the next run finds.
CASES: Final[dict[str, Sequence[Step]]] = {
    "a commit comes seconds late": [
        ("a:BEGIN", f"a:{INSERT}", f"b:{INSERT}", ["2"]),
        ([], 10.0),
        ("a:COMMIT", ["1"]),
        ([],),
    ],
    "a commit comes an hour late": [
        ("a:BEGIN", f"a:{THREE}", f"b:{INSERT}", ["4"]),
        ([], HOUR),
        (INSERT, ["5"], HOUR - 120),
        ("a:COMMIT", ["1", "2", "3"]),
    ],
    "a commit comes after the longest transaction": [
        ("a:BEGIN", f"a:{THREE}", f"b:{INSERT}", ["4"]),
        ([], 2 * HOUR),
        ("a:COMMIT", INSERT, ["1 late", "2 late", "3 late", "5"]),
        ([], DAY),
    ],
    "transactions commit in the opposite order": [
        *[(f"{session}:BEGIN", f"{session}:{INSERT}", []) for session in "abc"],
        ("c:COMMIT", ["3"]),
        ("b:COMMIT", ["2"]),
        ("a:COMMIT", ["1"]),
    ],
    "a transaction is rolled back": [
        ("a:BEGIN", f"a:{THREE}", f"b:{INSERT}", ["4"]),
        ("a:ROLLBACK", INSERT, ["5"]),
        ([], DAY),
        (INSERT, ["6"]),
    ],
    "a part of a transaction is rolled back": [
        ("BEGIN", INSERT, "SAVEPOINT here", THREE, "ROLLBACK TO here", INSERT, "COMMIT", ["1", "5"]),
        (INSERT, ["6"]),
    ],
    "an insert fails after its id was allocated": [
        ("CREATE UNIQUE INDEX one ON tickets (state)", INSERT, ["1"]),
        ("INSERT IGNORE INTO tickets () VALUES ()", "INSERT INTO tickets (state) VALUES ('next')", ["3"]),
    ],
    "ids are in strides": [
        ("SET SESSION auto_increment_increment = 3", THREE, ["1", "4", "7"]),
        ("b:SET SESSION auto_increment_increment = 3, auto_increment_offset = 2", f"b:{THREE}", ["11", "14", "17"]),
        ("BEGIN", INSERT, f"b:{INSERT}", ["26"]),
        ("COMMIT", ["22"]),
        *[([], 300.0)] * 4,
    ],
    "a row is inserted with an id of its own": [
        ("INSERT INTO tickets (id) VALUES (1000)", ["1000"]),
        ("INSERT INTO tickets (id) VALUES (70)", INSERT, ["70", "1001"]),
        ([], DAY),
        (f"INSERT INTO tickets (id) VALUES ({2**40})", INSERT, [str(2**40), str(2**40 + 1)]),
        (f"INSERT INTO tickets (id) VALUES ({2**63 + 5})", INSERT, [str(2**63 + 5), str(2**63 + 6)]),
        ("INSERT INTO tickets (id) VALUES (71)", ["71 late"]),
    ],
    "rows are updated": [
        (THREE, ["1", "2", "3"]),
        ("UPDATE tickets SET state = 'paid'", []),
        ("INSERT INTO tickets (id) VALUES (1) ON DUPLICATE KEY UPDATE state = 'sent'", INSERT, ["4"]),
        ("REPLACE INTO tickets (id, created_at) SELECT id, created_at FROM tickets WHERE id = 3", []),
    ],
    "a row is updated in the transaction that inserts it": [
        ("BEGIN", INSERT, "UPDATE tickets SET state = 'paid'", "COMMIT", ["1"]),
        ([],),
    ],
    "rows are deleted after they were found": [
        (THREE, ["1", "2", "3"]),
        ("DELETE FROM tickets WHERE id > 1", []),
        (INSERT, ["4"]),
        ("DELETE FROM tickets", []),
        *[([], 300.0)] * 4,
        (INSERT, ["5"]),
    ],
    "rows are deleted before they were found": [
        (THREE, "DELETE FROM tickets WHERE id > 1", ["1"]),
        (INSERT, ["4"]),
    ],
    "a deleted row is inserted again": [
        (THREE, ["1", "2", "3"]),
        (
            "CREATE TABLE archive AS SELECT * FROM tickets WHERE id = 2",
            "DELETE FROM tickets WHERE id = 2",
            "INSERT INTO tickets SELECT * FROM archive",
            "DROP TABLE archive",
            [],
        ),
    ],
    "the clock of the server is wrong": [
        ("SET SESSION timestamp = 86400", THREE, ["1", "2", "3"]),
        ("SET SESSION timestamp = 2000000000", INSERT, ["4"]),
        ("SET SESSION timestamp = 0", INSERT, ["5"]),
    ],
    "the clock of the function is wrong": [
        (INSERT, ["1"]),
        ("a:BEGIN", f"a:{INSERT}", INSERT, ["3"], 400 * DAY),
        (INSERT, ["4"], -400 * DAY),
        ("a:COMMIT", ["2"]),
        (INSERT, ["5"], -HOUR),
        (INSERT, ["6"], 5 * DAY),
        ([],),
    ],
    "the poll did not run for a month": [
        ("a:BEGIN", f"a:{INSERT}", INSERT, ["2"]),
        ("a:COMMIT", INSERT, ["1 late", "3"], 31 * DAY),
        (INSERT, ["4"]),
    ],
    "the table is changed online": [
        (THREE, ["1", "2", "3"]),
        (
            "DELETE FROM tickets WHERE id = 3",
            "CREATE TABLE changed LIKE tickets",
            "ALTER TABLE changed ADD COLUMN note VARCHAR(20), AUTO_INCREMENT = 4",
            "INSERT INTO changed (id, state, deleted_at, created_at) SELECT * FROM tickets",
            "RENAME TABLE tickets TO old, changed TO tickets",
            "DROP TABLE old",
            [],
        ),
        (INSERT, ["4"]),
    ],
    "a dump of all rows is restored": [
        (THREE, ["1", "2", "3"]),
        (
            "CREATE TABLE dump AS SELECT * FROM tickets",
            "DROP TABLE tickets",
            f"{CREATE} AUTO_INCREMENT = 4",
            "INSERT INTO tickets SELECT * FROM dump",
            "DROP TABLE dump",
            [],
        ),
        *[([], 300.0)] * 4,
        (INSERT, ["4"]),
    ],
}


@pytest.mark.parametrize("case", CASES)
def test_each_row_is_found_once(pair: Pair, function: Function, case: str) -> None:
    assert function.found() == []
    play(function, pair, CASES[case])


def test_a_large_insert_holds_nothing_up(pair: Pair, reading: Callable[..., Database]) -> None:
    """100,000 rows of one transaction; a row that is inserted meanwhile is sent at once."""
    polls = {"few": replace(GUARDED, digest_rows=100), "all": GUARDED}
    function = Function(reading(pair.replica), polls)
    assert function.found() == []
    with pair.primary.connect(SCHEMA) as bulk, bulk.cursor() as cursor:
        bulk.begin()
        cursor.execute(BULK)
        write(pair.primary, INSERT)
        pair.wait_for_replica()
        [meanwhile] = function.found()
        bulk.commit()
    pair.wait_for_replica()
    bulk_ids = [id_ for id_ in rows(pair.replica) if id_ != int(meanwhile)]
    assert len(bulk_ids) == 100_000
    found: list[str] = []
    for _ in range(11):
        events = function.run()
        assert events["few"] == ([] if found else ["100000 rows"])
        found += events["all"]
    assert list(map(int, found)) == bulk_ids
    assert (function.found(), function.code()) == ([], "")


def test_rows_that_are_hidden_by_the_where_are_found_once_they_are_shown(
    pair: Pair, reading: Callable[..., Database]
) -> None:
    """A soft delete: before a row was found it is no event, and after that there is no second one."""
    function = Function(reading(pair.replica), {"open": OPEN})
    steps: list[Step] = [
        ([],),
        (THREE, "UPDATE tickets SET deleted_at = NOW() WHERE id = 2", ["1", "3"]),
        ("UPDATE tickets SET deleted_at = NOW()", []),
        (INSERT, "UPDATE tickets SET deleted_at = NULL", ["2", "4"]),
        ("UPDATE tickets SET deleted_at = NOW()", []),
        ("UPDATE tickets SET deleted_at = NULL", []),
    ]
    play(function, pair, steps)


@pytest.mark.parametrize(("days", "found"), [(29, ["1 late"]), (32, [])])
def test_an_id_is_looked_for_as_long_as_the_guide_says(
    pair: Pair, function: Function, days: int, found: list[str]
) -> None:
    with pair.primary.connect(SCHEMA) as slow, slow.cursor() as cursor:
        function.run()
        slow.begin()
        cursor.execute(INSERT)
        write(pair.primary, INSERT)
        pair.wait_for_replica()
        assert function.found() == ["2"]
        for _ in range(days):
            assert function.found(DAY) == []
        slow.commit()
    pair.wait_for_replica()
    assert (function.found(), function.code()) == (found, "")


@pytest.mark.parametrize("stop", ["stop_applying", "stop_replication"])
def test_a_replica_that_lags_or_stands_still_delays_rows_and_loses_none(
    breakable: Pair, function: Function, stop: str
) -> None:
    """For days: nothing tells of it but the replica's own metric."""
    function.run()
    write(breakable.primary, INSERT)
    breakable.wait_for_replica()
    assert function.found() == ["1"]
    getattr(breakable.replica, stop)()
    write(breakable.primary, THREE)
    for _ in range(4):
        assert (function.found(300.0), function.code()) == ([], "")
    assert (function.found(3 * DAY), function.code()) == ([], "")
    breakable.replica.start_replication()
    breakable.wait_for_replica()
    assert (function.found(), function.code()) == (["2", "3", "4"], "")


def test_a_replica_that_is_down_delays_rows_and_loses_none(breakable: Pair, function: Function) -> None:
    function.run()
    breakable.replica.kill()
    write(breakable.primary, THREE)
    for failures in (1, 2, 3):
        assert (function.found(), function.code()) == ([], "DB_UNAVAILABLE")
        assert function.schedule("plain").failures == failures
    breakable.heal()
    assert (function.found(), function.code()) == (["1", "2", "3"], "")


@pytest.mark.parametrize("selects", [1, 40])
def test_an_endpoint_that_alternates_between_servers_of_different_lag_loses_and_repeats_nothing(
    breakable: Pair, reading: Callable[..., Database], selects: int
) -> None:
    """Nor is a counter that is low on one of them a reason to stop, as long as another one is asked now and then."""
    function = Function(Turns([reading(breakable.primary), reading(breakable.replica)], selects), BOTH)
    function.run()
    breakable.replica.stop_replication()
    for minute in range(24):
        write(breakable.primary, THREE, f"DELETE FROM tickets WHERE id = {3 * minute + 2}")
        function.run()
        if minute % 8 == 7:
            breakable.replica.start_replication()
            breakable.wait_for_replica()
            breakable.replica.stop_replication()
    for _ in range(2 * selects):
        function.run()
    assert function.code() == ""
    there = rows(breakable.primary)
    assert sorted(function.identities) == sorted(f"{poll}/{id_}" for poll in function.polls.polls for id_ in there)


def promote(pair: Pair) -> None:
    """Let the primary die, and the replica take its place, as a failover does."""
    pair.primary.kill()
    pair.replica.stop_replication()
    pair.replica.query("RESET SLAVE ALL" if pair.replica.product.name == "mariadb" else "RESET REPLICA ALL")
    pair.replica.query("SET GLOBAL read_only = 0")


def test_after_a_failover_a_poll_goes_on_with_the_promoted_replica(
    breakable: Pair, reading: Callable[..., Database]
) -> None:
    """Rows that never reached it are gone, and their ids are used again. Only who has read them has to stop.

    One function reads the replica; the other has read the primary until then, by a name that moves.
    """
    cluster = Named(reading(breakable.primary))
    apart, moved = Function(reading(breakable.replica), BOTH), Function(cluster, BOTH)
    for function in (apart, moved):
        function.run()
    write(breakable.primary, THREE)
    breakable.wait_for_replica()
    assert apart.found() == moved.found() == ["1", "2", "3"]
    breakable.replica.stop_replication()
    write(breakable.primary, THREE)
    assert (apart.found(), moved.found()) == ([], ["4", "5", "6"])
    promote(breakable)
    cluster.server = reading(breakable.replica)
    assert (apart.found(), moved.found()) == ([], [])
    write(breakable.replica, INSERT)
    assert apart.found() == ["4"]
    assert (moved.found(), moved.schedule("guarded").code) == ([], "POLL_IDS_REUSED")
    for _ in range(4):
        assert (apart.found(300.0), apart.code(), moved.found(300.0)) == ([], "", [])
    assert moved.code() == "POLL_IDS_REUSED"
    for poll in moved.polls.polls:
        moved.change(poll, Schedule.rebased)
    assert moved.found() == []
    write(breakable.replica, THREE)
    assert apart.found() == moved.found() == ["5", "6", "7"]
    assert moved.identities[-3:] == ["plain/5/1", "plain/6/1", "plain/7/1"]
    write(breakable.replica, INSERT)
    breakable.replica.query("SELECT auto_increment FROM information_schema.tables WHERE table_name = 'tickets'")
    assert apart.found() == moved.found() == ["8"]
    for number in range(4):
        write(breakable.replica, INSERT)
        assert apart.found(300.0) == moved.found(300.0) == [str(9 + number)]
    assert apart.code() == moved.code() == ""


def test_a_switch_to_a_copy_with_all_rows_and_ids_is_not_noticed(pair: Pair, reading: Callable[..., Database]) -> None:
    """As in a blue/green deployment: another server by the same name."""
    name = Named(reading(pair.replica))
    function = Function(name, BOTH)
    function.run()
    write(pair.primary, THREE, "DELETE FROM tickets WHERE id = 3")
    pair.wait_for_replica()
    assert function.found() == ["1", "2"]
    name.server = reading(pair.primary)
    for _ in range(4):
        assert (function.found(300.0), function.code()) == ([], "")
    write(pair.primary, INSERT)
    assert (function.found(), function.code()) == (["4"], "")


# What is done to a table with the rows 1 to 10, after which 4 is used again, or an id below it.
REUSED: Final[dict[str, Sequence[str]]] = {
    "truncated and filled again": ["TRUNCATE tickets"],
    "the counter is set back": ["DELETE FROM tickets", "ALTER TABLE tickets AUTO_INCREMENT = 1"],
    "an older dump is restored": [
        "CREATE TABLE dump AS SELECT * FROM tickets WHERE id <= 3",
        "DROP TABLE tickets",
        f"{CREATE} AUTO_INCREMENT = 4",
        "INSERT INTO tickets SELECT * FROM dump",
        "DROP TABLE dump",
    ],
}
TEN: Final = "INSERT INTO tickets () VALUES " + ", ".join(["()"] * 10)


@pytest.mark.parametrize("case", REUSED)
def test_ids_that_are_used_again_put_a_poll_on_hold(pair: Pair, function: Function, case: str) -> None:
    """By when rows were created at once; by the counter alone after ten minutes."""
    function.run()
    write(pair.primary, TEN)
    pair.wait_for_replica()
    assert len(function.found()) == 10
    write(pair.primary, *REUSED[case], THREE)
    pair.wait_for_replica()
    assert function.found() == []
    assert [function.schedule(poll).code for poll in ("guarded", "plain")] == ["POLL_IDS_REUSED", ""]
    for _ in range(3):
        assert function.found(300.0) == []
    assert function.code() == "POLL_IDS_REUSED"
    write(pair.primary, INSERT)
    pair.wait_for_replica()
    assert (function.found(DAY), sorted(function.polls.tick().on_hold)) == ([], ["guarded", "plain"])
    for poll in function.polls.polls:
        function.change(poll, Schedule.rebased)
    assert (function.found(), function.code()) == ([], "")
    write(pair.primary, INSERT)
    pair.wait_for_replica()
    newest = max(rows(pair.primary))
    assert (function.found(), function.code()) == ([str(newest)], "")
    assert function.identities[-2:] == [f"guarded/{newest}/1", f"plain/{newest}/1"]


@pytest.mark.parametrize("case", REUSED)
def test_a_counter_that_soon_passes_the_highest_id_tells_nothing(pair: Pair, function: Function, case: str) -> None:
    """The SELECT with `created` notices it all the same; the other one passes rows over, as the guide says."""
    function.run()
    write(pair.primary, TEN)
    pair.wait_for_replica()
    function.run()
    write(pair.primary, *REUSED[case], TEN, THREE)
    pair.wait_for_replica()
    assert function.run() == {"guarded": [], "plain": [str(id_) for id_ in rows(pair.primary) if id_ > 10]}
    assert [function.schedule(poll).code for poll in ("guarded", "plain")] == ["POLL_IDS_REUSED", ""]


def test_a_restored_backup_puts_a_poll_on_hold(
    breakable: Pair, reading: Callable[..., Database], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The data folder of three rows comes back after six were found; the replica is made again from it."""
    primary, replica = breakable.primary, breakable.replica
    function = Function(reading(replica), BOTH)
    function.run()
    write(primary, THREE)
    with tempfile.TemporaryDirectory(prefix="notifier-") as folder:
        primary.stop()
        shutil.copytree(primary.data, Path(folder) / "backup")
        primary.start()
        primary.wait_until_ready()
        write(primary, THREE)
        breakable.heal()
        assert function.found() == ["1", "2", "3", "4", "5", "6"]
        primary.stop()
        shutil.rmtree(primary.data)
        shutil.move(Path(folder) / "backup", primary.data)
    replica.seed(primary)
    replica.follow(breakable.replication, breakable.ca)
    assert (rows(primary), function.found(), function.code()) == ([1, 2, 3], [], "")
    write(primary, THREE)
    breakable.wait_for_replica()
    assert (rows(primary), function.found()) == ([1, 2, 3, 4, 5, 6], [])
    assert function.schedule("guarded").code == "POLL_IDS_REUSED"


@pytest.mark.parametrize("column", ["at", "stamp"])
def test_a_change_to_or_from_daylight_saving_time_is_no_other_row(
    pair: Pair, reading: Callable[..., Database], column: str
) -> None:
    """`created` in local time, for a DATETIME and a TIMESTAMP: an hour that comes twice, and one that is left out."""
    times = ["01:59:59", "02:00:00", "02:30:00", "02:30:00", "02:59:59", "03:00:00"]
    poll = replace(GUARDED, sql=f"SELECT id, {column} AS created FROM tickets")
    columns = "ALTER TABLE tickets ADD COLUMN at DATETIME(6), ADD COLUMN stamp TIMESTAMP(6) NULL"
    with knowing_berlin(pair):
        function = Function(reading(pair.replica, time_zone="Europe/Berlin"), {"local": poll})
        write(pair.primary, columns)
        pair.wait_for_replica()
        function.run()
        for day, hour in (("2026-03-29", 0), ("2026-10-25", -1)):
            begin = datetime.fromisoformat(f"{day}T01:00:00") + timedelta(hours=hour)
            function.now = begin.replace(tzinfo=UTC).timestamp()
            for number, time in enumerate(times):
                stamp = begin + timedelta(minutes=30 * number)
                write(
                    pair.primary,
                    "SET SESSION sql_mode = ''",
                    f"INSERT INTO tickets (at, stamp) VALUES ('{day} {time}', '{stamp}')",
                )
                pair.wait_for_replica()
                assert (function.found(1800.0), function.code()) == ([str(max(rows(pair.replica)))], "")
        assert (function.found(), function.code()) == ([], "")
        assert len(function.sent) == len(set(function.identities)) == 2 * len(times)


@pytest.mark.parametrize(
    ("zone", "column", "change"),
    [
        ("Asia/Tokyo", "created_at", "DO 1"),
        ("UTC", "created_at", "UPDATE tickets SET created_at = created_at - INTERVAL 9 HOUR"),
        ("UTC", "created_at", "REPLACE INTO tickets (id, created_at) VALUES (3, '2026-01-05')"),
        ("UTC", "touched_at", "UPDATE tickets SET state = 'paid'"),
    ],
    ids=["tz=", "rewritten", "REPLACE", "ON UPDATE"],
)
def test_a_row_whose_creation_seems_to_have_changed_is_a_false_alarm(
    pair: Pair, reading: Callable[..., Database], zone: str, column: str, change: str
) -> None:
    """The poll stops, though no id is used again. `notifier poll resume` lets it continue, and no row is lost."""
    name = Named(reading(pair.replica))
    guarded = replace(GUARDED, sql=f"SELECT id, {column} AS created FROM tickets")
    function = Function(name, {"guarded": guarded, "plain": PLAIN})
    write(pair.primary, "ALTER TABLE tickets ADD COLUMN touched_at DATETIME(6) DEFAULT NOW(6) ON UPDATE NOW(6)")
    pair.wait_for_replica()
    function.run()
    write(pair.primary, THREE)
    pair.wait_for_replica()
    assert function.found() == ["1", "2", "3"]
    name.server = reading(pair.replica, time_zone=zone)
    write(pair.primary, change, INSERT)
    pair.wait_for_replica()
    assert function.run() == {"guarded": [], "plain": ["4"]}
    assert function.schedule("guarded").code == "POLL_IDS_REUSED"
    function.change("guarded", Schedule.resumed)
    assert (function.run(), function.code()) == ({"guarded": ["4"], "plain": []}, "")


@pytest.mark.parametrize("digest_rows", [None, 2])
def test_a_function_that_is_killed_at_any_write_loses_and_doubles_nothing(
    pair: Pair, reading: Callable[..., Database], digest_rows: int | None
) -> None:
    database = reading(pair.replica)
    for step in range(1, 12):
        write(pair.primary, "DELETE FROM tickets")
        function = Function(database, {"guarded": replace(GUARDED, digest_rows=digest_rows)})
        events = events_of_a_killed_function(function, pair, [THREE, THREE], step)
        assert rows_in(events) == 6
        if digest_rows is None:
            assert [event["id"] for event in events] == rows(pair.replica)


@pytest.mark.parametrize(
    ("part", "error", "code"),
    [
        ("queue", "CONFIG_UNAVAILABLE", "CONFIG_UNAVAILABLE"),
        ("table", "LEDGER_UNAVAILABLE", ""),  # where the code would be written
    ],
)
def test_rows_wait_while_the_queue_or_the_state_table_refuses(
    pair: Pair, function: Function, part: str, error: str, code: str
) -> None:
    function.run()
    refusing = getattr(function, part)
    for _ in range(3):
        write(pair.primary, INSERT)
        pair.wait_for_replica()
        function.tick()
        bodies, function.queue.sent = function.queue.sent, []
        refusing.broken = ConfigError(error, "down")
        failures = [report.failure.code for report in function.polls.run(bodies, plenty) if report.failure]
        refusing.broken = None
        assert failures == [error, error]
        assert (function.queue.sent, function.code()) == ([], code)
    for _ in range(3):
        function.run()
    assert sorted(function.identities) == sorted(f"{poll}/{id_}" for poll in ("guarded", "plain") for id_ in (1, 2, 3))
    assert function.code() == ""


def test_a_poll_that_always_times_out_holds_none_of_fifty_up(pair: Pair) -> None:
    target = Target(pair.replica.host, pair.replica.port, SCHEMA, pair.reader.user, pair.reader.password, str(pair.ca))
    adapter = replicas(target, limits=Limits(connect=10.0, read=20.0, statement=1.0))
    slow = replace(PLAIN, sql=f"SELECT id FROM tickets WHERE ({HEAVY}) = 0")
    names = [f"tickets.n{number:02}" for number in range(50)]
    function = Function(adapter, {name: slow if name == "tickets.n07" else PLAIN for name in names})
    for minute in range(3):
        found = function.run()
        assert found.pop("tickets.n07") == []
        assert set(map(tuple, found.values())) == ({(str(minute),)} if minute else {()})
        write(pair.primary, INSERT)
        pair.wait_for_replica()
    assert {name for name in names if function.schedule(name).code} == {"tickets.n07"}
    assert (function.schedule("tickets.n07").code, function.schedule("tickets.n07").failures) == ("DB_TIMEOUT", 3)
    adapter.close()
