"""When a cron expression comes next, compared with a clock that is read minute by minute."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handler.errors import ConfigError
from handler.polling import cron

YEAR: Final = 2026
MINUTES: Final = 365 * 1440
BEGIN: Final = datetime(YEAR, 1, 1, tzinfo=UTC)
MINUTE: Final = timedelta(minutes=1)
# Changes of an hour, of half an hour, of two hours, at midnight, on both halves of the earth, and none.
ZONES: Final = (
    "UTC",
    "Asia/Tokyo",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Santiago",
    "Antarctica/Troll",
    "Africa/Casablanca",
)

MOVING: Final = ("Europe/Berlin", "Australia/Lord_Howe", "America/Santiago")


@cache
def clock(zone: str) -> list[datetime]:
    """What a clock shows in each minute of the year."""
    local = ZoneInfo(zone)
    return [(BEGIN + number * MINUTE).astimezone(local).replace(tzinfo=None) for number in range(MINUTES)]


def numbers(field: str, least: int, most: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        low, high = (least, most) if span == "*" else (int(first), int(last or first))
        found |= set(range(low, high + 1, int(step or 1)))
    return found


def oracle(expression: str, zone: str, first: int = 0, count: int = MINUTES) -> list[float]:
    """All moments of some minutes: digits that were not shown before count when they are shown or passed over."""
    minute, hour, day, month, weekday = expression.split()
    times = {60 * h + m for h in numbers(hour, 0, 23) for m in numbers(minute, 0, 59)}
    days, months, weekdays = numbers(day, 1, 31), numbers(month, 1, 12), {one % 7 for one in numbers(weekday, 0, 7)}
    both = day.startswith("*") or weekday.startswith("*")

    @cache
    def on(year: int, month: int, day: int) -> bool:
        found = day in days, date(year, month, day).isoweekday() % 7 in weekdays
        return month in months and (all(found) if both else any(found))

    def matches(shown: datetime) -> bool:
        return 60 * shown.hour + shown.minute in times and on(shown.year, shown.month, shown.day)

    shown = clock(zone)
    found, highest = [], max(shown[max(0, first - 240) : first], default=shown[0] - MINUTE)
    for number in range(first, min(first + count, MINUTES)):
        comes = hour == "*" and matches(shown[number])
        while highest < shown[number]:
            highest += MINUTE
            comes = comes or (hour != "*" and matches(highest))
        if comes:
            found.append((BEGIN + number * MINUTE).timestamp())
    return found


EXPRESSIONS: Final = (
    "0 9 * * 1-5",
    "30 2 * * *",
    "0 0 * * *",
    "0 3 * * 0",
    "45 1 * * 7",
    "*/10 2 * * *",
    "*/10 3 * * *",
    "15,45 0-4 * * *",
    "0 */2 * * *",
    "*/7 1-3 * * 0",
    "59 23 * * *",
    "7 * * * *",
    "*/20 * * * 0",
    "17 * 1-7 4,10 *",
    "0 12 1,15 * 1",
    "0 12 */2 * 1-6",
    "30 1,2 8,22 * *",
)


@pytest.mark.parametrize(
    ("expression", "zone"),
    [(expression, zone) for zone in ZONES for expression in EXPRESSIONS[:: 1 if zone in MOVING else 4]],
)
def test_each_time_of_a_year_comes_when_the_clock_says_so(expression: str, zone: str) -> None:
    at, found = BEGIN.timestamp() - 1, []
    while (at := cron.following(expression, zone, at)) < BEGIN.timestamp() + 60 * MINUTES:
        found.append(at)
    assert found == oracle(expression, zone)


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


# From when on; and the times that come then.
CHANGES: Final = [
    # The clock is set forward from 2:00 to 3:00.
    ("30 2 * * *", "Europe/Berlin", "2026-03-28T02:30+01:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]),
    ("0,30 2 * * *", "Europe/Berlin", "2026-03-28T23:00+01:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
    ("30 2,3 * * *", "Europe/Berlin", "2026-03-29T01:00+01:00", ["2026-03-29T03:00+02:00", "2026-03-29T03:30+02:00"]),
    ("30 * * * *", "Europe/Berlin", "2026-03-29T01:00+01:00", ["2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00"]),
    # It is set back from 3:00 to 2:00.
    ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:00+02:00", ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]),
    ("30 2 * * *", "Europe/Berlin", "2026-10-25T02:10+01:00", ["2026-10-26T02:30+01:00", "2026-10-27T02:30+01:00"]),
    ("30 * * * *", "Europe/Berlin", "2026-10-25T02:00+02:00",
     ["2026-10-25T02:30+02:00", "2026-10-25T02:30+01:00", "2026-10-25T03:30+01:00"]),
    ("30 * * * *", "Europe/Berlin", "2026-10-25T02:30+01:00", ["2026-10-25T03:30+01:00"]),
    ("30 1 * * *", "America/New_York", "2026-11-01T00:00-04:00", ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"]),
    ("30 2 * * 0", "America/New_York", "2026-03-07T00:00-05:00", ["2026-03-08T03:00-04:00", "2026-03-15T02:30-04:00"]),
    # By half an hour: from 2:00 back to 1:30, and from 2:00 forward to 2:30.
    ("45 1 * * *", "Australia/Lord_Howe", "2026-04-05T01:00+11:00",
     ["2026-04-05T01:45+11:00", "2026-04-06T01:45+10:30"]),
    ("*/15 * * * *", "Australia/Lord_Howe", "2026-04-05T01:40+11:00",
     ["2026-04-05T01:45+11:00", "2026-04-05T01:30+10:30", "2026-04-05T01:45+10:30", "2026-04-05T02:00+10:30"]),
    ("10 2 * * *", "Australia/Lord_Howe", "2026-10-04T00:00+10:30",
     ["2026-10-04T02:30+11:00", "2026-10-05T02:10+11:00"]),
    # At midnight, so that a day begins at 1:00.
    ("0 0 * * *", "America/Santiago", "2026-09-05T12:00-04:00", ["2026-09-06T01:00-03:00", "2026-09-07T00:00-03:00"]),
    ("*/30 * * * 0", "America/Santiago", "2026-09-05T12:00-04:00",
     ["2026-09-06T01:00-03:00", "2026-09-06T01:30-03:00"]),
    # A day that never was.
    ("0 9 * * *", "Pacific/Apia", "2011-12-29T10:00-10:00", ["2011-12-31T00:00+14:00", "2011-12-31T09:00+14:00"]),
    ("0 * * * *", "Pacific/Apia", "2011-12-29T22:30-10:00", ["2011-12-29T23:00-10:00", "2011-12-31T00:00+14:00"]),
]  # fmt: skip


@pytest.mark.parametrize(("expression", "zone", "since", "times"), CHANGES)
def test_a_change_of_the_clock(expression: str, zone: str, since: str, times: Sequence[str]) -> None:
    at = moment(since)
    for time in times:
        at = cron.following(expression, zone, at)
        assert datetime.fromtimestamp(at, ZoneInfo(zone)).isoformat(timespec="minutes") == time


FIELDS: Final = (
    st.sampled_from(["*", "*/5", "*/7", "0", "30", "59", "5-50/15", "0,1,45"]),
    st.sampled_from(["*", "*/2", "*/5", "0", "1", "2", "3", "0-3", "1,2,23", "9-17/4"]),
    st.sampled_from(["*", "*/2", "1-7", "29", "8,25"]),
    st.sampled_from(["*", "3,4,9-11", "*/2"]),
    st.sampled_from(["*", "*/2", "0", "7", "1-5", "6,0"]),
)


@settings(deadline=None)  # the first example of each zone reads a year of its clock
@given(
    st.tuples(*FIELDS).map(" ".join),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago"]),
    st.one_of(
        st.floats(0, 60.0 * MINUTES - 1),
        # Around the changes of the clock.
        st.builds(
            lambda day, seconds: (
                (datetime.fromisoformat(f"{YEAR}-{day}").replace(tzinfo=UTC) - BEGIN).total_seconds() + seconds
            ),
            st.sampled_from(["03-08", "03-29", "04-04", "04-05", "09-06", "10-03", "10-25", "11-01"]),
            st.integers(-20 * 3600, 20 * 3600),
        ),
    ),
)
def test_any_expression_from_any_moment_on(expression: str, zone: str, seconds: float) -> None:
    at, window = BEGIN.timestamp() + seconds, 4 * 1440
    times = [one for one in oracle(expression, zone, int(seconds // 60), window) if one > at]
    found = cron.following(expression, zone, at)
    if times:
        assert found == times[0]
    else:
        assert found >= BEGIN.timestamp() + 60.0 * min(seconds // 60 + window, MINUTES)


@settings(deadline=None)
@given(st.tuples(*FIELDS).map(" ".join), st.sampled_from(ZONES), st.floats(0, 60.0 * MINUTES), st.floats(0, 1e6))
def test_a_later_moment_never_has_an_earlier_time(expression: str, zone: str, seconds: float, more: float) -> None:
    at = BEGIN.timestamp() + seconds
    first = cron.following(expression, zone, at)
    assert at < first
    assert first <= cron.following(expression, zone, at + more)
    assert cron.following(expression, zone, (at + first) / 2) == first


@pytest.mark.parametrize(
    ("expression", "zone", "why"),
    [
        ("0 0 31 2 *", "UTC", "31 2"),
        ("0 0 31 2,4 *", "Europe/Berlin", "31 2,4"),
        ("* * 30 2 *", "UTC", "30 2"),
        ("0 9 * *", "UTC", "0 9 * *"),
        ("", "UTC", "every"),
        ("61 * * * *", "UTC", "61"),
        ("0 9 * * *", "Mars/Base", "no time zone Mars/Base"),
        ("0 9 * * *", "", "no time zone"),
        ("0 9 * * *", "../../etc/passwd", "no time zone"),
        ("0 9 * * *", "Europe", "no time zone"),
    ],
)
def test_what_lint_would_refuse_is_an_error_with_a_code(expression: str, zone: str, why: str) -> None:
    with pytest.raises(ConfigError) as raised:
        cron.following(expression, zone, BEGIN.timestamp())
    assert raised.value.code == "CATALOG_INVALID"
    assert why in raised.value.detail
