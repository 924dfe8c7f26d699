"""The zones of databases: what the server is told, and what the digits of a column mean.

Rules of the zones: the IANA time zone database, https://www.iana.org/time-zones (2026-11-29).
"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from handler.local_time import Zone, digits, moment, zone

END = datetime(9999, 12, 31, 23, 59, 59)  # noqa: DTZ001 - the digits of a column
BEGINNING = datetime(1, 1, 1)  # noqa: DTZ001


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("name", "session"),
    [
        ("UTC", "+00:00"),
        ("Asia/Tokyo", "+09:00"),
        ("Asia/Kolkata", "+05:30"),
        ("Asia/Seoul", "+09:00"),  # it had summer time in 1988
        ("America/Phoenix", "-07:00"),
        ("Pacific/Marquesas", "-09:30"),
        ("Etc/GMT+3", "-03:00"),
        ("Europe/Berlin", "Europe/Berlin"),
        ("America/New_York", "America/New_York"),
        ("America/Sao_Paulo", "America/Sao_Paulo"),  # until 2019
    ],
)
def test_a_zone_without_summer_time_needs_no_tables_of_the_server(name: str, session: str) -> None:
    assert zone(name).session == session


@pytest.mark.parametrize(
    "name", ["Asia/Tokio", "JST", "", "../etc/passwd", "/etc/localtime", "Asia", "a b", "x\0y", "'"]
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="tz= is not the name of a time zone such as Asia/Tokyo"):
        zone(name)


def test_utc_needs_no_database_of_zones() -> None:
    assert zone("UTC") == Zone("+00:00", UTC, UTC)
    code = (
        "import sys, handler.settings.parse, handler.local_time as t; t.zone('UTC'); print('zoneinfo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("2026-01-05 19:00:00.000001", "Asia/Tokyo", "2026-01-05T10:00:00.000001Z"),
        ("2026-01-05 11:00:00", "Europe/Berlin", "2026-01-05T10:00:00Z"),
        ("2026-07-05 12:00:00", "Europe/Berlin", "2026-07-05T10:00:00Z"),
        ("2026-10-25 02:30:00", "Europe/Berlin", "2026-10-25T00:30:00Z"),  # shown twice: the first
        ("2026-03-29 02:30:00", "Europe/Berlin", "2026-03-29T01:30:00Z"),  # shown never: 03:30
    ],
)
def test_digits_mean_a_moment(text: str, name: str, expected: str) -> None:
    assert moment(at(text), zone(name).columns) == at(expected)
    assert moment(at(text), zone(name).columns).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("2026-01-05T10:00:00Z", "Asia/Tokyo", "2026-01-05 19:00:00"),
        ("2026-10-25T01:30:00Z", "Europe/Berlin", "2026-10-25 02:30:00"),
        ("2026-03-29T01:30:00Z", "Europe/Berlin", "2026-03-29 03:30:00"),
        ("2026-01-05T10:00:00+09:00", "UTC", "2026-01-05 01:00:00"),
    ],
)
def test_a_moment_has_digits(text: str, name: str, expected: str) -> None:
    assert digits(at(text), zone(name).columns) == at(expected)


@pytest.mark.parametrize("name", ["UTC", "Asia/Tokyo", "America/New_York", "Europe/Berlin", "Pacific/Marquesas"])
@pytest.mark.parametrize("text", [END, BEGINNING, END.replace(microsecond=999999)])
def test_the_ends_of_the_calendar_never_overflow(name: str, text: datetime) -> None:
    found = moment(text, zone(name).columns)
    assert found.tzinfo is UTC
    assert abs(found.replace(tzinfo=None) - text) < timedelta(hours=15)
    for hours in (-14, 14):
        assert digits(text.replace(tzinfo=timezone(timedelta(hours=hours))), zone(name).columns).year in (1, 9999)
