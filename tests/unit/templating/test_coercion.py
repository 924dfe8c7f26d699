"""Times and numbers as databases, APIs, HTTP and mail write them, through the filters that show them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from handler.errors import TemplateError
from handler.model import Leaf, Locale
from handler.templating import Templates
from handler.templating.coercion import as_time

from .examples import CONTEXT, rendered

TEN = datetime(2026, 1, 5, 10, tzinfo=UTC)
SAME_MOMENT = [
    # ISO 8601-1:2019 as RFC 3339, section 5.6, and RFC 9557 profile it:
    # https://www.rfc-editor.org/rfc/rfc3339#section-5.6  https://www.rfc-editor.org/rfc/rfc9557#section-4
    "2026-01-05T10:00Z",
    "2026-01-05T10Z",
    "2026-01-05t10:00:00z",
    "2026-01-05 10:00:00",
    "2026-01-05_10:00:00Z",
    "20260105T100000Z",
    "20260105T190000+0900",
    "2026-01-05T19:00:00+09",
    "2026-01-05T05:00:00\u221205:00",
    "2026-01-05T10:00:00.000000000Z",
    "2026-01-05T10:00:00,000Z",
    "2026-005T10:00:00Z",
    "2026005T100000Z",
    "2026-W02-1T10:00:00Z",
    "2026W021T100000Z",
    "2026-01-05 10:00:00 UTC",
    "2026-01-05 19:00:00 +0900",
    "2026-01-05 19:00:00 +0900 JST",
    "2026/01/05 10:00:00",
    "2026-01-05T19:00:00[Asia/Tokyo]",
    "2026-01-05T19:00:00+09:00[Asia/Tokyo]",
    "2026-01-05T10:00:00Z[Asia/Tokyo][u-ca=japanese]",
    "２０２６－０１－０５Ｔ１０：００：００Ｚ",
    " 2026-01-05T10:00:00Z\n",
    # RFC 9110, section 5.6.7, and RFC 5322, sections 3.3 and 4.3:
    # https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7  https://www.rfc-editor.org/rfc/rfc5322#section-3.3
    "Mon, 05 Jan 2026 10:00:00 GMT",
    "Monday, 05-Jan-26 10:00:00 GMT",
    "Mon Jan  5 10:00:00 2026",
    "Mon, 5 Jan 2026 19:00:00 +0900",
    "Mon, 5 Jan 2026 19:00:00 +0900 (JST)",
    "5 Jan 2026 05:00 EST",
    "5 Jan 26 10:00 -0000",
    # Seconds since 1970 and its parts; and MySQL's numeric form of a DATETIME, as `at + 0`:
    # https://dev.mysql.com/doc/refman/8.4/en/date-and-time-literals.html
    1767607200,
    1767607200.0,
    Decimal("1767607200.000"),
    "1767607200",
    "1767607200.0",
    "１７６７６０７２００",
    1767607200000,
    1767607200000000,
    1767607200000000000,
    20260105100000,
    "20260105100000",
]


@pytest.mark.parametrize("value", SAME_MOMENT)
def test_one_moment_in_all_its_forms(value: Any) -> None:
    assert as_time(value) == TEN
    assert rendered("{{ x | datetime }} {{ x | ago }}", x=value) == "5 Jan 2026, 10:00 2 hours ago"
    assert rendered("{{ x | datetime }}", language="ja", x=value) == "2026年1月5日 19:00"


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("2026-01-05", date(2026, 1, 5)),
        ("2026/01/05", date(2026, 1, 5)),
        ("20260105", date(2026, 1, 5)),
        (20260105, date(2026, 1, 5)),
        ("2026-W02-1", date(2026, 1, 5)),
        ("2026-W02", date(2026, 1, 5)),
        ("2024-366", date(2024, 12, 31)),
        ("2026-01-05T24:00:00Z", datetime(2026, 1, 6, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2016, 12, 31, 23, 59, 59, 999_999, UTC)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2026-01-05T10:00:00.123456789Z", TEN.replace(microsecond=123_456)),
        ("2026-01-05T10:00:00.5Z", TEN.replace(microsecond=500_000)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)),
        ("2026-01-05T10:00:00-03:30", datetime(2026, 1, 5, 10, tzinfo=timezone(-timedelta(hours=3, minutes=30)))),
        (-157766400, datetime(1965, 1, 1, tzinfo=UTC)),
        ("-157766400", datetime(1965, 1, 1, tzinfo=UTC)),
        (100_000_000, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),  # the smallest number of seconds
        (99_999_999_999, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),  # and the largest
        (100_000_000_000, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),  # the smallest of milliseconds
        (253402300799999, datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC)),  # and the largest
        (1_000_000_000_000_000, datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC)),  # the smallest of microseconds
        (Decimal("1767607200.123456"), TEN.replace(microsecond=123_456)),
    ],
)
def test_each_form_at_its_edges(value: Any, known: date) -> None:
    assert as_time(value) == known


@pytest.mark.parametrize(
    "value",
    [
        "soon", "10:00:00", "2026", "2026-01", "2026-02-30", "2026-13-01", "2026-366", "2026-000", "2026-W54-1",
        "2026-01-05T25:00", "2026-01-05T24:00:01", "2026-01-05T10:60", "2026-01-05T10:00:61", "2026-01-05T1:00",
        "2026-01-05T10:00:00+24:00", "2026-01-05T10:00:00 JST", "2026-01-05T10:00:00[Asia/Tokio]",
        "2026-01-05T10:00:00[Asia]", "2026-01-05T10:00:00[../../etc/passwd]", "2026-01-05T10:00:00[]", "2026-01/05",
        "05/01/2026", "0000-00-00", "0000-01-01", "+002026-01-05", "9999-12-31T24:00:00",
        "Mon, 05 Foo 2026 10:00:00 GMT", "Mon, 32 Jan 2026 10:00:00 GMT", "Mon, 05 Jan 2026 10:00:00 JST",
        "Mon, 05 Jan 2026 10:60:00 GMT", "Mon, 05 Jan 2026", "5 January 2026", "1767607200s", "1.767e9",
        "2026-01-05" * 40,
        0, 1, -1, 2026, 99_999_999, 20261399, 20261399000000, 999_999_999_999_999, 10**20, 10**4000, True,
        Decimal("1E+999999"), Decimal("1E-999999999999"), Decimal("0E+999999"), Decimal("NaN"), Decimal("-Infinity"),
        [2026, 1, 5], {"year": 2026}, None,
    ],
)  # fmt: skip
def test_what_is_no_time_is_none_and_a_named_error(value: Any) -> None:
    assert as_time(value) is None
    if value is None:
        return
    for name in ("date", "datetime", "weekday", "ago"):
        with pytest.raises(TemplateError) as caught:
            rendered(f"{{{{ x | {name} }}}}", x=value)
        assert caught.value.code == "TEMPLATE_FAILED"
        assert caught.value.detail.startswith(("f.yaml:3 text: a date or a time", "f.yaml:3 text: a time of day alone"))


@pytest.mark.parametrize(
    ("column", "shown"),
    [  # https://dev.mysql.com/doc/refman/8.4/en/time.html: -838:59:59 to 838:59:59
        ("00:00:00", "00:00"),
        ("09:30:00", "09:30"),
        ("23:59:59.999999", "23:59"),
        ("25:30:00", "25:30"),
        ("838:59:59", "838:59"),
        ("-838:59:59", "-838:59"),
        ("-00:30:00", "-00:30"),
        ("9:05", "09:05"),
        ("０９：３０", "09:30"),
    ],
)
def test_a_time_column_is_shown_in_no_time_zone(column: str, shown: str) -> None:
    for language in ("en", "ja"):
        assert rendered("{{ x | time }}", language=language, x=column) == shown


@pytest.mark.parametrize("value", ["24:60", "1:2", "10", "10:00:60", "10:00Z", "10:00 AM", "1000:00:00", "::"])
def test_what_is_no_time_of_day(value: str) -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_FAILED: f.yaml:3 text: a date or a time"):
        rendered("{{ x | time }}", x=value)


# ---- The ends of the calendar ----

ZONES = ("Pacific/Kiritimati", "Asia/Tokyo", "UTC", "America/New_York", "Pacific/Pago_Pago")
ENDS = {
    datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC): ("31 Dec 9999", "23:59", "Friday", "in 7979 years"),
    datetime(1, 1, 1, tzinfo=UTC): ("1 Jan 0001", "00:00", "Monday", "2026 years ago"),
    date(9999, 12, 31): ("31 Dec 9999", None, "Friday", "in 7979 years"),
    date(1, 1, 1): ("1 Jan 0001", None, "Monday", "2026 years ago"),
}


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("end", ENDS)
def test_the_ends_of_the_calendar_are_shown_in_every_zone(zone: str, end: date) -> None:
    templates = Templates(locale=Locale(zone))

    def shown(source: str) -> str:
        return templates.render(Leaf("plain", source, "f.yaml:3 text"), {"x": end, "now": CONTEXT["now"]})

    day, time, weekday, ago = ENDS[end]
    moved = {  # where the zone's time is still in the calendar
        (9999, "America/New_York"): "18:59",
        (9999, "Pacific/Pago_Pago"): "12:59",
        (1, "Pacific/Pago_Pago"): "12:37",  # local mean time: the database of time zones knows no other for that year
        (1, "Asia/Tokyo"): "09:18",
    }
    assert shown("{{ x | date }}") == day
    assert shown("{{ x | weekday }}") == weekday
    assert shown("{{ x | ago }}") == ago
    if time is not None:
        assert shown("{{ x | time }}") == moved.get((end.year, zone), time)
        assert shown("{{ x | datetime }}") == f"{day}, {moved.get((end.year, zone), time)}"


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_text_beyond_the_calendar_in_utc_is_shown_as_it_stands(zone: str, text: str) -> None:
    leaf = Leaf("plain", "{{ x | date('iso') }}", "f.yaml:3 text")
    assert Templates(locale=Locale(zone)).render(leaf, {"x": text}) == text[:10]


def test_a_time_without_a_filter_has_a_year_of_four_digits() -> None:
    assert rendered("{{ x }} {{ y }}", x=datetime(1, 1, 1, tzinfo=UTC), y=date(1, 1, 1)) == (
        "0001-01-01 00:00 UTC 0001-01-01"
    )


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("{{ first < last }} {{ first == last }} {{ last > now }}", "true false true"),
        ("{{ first.year }} {{ last.year }} {{ day.month }}", "1 9999 1"),
        ("{{ day < lastday }}", "true"),
    ],
)
def test_times_are_compared_up_to_the_ends_of_the_calendar(source: str, shown: str) -> None:
    ends = {"first": datetime.min.replace(tzinfo=UTC), "last": datetime.max.replace(tzinfo=UTC)}
    assert rendered(source, day=date(1, 1, 1), lastday=date(9999, 12, 31), **ends) == shown


@pytest.mark.parametrize(
    "source",
    [
        "{{ day < last }}", "{{ last > day }}", "{{ text < last }}", "{{ last + 1 }}", "{{ last - first }}",
        "{{ last + (last - first) }}", "{{ first - (last - first) }}", "{{ (last - first) * 10 ** 50 }}", "{{ -last }}",
        "{{ last * 2 }}", "{{ last % 2 }}",
    ],
)  # fmt: skip
def test_what_times_cannot_do_is_a_named_error(source: str) -> None:
    ends = {"first": datetime.min.replace(tzinfo=UTC), "last": datetime.max.replace(tzinfo=UTC)}
    with pytest.raises(TemplateError) as caught:
        rendered(source, day=date(1, 1, 1), text="2026-01-05T10:00:00Z", **ends)
    assert caught.value.code == "TEMPLATE_FAILED"
    assert "9999" not in caught.value.detail
