"""A poll that watches a column of a real table through its replica, while others change the rows."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random

import pytest

from handler.adapters.database.session import Limits
from handler.errors import SourceError
from handler.polling import id_scan, statements
from handler.polling.id_cursor import IdCursor
from handler.polling.id_scan import IdPage
from handler.polling.id_set import IdSet
from handler.polling.id_values import MAX_VALUES, IdValues, WatchedValue
from handler.polling.replica_lag import RowVersion
from handler.polling.run import run
from handler.polling.state import PolledRow, PollState
from handler.polling.table import MAX_WATCHED_LENGTH, Table
from lab.databases import Pair
from lab.shop import SCHEMA, Target
from tests.poll_kit import Kept, poll_in_trouble
from tests.poll_kit import poll as poll_of
from tests.replica_kit import Default, replicas

SELECT = "SELECT id, status AS watched, at AS changed FROM watched_rows"
POLL = replace(poll_of(5.0, None, sql=SELECT), watched="status", changed=True, identity="moment")
STATUSES = ["pending", "paid", "shipped", "失敗", "", None]
WRITERS, SECONDS = 4, 4.0


@pytest.fixture
def pair(breakable_pair: Pair) -> Iterator[Pair]:
    """The pair, with an empty table `watched_rows`."""
    primary = breakable_pair.primary
    primary.query(
        f"CREATE TABLE {SCHEMA}.watched_rows (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, status VARCHAR(100), "
        "at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6))"
    )
    breakable_pair.wait_for_replica()
    yield breakable_pair
    breakable_pair.heal()
    primary.query(f"DROP TABLE {SCHEMA}.watched_rows")


@pytest.fixture
def database(pair: Pair, reader: Target) -> Iterator[Default]:
    adapter = replicas(reader, limits=Limits(rows=id_scan.PAGE_SIZE))
    yield Default(adapter)
    adapter.close()


def values(rows: dict[int, WatchedValue]) -> IdValues:
    return IdValues({one: IdSet.containing(id_ for id_ in rows if rows[id_] == one) for one in {*rows.values()}})


def watching(database: Default, column: str) -> Table:
    sql = f"SELECT id, {column} AS watched FROM watched_rows"
    return Table(database.replicas, replace(POLL, sql=sql, changed=False))


@pytest.mark.parametrize(
    ("column", "stored", "read"),
    [
        ("VARCHAR(50)", ["paid", "Paid", "PAID", None, "", "null", "支払済み", "é", "e"], None),
        ("VARCHAR(50)", ["paid", "paid ", " paid", "", " "], None),
        ("ENUM('new', 'paid')", ["new", "paid", None], None),
        ("TINYINT(1)", [0, 1, None], ["0", "1", None]),
        ("INT", [-5, 0, 7], ["-5", "0", "7"]),
        ("DECIMAL(6, 2)", ["1.50", "2.00"], ["1.50", "2.00"]),
        ("DATE", ["2026-01-05", None], None),
        ("DATETIME", ["2026-01-05 10:00:00", None], None),
        ("CHAR(10) CHARACTER SET latin1", ["paid", "payé"], None),
    ],
)
def test_the_values_are_those_of_the_column_whatever_its_type(
    pair: Pair, database: Default, column: str, stored: list[object], read: list[WatchedValue] | None
) -> None:
    pair.primary.query(f"ALTER TABLE {SCHEMA}.watched_rows MODIFY status {column}")
    for value in stored:
        pair.primary.query(f"INSERT INTO {SCHEMA}.watched_rows (status) VALUES (%s)", value)
    pair.wait_for_replica()
    table = watching(database, "status")
    shown = dict(enumerate(read or [None if one is None else str(one) for one in stored], 1))
    assert table.ids(0, None) == IdPage(values(shown), complete=True)
    assert table.cursor_at_end(lambda: True) == IdCursor(len(stored), 0, values(shown))
    changed = Table(database.replicas, POLL).changed(shown)
    assert {id_: one.value for id_, one in changed.items()} == shown


def test_an_expression_can_be_watched(pair: Pair, database: Default) -> None:
    pair.primary.query(f"INSERT INTO {SCHEMA}.watched_rows (status) VALUES ('a'), (NULL)")
    pair.wait_for_replica()
    assert watching(database, "status IS NOT NULL").ids(0, None).ids == values({1: "1", 2: "0"})


@pytest.mark.parametrize(
    "value",
    ["x" * (MAX_WATCHED_LENGTH + 1), "two\nlines", "\0", "未\u3000払い"],
    ids=["long", "line break", "control", "full-width space"],
)
def test_a_value_that_cannot_be_kept_is_an_error_that_does_not_show_it(
    pair: Pair, database: Default, value: str
) -> None:
    pair.primary.query(f"INSERT INTO {SCHEMA}.watched_rows (status) VALUES (%s)", value)
    pair.wait_for_replica()
    with pytest.raises(SourceError, match="POLL_VALUES_UNFIT") as error:
        watching(database, "status").ids(0, None)
    assert value not in str(error.value)


def test_too_many_values_and_an_id_with_two_of_them_are_errors(pair: Pair, database: Default) -> None:
    for number in range(MAX_VALUES + 1):
        pair.primary.query(f"INSERT INTO {SCHEMA}.watched_rows (status) VALUES (%s)", str(number))
    pair.wait_for_replica()
    with pytest.raises(SourceError, match="POLL_VALUES_UNFIT"):
        watching(database, "status").ids(0, None)
    sql = "SELECT a.id, b.status AS watched FROM watched_rows a JOIN watched_rows b ON b.id < 3 WHERE a.id = 5"
    with pytest.raises(SourceError, match="QUERY_INVALID.*twice"):
        Table(database.replicas, replace(POLL, sql=sql)).ids(0, None)


@pytest.mark.parametrize(
    ("column", "at", "moment"),
    [
        ("at", "2026-01-05 10:00:00.25", 1767607200.25),
        ("DATE_ADD(at, INTERVAL 1 HOUR)", "2026-01-05 10:00:00", 1767610800.0),
        ("id", "2026-01-05 10:00:00", 1.0),
        ("NULL", "2026-01-05 10:00:00", 0.0),
    ],
)
def test_when_a_row_was_changed_is_a_time_or_a_number(
    pair: Pair, database: Default, column: str, at: str, moment: float
) -> None:
    pair.primary.query(f"INSERT INTO {SCHEMA}.watched_rows (status, at) VALUES ('new', %s)", at)
    pair.wait_for_replica()
    sql = f"SELECT id, status AS watched, {column} AS changed FROM watched_rows"
    assert Table(database.replicas, replace(POLL, sql=sql)).changed([1, 2]) == {1: RowVersion("new", moment)}


def test_a_text_does_not_say_when_a_row_was_changed(pair: Pair, database: Default) -> None:
    pair.primary.query(f"INSERT INTO {SCHEMA}.watched_rows (status) VALUES ('new')")
    pair.wait_for_replica()
    sql = "SELECT id, status AS watched, status AS changed FROM watched_rows"
    with pytest.raises(SourceError, match="QUERY_INVALID"):
        Table(database.replicas, replace(POLL, sql=sql)).changed([1])


@pytest.mark.parametrize("bounded", [False, True])
def test_a_slice_is_read_by_the_index_of_the_id(pair: Pair, bounded: bool) -> None:
    bounds = {"after": 500, "count": 50, "upto": 900}
    with pair.primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO watched_rows (status) VALUES (%s)", [("a",), ("b",)] * 500)
        connection.commit()
        for sql in (
            statements.ids_page(SELECT, bounded=bounded, watching=True),
            statements.last_ids(SELECT, bounded=bounded, watching=True),
        ):
            cursor.execute("FLUSH STATUS")
            cursor.execute(sql, bounds)
            assert sum(int(str(row[3])) for row in cursor.fetchall()) == 50
            cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
            assert sum(int(count) for _, count in cursor.fetchall()) < 5 * 50


def test_the_first_run_remembers_as_many_rows_as_it_may(
    pair: Pair, database: Default, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 3)
    monkeypatch.setattr(id_scan, "WATCH_PAGES", 3)
    pair.primary.query(f"INSERT INTO {SCHEMA}.watched_rows (status) VALUES {', '.join(['(NULL)', '(1)'] * 6)}")
    pair.wait_for_replica()
    table, shown = watching(database, "status"), {id_: "1" if id_ % 2 == 0 else None for id_ in range(1, 13)}
    assert table.cursor_at_end(lambda: True) == IdCursor(12, 3, values({id_: shown[id_] for id_ in range(4, 13)}))
    assert table.cursor_at_end(lambda: False) == IdCursor(12, 9, values({id_: shown[id_] for id_ in range(10, 13)}))
    monkeypatch.setattr(id_scan, "WATCH_PAGES", 5)
    assert table.cursor_at_end(lambda: True) == IdCursor(12, 0, values(shown))


def change(pair: Pair, random: Random, until: float) -> dict[int, list[WatchedValue]]:
    """Insert and change rows of this writer until then, and return what each of them has been."""
    history: dict[int, list[WatchedValue]] = {}
    with pair.primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
        while time.monotonic() < until:
            connection.begin()
            changed: dict[int, list[WatchedValue]] = {}
            for _ in range(random.choice([1, 1, 2, 5])):
                status, known = random.choice(STATUSES), [*history, *changed]
                if known and random.random() < 0.7:
                    id_ = random.choice(known)
                    cursor.execute("UPDATE watched_rows SET status = %s WHERE id = %s", [status, id_])
                else:
                    cursor.execute("INSERT INTO watched_rows (status) VALUES (%s)", [status])
                    id_ = int(cursor.lastrowid)
                changed.setdefault(id_, []).append(status)
            time.sleep(random.choice([0.0, 0.01, 0.05, 0.3]))
            if random.random() < 0.2:
                connection.rollback()
                continue
            connection.commit()
            for id_, statuses in changed.items():
                history.setdefault(id_, []).append(statuses[-1])
    return history


def test_every_change_that_a_run_can_see_is_reported_once(
    pair: Pair, database: Default, monkeypatch: pytest.MonkeyPatch
) -> None:
    """POLL_SEED repeats the choices of a run, though not how its threads meet."""
    monkeypatch.setattr(id_scan, "PAGE_SIZE", 20)
    seed = int(os.environ.get("POLL_SEED") or Random().randrange(10_000))
    print("POLL_SEED", seed)
    random = Random(seed)
    kept = Kept(PollState(IdCursor.at(0), watched="status"))
    table = Table(database.replicas, POLL)
    until = time.monotonic() + SECONDS

    def poll(pages: int, looked_at: float) -> None:
        left = iter(range(pages))
        run(kept.state, looked_at, table, kept, kept, POLL, time.time, lambda: next(left, -1) >= 0)

    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(change, pair, Random(seed + number), until) for number in range(1, WRITERS + 1)]
        crashes, looked_at = poll_in_trouble(pair, kept, random, until, poll)
        history: dict[int, list[WatchedValue]] = {}
        for writer in writers:
            history |= writer.result()
    pair.heal()
    for _ in range(3):
        poll(1_000, looked_at)
    told: dict[int, list[tuple[WatchedValue, WatchedValue]]] = {}
    for one in dict.fromkeys(kept.sent):
        assert isinstance(one, PolledRow)
        assert one.change
        told.setdefault(one.id, []).append(one.change)
    assert crashes
    assert len(history) > 20
    assert told.keys() == history.keys()
    assert sum(map(len, told.values())) > len(told)
    for id_, been in history.items():
        changes = told[id_]
        assert [old for old, _ in changes] == [None, *(new for _, new in changes)][: len(changes)]
        assert changes[-1][1] == been[-1]
        later = iter(been)
        assert all(new in later for _, new in changes)
