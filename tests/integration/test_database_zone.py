"""A database that keeps local time: both kinds of column in one SELECT, what SQL says of the time, and binding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from handler.errors import CODES, SourceError
from handler.model import Poll
from handler.polling import time_scan
from handler.polling.table import Table
from handler.polling.time_cursor import EPOCH, StartPosition
from handler.polling.time_scan import first_cursor, scan
from lab.databases import Pair
from lab.shop import Target
from tests.replica_kit import Default, address, replicas
from tests.zone_kit import knowing_berlin

TABLE = "CREATE TABLE shop.zoned (id BIGINT PRIMARY KEY, at DATETIME(6), stamp TIMESTAMP(6) NULL)"
# The digits of a DATETIME, and the moment of a TIMESTAMP.
ROWS = {
    1: ("2026-01-05 19:00:00.000001", "2026-01-05 10:00:00.000001"),
    2: ("2026-07-05 12:00:00", "2026-07-05 10:00:00"),
    3: ("2026-10-25 02:30:00", "2026-10-25 00:30:00"),
    4: ("2026-03-29 02:30:00", "2026-03-29 01:30:00"),
    5: ("9999-12-31 23:59:59.999999", "2038-01-19 03:14:07"),
    6: ("0001-01-01 00:00:00", "1970-01-02 00:00:00"),
    7: ("0000-00-00 00:00:00", "0000-00-00 00:00:00"),
    8: ("1986-07-01 12:00:00", "1988-07-01 12:00:00"),
}


@pytest.fixture(scope="module")
def pair(database_pair: Pair) -> Iterator[Pair]:
    with database_pair.primary.connect("shop") as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION time_zone = '+00:00', sql_mode = ''")
        cursor.execute(TABLE)
        for key, (at, stamp) in ROWS.items():
            cursor.execute("INSERT INTO zoned VALUES (%s, %s, %s)", (key, at, stamp))
    with knowing_berlin(database_pair):
        yield database_pair
    with database_pair.primary.connect("shop") as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE zoned")
    database_pair.wait_for_replica()


@pytest.fixture
def among(pair: Pair) -> Iterator[Any]:
    """Give the database, as one that keeps the time of a zone."""
    replica, reader = pair.replica, pair.reader
    target = Target(replica.host, replica.port, "shop", reader.user, reader.password, str(pair.ca))
    opened = []

    def keeping(zone: str) -> Default:
        opened.append(replicas(target, address(target, time_zone=zone)))
        return Default(opened[-1])

    yield keeping
    for one in opened:
        one.close()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "key", "at"),
    [
        ("UTC", 1, "2026-01-05T19:00:00.000001"),
        ("Asia/Tokyo", 1, "2026-01-05T10:00:00.000001"),
        ("Asia/Kolkata", 1, "2026-01-05T13:30:00.000001"),
        ("Europe/Berlin", 1, "2026-01-05T18:00:00.000001"),
        ("Europe/Berlin", 2, "2026-07-05T10:00:00"),
        ("Europe/Berlin", 3, "2026-10-25T00:30:00"),  # shown twice: the first
        ("Europe/Berlin", 4, "2026-03-29T01:30:00"),  # never shown: 03:30
        ("Asia/Seoul", 8, "1986-07-01T03:00:00"),
    ],
)
def test_both_kinds_of_column_are_moments_in_one_select(among: Any, zone: str, key: int, at: str) -> None:
    [row] = among(zone)("SELECT at, stamp, MAX(stamp) AS last FROM zoned WHERE id = %(id)s", id=key)
    assert row == {"at": utc(at), "stamp": utc(ROWS[key][1]), "last": utc(ROWS[key][1])}


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "Europe/Berlin"])
@pytest.mark.parametrize("key", [1, 2, 3])
def test_a_moment_that_is_bound_equals_both_kinds_of_column(among: Any, zone: str, key: int) -> None:
    select = among(zone)
    [row] = select("SELECT at, stamp FROM zoned WHERE id = %(id)s", id=key)
    for column in ("at", "stamp"):
        found = select(f"SELECT id FROM zoned WHERE {column} = %(x)s AND id = %(id)s", x=row[column], id=key)
        assert found == [{"id": key}]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "Europe/Berlin"])
def test_what_sql_says_of_the_time_is_of_the_same_zone(among: Any, zone: str) -> None:
    [row] = among(zone)(
        "SELECT NOW(6) AS now, FROM_UNIXTIME(1783245600) AS known, UNIX_TIMESTAMP(stamp) AS stamp,"
        " CAST(stamp AS DATETIME) AS cast_, COALESCE(stamp, at) AS either FROM zoned WHERE id = 2"
    )
    assert abs(row["now"] - datetime.now(UTC)) < timedelta(minutes=1)
    assert {row["known"], row["cast_"], row["either"]} == {utc("2026-07-05T10:00:00")}
    assert row["stamp"] == utc("2026-07-05T10:00:00").timestamp()


def test_a_day_is_a_day_of_the_zone(among: Any) -> None:
    sql = "SELECT DATE(FROM_UNIXTIME(1767625200)) AS day, CURDATE() = DATE(NOW()) AS today"  # 2026-01-05 15:00 UTC
    assert among("UTC")(sql) == [{"day": date(2026, 1, 5), "today": 1}]
    assert among("Asia/Tokyo")(sql) == [{"day": date(2026, 1, 6), "today": 1}]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "Pacific/Marquesas", "Europe/Berlin"])
@pytest.mark.parametrize("key", [5, 6, 7])
def test_the_ends_of_the_calendar_are_read_and_bound(among: Any, zone: str, key: int) -> None:
    select = among(zone)
    at = select.value("SELECT at FROM zoned WHERE id = %(id)s", id=key)
    assert (at and at.year) == {5: 9999, 6: 1, 7: None}[key] or (zone, key) == ("Pacific/Marquesas", 5)
    select("SELECT id FROM zoned WHERE at = %(x)s", x=at)
    for far in ("0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59-09:00"):
        assert select("SELECT id FROM zoned WHERE at = %(x)s AND id = 1", x=datetime.fromisoformat(far)) == []


def test_a_zone_that_the_server_does_not_know_is_named(among: Any) -> None:
    with pytest.raises(SourceError) as caught:
        among("America/Sao_Paulo")("SELECT 1 AS x")
    assert (caught.value.code, CODES["DB_TIME_ZONE"].retry) == ("DB_TIME_ZONE", True)
    assert caught.value.detail.endswith(": America/Sao_Paulo")


@pytest.mark.parametrize(("zone", "offset"), [("UTC", "+00:00"), ("Asia/Tokyo", "+09:00"), ("Europe/Berlin", "+02:00")])
@pytest.mark.parametrize("column", ["at", "stamp"])
def test_a_poll_begins_at_a_moment_in_the_zone_of_the_column(among: Any, zone: str, offset: str, column: str) -> None:
    """The first row of each of these times is the second one; row 4 has a later id and an earlier time."""
    first = "2026-07-05T10:00:00+00:00" if column == "stamp" else f"2026-07-05T12:00:00{offset}"
    start = datetime.fromisoformat(first).timestamp()
    table = Table(among(zone).replicas, Poll(f"SELECT z.id, z.{column} AS created FROM zoned z", 60.0, created=True))
    for seconds, top, seen in ((0, 1, {1, 4, 6, 7, 8}), (1, 2, {1, 2, 4, 6, 7, 8}), (-1, 1, {1, 4, 6, 7, 8})):
        cursor = table.cursor_since(start + seconds, lambda: True)
        assert (cursor.top, cursor.floor, set(cursor.seen)) == (top, 0, seen)
    later = table.cursor_since(datetime(2999, 12, 31, tzinfo=UTC).timestamp(), lambda: True)
    assert {*later.seen} >= {1, 2, 3, 4, 6, 7, 8}


@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_pages_of_local_times_lose_no_row_when_the_clock_changes(
    pair: Pair, among: Any, monkeypatch: pytest.MonkeyPatch, day: str, size: int
) -> None:
    """As many ten minutes of digits, those that no clock shows among them; a page may end at any of them."""
    monkeypatch.setattr(time_scan, "PAGE_SIZE", size)
    pair.primary.query("CREATE TABLE shop.changed_clock (id INT PRIMARY KEY, at DATETIME, KEY (at))")
    with pair.primary.connect("shop") as connection, connection.cursor() as cursor:
        times = [(number, f"{day} {number // 6:02}:{number % 6}0:00") for number in range(30)]
        cursor.executemany("INSERT INTO changed_clock VALUES (%s, %s)", times)
        connection.commit()
    pair.wait_for_replica()
    table = Table(among("Europe/Berlin").replicas, Poll("SELECT id, at FROM changed_clock", 60.0, at="at"))
    found, begin = set[int | str](), None
    for _ in range(30):
        page = table.page(begin)
        found |= {row.id for row in page.rows}
        if page.complete:
            break
        begin = StartPosition(page.rows[-1].at, page.unit, page.rows[-1])
    pair.primary.query("DROP TABLE shop.changed_clock")
    assert found == {*range(30)}


@pytest.mark.parametrize("column", ["TIMESTAMP NULL", "DATETIME"])
@pytest.mark.parametrize("begin", ["2026-03-28T23:00Z", "2026-10-24T23:00Z"])
def test_rows_from_a_time_on_are_found_again_around_a_change_of_the_clock(
    pair: Pair, among: Any, column: str, begin: str
) -> None:
    """Each ten minutes. A DATETIME may have digits that no clock shows, and is read as an hour later in March.

    A TIMESTAMP has the same digits twice in October. It is read as the first time, and there a rewind finds it.
    """
    longest, times = 600.0, [datetime.fromisoformat(begin) + timedelta(minutes=10 * number) for number in range(24)]
    pair.primary.query(f"CREATE TABLE shop.changed_clock (id INT PRIMARY KEY, at {column}, KEY (at))")
    with pair.primary.connect("shop") as connection, connection.cursor() as cursor:
        cursor.execute("SET SESSION time_zone = '+00:00'")
        local = timedelta(hours=1 if column == "DATETIME" else 0)
        rows = [(number, f"{at + local:%Y-%m-%d %H:%M:%S}") for number, at in enumerate(times)]
        cursor.executemany("INSERT INTO changed_clock VALUES (%s, %s)", rows)
        connection.commit()
    pair.wait_for_replica()
    table = Table(among("Europe/Berlin").replicas, Poll("SELECT id, at FROM changed_clock", 60.0, at="at"))
    read = table.page(None).rows
    now = (times[-1] - EPOCH) // timedelta(microseconds=1) + 10**10
    seen = first_cursor(table.page, longest, now, "at")
    found = {}
    for since in {row.at for row in read}:
        back = seen.rewound(since, longest)
        again = scan(back, table.page, longest, now, lambda: True, None)
        found[since] = {row.id for row in again.found}
    pair.primary.query("DROP TABLE shop.changed_clock")
    assert len(read) == 24
    assert found == {since: {row.id for row in read if row.at >= since} for since in found}
