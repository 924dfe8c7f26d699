"""A poll by a time column of a real table through its replica, while others insert and change rows."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from handler.adapters.database.session import Limits
from handler.errors import SourceError
from handler.polling import statements, time_scan
from handler.polling.id_cursor import IdCursor
from handler.polling.run import run
from handler.polling.state import PolledRow, PollState
from handler.polling.table import Table
from handler.polling.time_cursor import EPOCH, SECOND, StartPosition, TimedRow, moment, row_source
from handler.polling.time_scan import first_cursor, scan
from lab.databases import Pair
from lab.shop import SCHEMA, Target
from tests.poll_kit import Kept, poll_in_trouble
from tests.poll_kit import poll as poll_of
from tests.replica_kit import address, replicas

SELECT = "SELECT id, at FROM timed_rows"
POLL = replace(poll_of(5.0, None, sql=SELECT), at="at")
WRITERS, SECONDS = 4, 4.0
TOKYO = timedelta(hours=9)
AT = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


@pytest.fixture
def pair(breakable_pair: Pair) -> Iterator[Pair]:
    """The pair, with an empty table `timed_rows`."""
    breakable_pair.primary.query(
        f"CREATE TABLE {SCHEMA}.timed_rows (id VARCHAR(100) COLLATE utf8mb4_bin PRIMARY KEY, at TIMESTAMP(6) NULL, "
        "n INT NULL, KEY (at))"
    )
    breakable_pair.wait_for_replica()
    yield breakable_pair
    breakable_pair.heal()
    breakable_pair.primary.query(f"DROP TABLE {SCHEMA}.timed_rows")


@pytest.fixture
def among(pair: Pair, reader: Target) -> Iterator[Any]:
    """Give the table, as a database that keeps the time of a zone has it."""
    opened = []

    def keeping(zone: str = "UTC", select: str = SELECT) -> Table:
        opened.append(replicas(reader, address(reader, time_zone=zone), limits=Limits(rows=time_scan.PAGE_SIZE)))
        return Table(opened[-1], replace(POLL, sql=select))

    yield keeping
    for one in opened:
        one.close()


def fill(pair: Pair, column: str, rows: dict[Any, Any], id_type: str = "VARCHAR(100) COLLATE utf8mb4_bin") -> None:
    """Let the table have rows, with the times as they are written in UTC."""
    with pair.primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION time_zone = '+00:00', sql_mode = ''")
        cursor.execute(f"ALTER TABLE timed_rows MODIFY at {column}, MODIFY id {id_type}")
        cursor.executemany("INSERT INTO timed_rows (id, at) VALUES (%s, %s)", [*rows.items()])
        connection.commit()
    pair.wait_for_replica()


def pages(table: Table, begin: StartPosition | None, *, backwards: bool = False) -> list[TimedRow]:
    """All rows, page by page; the first of a page is the last of the one before."""
    found: list[TimedRow] = []
    for _ in range(1_000):
        page = table.page(begin, backwards=backwards)
        assert not found or page.rows[0] == found[-1]
        found += page.rows if begin is None or begin.row is None else page.rows[1:]
        if page.complete:
            return found
        begin = StartPosition(page.rows[-1].at, page.unit, page.rows[-1])
    raise AssertionError


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("TIMESTAMP NULL", "time"),
        ("TIMESTAMP(6) NULL", "time"),
        ("DATETIME", "time"),
        ("DATETIME(3)", "time"),
        ("DATETIME(6)", "time"),
        ("INT UNSIGNED", "s"),
        ("BIGINT", "ms"),
    ],
)
def test_each_type_is_read_in_pages_from_a_time_on(
    pair: Pair, among: Any, monkeypatch: pytest.MonkeyPatch, zone: str, column: str, unit: str
) -> None:
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 3)
    # Some of these are equal, and all of them are on a page's edge somewhere.
    times = [AT + timedelta(seconds=one) for one in (0, 0, 0, 0, 1, 2, 2, 2, 3, 100)]
    scale = {"time": 0, "s": 1, "ms": 1000}[unit]
    written = [int(at.timestamp()) * scale if scale else at.strftime("%Y-%m-%d %H:%M:%S") for at in times]
    none = 0 if scale else "0000-00-00 00:00:00"
    rows = {f"r{number}": value for number, value in enumerate(written)}
    fill(pair, column, {**rows, "null": None, **{f"zero{n}": none for n in range(5)}})
    table = among(zone)
    ahead = TOKYO if zone != "UTC" and column.startswith("DATETIME") else timedelta()
    moments = [(at - ahead - EPOCH) // timedelta(microseconds=1) for at in times]
    read = pages(table, None)
    assert [(one.id, one.at) for one in read] == [(f"r{n}", at) for n, at in enumerate(moments)]
    assert pages(table, None, backwards=True) == read[::-1]
    for number, at in enumerate(moments):
        before = moments.index(at)
        assert pages(table, StartPosition(at, unit)) == read[before:]
        assert pages(table, StartPosition(at - 1, unit)) == read[before:] or unit != "time"
        assert pages(table, StartPosition(at, unit, read[number])) == read[number + 1 :] or number == 9
    cursor = first_cursor(table.page, 5.0, round(time.time() * SECOND), "at")
    assert (cursor.watermark, cursor.unit) == (moments[-1], unit)
    assert scan(cursor, table.page, 5.0, round(time.time() * SECOND), lambda: True, None).found == []


COLUMNS: list[tuple[str, float]] = [
    ("TIMESTAMP NULL", 1), ("TIMESTAMP(6) NULL", 1e-6), ("DATETIME", 1), ("DATETIME(3)", 1e-3), ("DATETIME(6)", 1e-6),
    ("INT UNSIGNED", 1), ("BIGINT", 1e-3),
]  # fmt: skip
LONGEST = 600.0


def microseconds(at: datetime) -> int:
    return (at - EPOCH) // timedelta(microseconds=1)


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
@pytest.mark.parametrize(("column", "step"), COLUMNS)
def test_rows_from_a_time_on_are_found_again_by_each_type(
    pair: Pair, among: Any, monkeypatch: pytest.MonkeyPatch, zone: str, column: str, step: float
) -> None:
    """The time is on a row, just before it, just after it, before all that the window had, and in 1970."""
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 3)
    times = [AT + timedelta(seconds=one) for one in (-9_000, -4_300, -4_200, -4_190, -60, 0, 0, 0, 0, step, 1, 2, 7)]
    scale = {"INT UNSIGNED": 1, "BIGINT": 1000}.get(column, 0)
    written = [round(at.timestamp() * scale) if scale else f"{at:%Y-%m-%d %H:%M:%S.%f}" for at in times]
    fill(pair, column, {f"r{number:02}": value for number, value in enumerate(written)})
    table, now = among(zone), round(time.time() * SECOND)
    rows = pages(table, None)
    seen = first_cursor(table.page, LONGEST, now, "at")
    asked = [0, *(row.at + one for row in rows for one in (0, -1, 1, -round(step * SECOND)))]
    for since in dict.fromkeys(asked):
        back = seen.rewound(since, LONGEST)
        again = scan(back, table.page, LONGEST, now, lambda: True, None)
        assert (again.found, again.failure) == ([row for row in rows if row.at >= since], None)
        assert not again.late
        assert scan(again.cursor, table.page, LONGEST, now, lambda: True, None).found == []


IDS = {
    "CHAR(36)": sorted(str(uuid.UUID(int=number * 7**40)) for number in range(9)),
    "VARCHAR(100) COLLATE utf8mb4_bin": ["", "%s 'x' \\", "A", "B", "a", "b", "é", "支払い", "😀"],
    "VARCHAR(100) COLLATE utf8mb4_general_ci": ["%", "'", "1", "10", "9", "a", "b", "C", "d"],
    "VARCHAR(50) CHARACTER SET latin1": ["1", "10", "2", "a", "B", "c", "D", "e", "é1"],
    "BIGINT UNSIGNED": [0, 1, 2, 10, 2**53, 2**53 + 1, 2**63, 2**64 - 2, 2**64 - 1],
    "BIGINT": [-(2**63), -2, -1, 0, 1, 2, 10, 2**53 + 1, 2**63 - 1],
    "DECIMAL(20, 0)": [-1, 1, 2, 10, 11, 2**53, 2**53 + 1, 10**19, 10**20 - 1],
}


@pytest.mark.parametrize("id_type", [*IDS])
def test_rows_with_one_time_are_told_apart_by_any_kind_of_id(
    pair: Pair, among: Any, monkeypatch: pytest.MonkeyPatch, id_type: str
) -> None:
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 2)
    ids = IDS[id_type]
    fill(pair, "DATETIME", dict.fromkeys(ids, "2026-01-05 10:00:00"), id_type)
    assert {one.id for one in pages(among(), None)} == {*ids}
    assert [one.id for one in pages(among(), None)] == [one.id for one in pages(among(), None, backwards=True)][::-1]
    if "utf8mb4_general" not in id_type and "latin1" not in id_type:
        assert [one.id for one in pages(among(), None)] == ids


def test_an_id_may_be_worked_out(pair: Pair, among: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 2)
    ids = [uuid.UUID(int=number * 7**40) for number in range(9)]
    fill(pair, "DATETIME", {one.bytes: "2026-01-05 10:00:00" for one in ids}, "BINARY(16)")
    table = among(select="SELECT LOWER(HEX(id)) AS id, at FROM timed_rows")
    assert [one.id for one in pages(table, None)] == sorted(one.hex for one in ids)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("DATE", "2026-01-05"),
        ("VARCHAR(30)", "2026-01-05 10:00:00"),
        ("DECIMAL(16, 3)", "1767607200.5"),
        ("DOUBLE", 1767607200.5),
        ("BIGINT", 1767607200000000),
    ],
)
def test_what_is_no_time_is_an_error(pair: Pair, among: Any, column: str, value: object) -> None:
    fill(pair, column, {"x": value})
    with pytest.raises(SourceError, match="QUERY_INVALID|QUERY_LOSSY"):
        among().page(None, backwards=True)


@pytest.mark.parametrize("in_time", [True, False], ids=["a page of them", "one, and a short time"])
def test_rows_without_an_id_hide_no_other_row(
    pair: Pair, among: Any, monkeypatch: pytest.MonkeyPatch, in_time: bool
) -> None:
    """As an outer join gives them."""
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 10)
    fill(pair, "DATETIME(6) NULL", {f"r{n:03}": AT - timedelta(seconds=900 - n) for n in range(15)})
    table = among("UTC", "SELECT NULLIF(LEFT(id, 4), 'none') AS id, at FROM timed_rows")
    now = (AT - EPOCH) // timedelta(microseconds=1)
    cursor = first_cursor(table.page, 3600.0, now, "at")
    rows = {f"none{n}": AT - timedelta(seconds=895) for n in range(12 if in_time else 1)}
    fill(pair, "DATETIME(6) NULL", {**rows, "new1": AT - timedelta(seconds=1)})
    found: list[Any] = []
    for _ in range(5):
        seen = scan(cursor, table.page, 3600.0, now, lambda: in_time, None)
        cursor = seen.cursor
        found += [row.id for row in seen.found]
    assert (found, seen.failure) == (["new1"], None)


@pytest.mark.parametrize("id_type", ["CHAR(36)", "BIGINT"])
@pytest.mark.parametrize("column", ["TIMESTAMP(6) NULL", "DATETIME", "BIGINT"])
def test_a_page_is_read_by_the_index_of_the_time(pair: Pair, column: str, id_type: str) -> None:
    value = {"BIGINT": 1_767_607_200}.get(column, "2026-01-05 10:00:00")
    rows = [(str(number), number) for number in range(3_000)]
    with pair.primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE timed_rows MODIFY at {column}, MODIFY id {id_type}")
        added = "%s" if column == "BIGINT" else "INTERVAL %s SECOND"
        cursor.executemany(f"INSERT INTO timed_rows (id, at) VALUES (%s, '{value}' + {added})", rows)
        connection.commit()
        cursor.execute("ANALYZE TABLE timed_rows")
        cursor.fetchall()
        cursor.execute("SELECT CAST(at AS CHAR) FROM timed_rows WHERE id = '2000'")
        [[text]] = cursor.fetchall()
        for bounds in ({}, {"at": text}, {"at": text, "id": "2000"}):
            for backwards in (False, True):
                sql = statements.timed(SELECT, bounds.keys(), backwards=backwards)
                cursor.execute("FLUSH STATUS")
                cursor.execute(sql, {**bounds, "count": 50})
                assert len(cursor.fetchall()) == 50
                cursor.execute("SHOW SESSION STATUS LIKE 'Handler_read%'")
                assert sum(int(count) for _, count in cursor.fetchall()) < 3 * 50


def write(pair: Pair, random: Random, until: float) -> set[str]:
    """Insert rows without a time, and set it later, until then; return the ids of those that have one."""
    timed: set[str] = set()
    waiting: list[str] = []
    with pair.primary.connect(SCHEMA) as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION time_zone = '+00:00'")
        while time.monotonic() < until:
            connection.begin()
            inserted = [str(uuid.UUID(int=random.getrandbits(128))) for _ in range(random.choice([1, 1, 2, 30]))]
            at = random.choice(["NULL", "NOW(6)", "NOW()", "NOW() + INTERVAL 1 DAY"])
            cursor.execute(
                f"INSERT INTO timed_rows (id, at) VALUES {', '.join(f'(%s, {at})' for _ in inserted)}", inserted
            )
            settled = random.sample(waiting, min(len(waiting), 3))
            for id_ in settled:
                cursor.execute("UPDATE timed_rows SET at = NOW(6) WHERE id = %s", [id_])
            time.sleep(random.choice([0.0, 0.01, 0.05, 0.3]))
            if random.random() < 0.2:
                connection.rollback()
                continue
            connection.commit()
            timed |= {*settled} | ({*inserted} if at != "NULL" else set())
            waiting = [id_ for id_ in waiting if id_ not in settled] + (inserted if at == "NULL" else [])
    return timed


@pytest.mark.parametrize(("column", "identity"), [("TIMESTAMP(6) NULL", ""), ("DATETIME", ""), ("DATETIME(6)", "at")])
def test_every_row_is_reported_once(
    pair: Pair, among: Any, monkeypatch: pytest.MonkeyPatch, column: str, identity: str
) -> None:
    """POLL_SEED repeats the choices of a run, though not how its threads meet."""
    monkeypatch.setattr(time_scan, "PAGE_SIZE", 20)
    seed = int(os.environ.get("POLL_SEED") or Random().randrange(10_000))
    print("POLL_SEED", seed)
    random = Random(seed)
    fill(pair, column, {})
    table, policy = among(), replace(POLL, identity=identity)
    began = first_cursor(table.page, POLL.longest, round(time.time() * SECOND), row_source(policy))
    kept = Kept(PollState(IdCursor.at(0), timed=began))
    until = time.monotonic() + SECONDS

    def poll(steps: int, looked_at: float) -> None:
        left = iter(range(steps))
        skew = random.choice([0.0, 3600.0, -86_400.0])
        run(kept.state, looked_at, table, kept, kept, policy, lambda: time.time() + skew, lambda: next(left, -1) >= 0)

    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, pair, Random(seed + number), until) for number in range(1, WRITERS + 1)]
        crashes, looked_at = poll_in_trouble(pair, kept, random, until, poll)
        timed: set[str] = set()
        for writer in writers:
            timed |= writer.result()
    pair.heal()
    for _ in range(3):
        poll(1_000, looked_at)
    told = {(one.id, one.key) for one in kept.sent if isinstance(one, PolledRow)}
    expected = {(one.id, moment(one.at) if identity else None) for one in pages(table, None)}
    assert crashes
    assert len(timed) > 20
    assert {id_ for id_, _ in told} == timed
    assert told == expected if not identity else told >= expected
    sent = len(kept.sent)
    poll(1_000, looked_at)
    assert len(kept.sent) == sent
