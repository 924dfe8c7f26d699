"""What is missing or stale is waited for, and then the template says what follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from handler.errors import EventError, SourceError
from handler.model import ApiLookup, Event, Leaf, Lookup, Missing, SqlLookup, Value
from handler.outcome import Rule
from handler.stages.enrich import enrich
from handler.stages.freshness import Freshness, SkipError, is_stale, is_version, stale_lookup
from handler.templating import Context, Templates
from tests.kit import NOW, expression, notification

EVENT = Event("order.created", 1, "e1", version="2026-01-05T10:00:00.123456Z")
AT = datetime(2026, 1, 5, 10, 0, 0, 123456, UTC)


@dataclass
class Replica:
    running: bool
    lag_seconds: float | None = None

    def replicating(self, database: str) -> Replica:
        assert database == "default"
        return self


def unknown(database: str) -> None:
    """Nobody knows whether the replica follows."""


def order(missing: Missing = "park", wait: float = 60.0) -> SqlLookup:
    return SqlLookup("order", "SELECT 1", {}, where="order.created.yaml:5 lookups.order", wait=wait, missing=missing)


def api(missing: Missing = "park", **more: Any) -> ApiLookup:
    return ApiLookup("customer", Leaf("url", "/customers/1", "order.created.yaml:9"), missing=missing, wait=60, **more)


def no_row(lookup: Lookup, context: Context) -> Value:
    code = "ROW_NOT_FOUND" if isinstance(lookup, SqlLookup) else "API_NOT_FOUND"
    raise SourceError(code, lookup.where)


@pytest.mark.parametrize("lookup", [order, api])
def test_within_its_time_a_lookup_is_tried_again(lookup: Any) -> None:
    for missing in ("park", "skip", "render"):
        with pytest.raises(SourceError) as caught:
            enrich(EVENT, notification(lookups=[lookup(missing)]), no_row, NOW, freshness=Freshness(59, unknown))
        assert caught.value.retry


@pytest.mark.parametrize("lookup", [order, api])
def test_after_its_time_the_template_says_what_follows(lookup: Any) -> None:
    freshness = Freshness(61, unknown)
    with pytest.raises(SourceError) as parked:
        enrich(EVENT, notification(lookups=[lookup("park")]), no_row, NOW, freshness=freshness)
    assert not parked.value.retry
    assert "after 61 s" in parked.value.detail
    with pytest.raises(SkipError) as skipped:
        enrich(EVENT, notification(lookups=[lookup("skip")]), no_row, NOW, freshness=freshness)
    assert skipped.value.rule in {"ROW_NOT_FOUND", "API_NOT_FOUND"}
    enriched = enrich(EVENT, notification(lookups=[lookup("render")]), no_row, NOW, freshness=freshness)
    assert enriched.context[lookup().name] is None
    assert enriched.awaited == skipped.value.rule


def test_what_needs_a_row_that_has_not_come_is_empty_too() -> None:
    def fetch(lookup: Lookup, context: Context) -> Value:
        if lookup.name == "order":
            return no_row(lookup, context)
        return Templates().evaluate(expression("order.customer_id"), context)

    needy = SqlLookup("customer", "SELECT 1", {})
    freshness = Freshness(61, unknown)
    enriched = enrich(EVENT, notification(lookups=[order("render"), needy]), fetch, NOW, freshness=freshness)
    assert (enriched.context["order"], enriched.context["customer"]) == (None, None)


def test_a_lookup_that_may_be_left_out_is_left_out_at_once() -> None:
    freshness = Freshness(0, unknown)
    enriched = enrich(EVENT, notification(lookups=[api(on_failure="without")]), no_row, NOW, freshness=freshness)
    assert (enriched.left_out, enriched.awaited) == (("customer",), "")


@pytest.mark.parametrize(("running", "code"), [(False, "DB_NOT_REPLICATING"), (True, "ROW_NOT_FOUND")])
def test_a_replica_that_has_stopped_is_waited_for(running: bool, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        enrich(
            EVENT,
            notification(lookups=[order("skip", 60)]),
            no_row,
            NOW,
            freshness=Freshness(59, Replica(running).replicating),
        )
    assert (caught.value.code, caught.value.retry) == (code, True)


def test_a_stopped_replica_is_not_given_up_even_after_its_time() -> None:
    with pytest.raises(SourceError) as caught:
        enrich(
            EVENT,
            notification(lookups=[order("skip")]),
            no_row,
            NOW,
            freshness=Freshness(9999, Replica(False).replicating),
        )
    assert (caught.value.code, caught.value.retry) == ("DB_NOT_REPLICATING", True)


# ---- Versions ----


@pytest.mark.parametrize(
    ("row", "event", "stale"),
    [
        (7, 8, True),
        (8, 8, False),
        (9, 8, False),
        (7, "8", True),
        (AT, "2026-01-05T10:00:00.123456Z", False),
        (AT, "2026-01-05T10:00:00.123457Z", True),
        (AT.replace(microsecond=123000), "2026-01-05T10:00:00.123456Z", False),
        (AT.replace(microsecond=122000), "2026-01-05T10:00:00.123456Z", True),
        (AT.replace(microsecond=0), "2026-01-05T10:00:00.999999Z", False),
        (AT.replace(microsecond=0), "2026-01-05T10:00:01Z", True),
        (AT.replace(microsecond=0), "2026-01-05T19:00:00+09:00", False),
        (AT.replace(microsecond=0), "2026-01-05T10:00:00", False),
        ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z", False),
        ("2026-01-05T10:00:00Z", "2026-01-05T10:00:01Z", True),
    ],
)
def test_versions_are_compared_at_the_precision_of_the_row(row: Value, event: int | str, stale: bool) -> None:
    assert is_stale(row, event) is stale


# Every type of the normal form, before, at and after the event: numbers, times, and their texts as APIs send them.
NUMBERS: tuple[tuple[Value, Value, Value], ...] = (
    (6, 7, 8),
    (Decimal(6), Decimal(7), Decimal(8)),
    (Decimal("6.99"), Decimal("7.00"), Decimal("7.01")),
    ("6", "7", "8"),
    (" 6.5 ", "７", "+7.5"),
    (-8, Decimal("7E+0"), Decimal("1E+30")),
)
TIMES: tuple[tuple[Value, Value, Value], ...] = (
    (AT.replace(second=0, minute=59, hour=9), AT.replace(microsecond=0), AT.replace(second=1)),
    (date(2026, 1, 4), date(2026, 1, 5), date(2026, 1, 6)),
    ("2026-01-05T09:59:59Z", "2026-01-05T19:00:00+09:00", "2026-01-05T10:00:01Z"),
    ("2026-01-04", "2026-01-05", "2026-01-06"),
    ("Mon, 05 Jan 2026 09:59:59 GMT", "Mon, 05 Jan 2026 10:00:00 GMT", "Mon, 05 Jan 2026 10:00:01 GMT"),
    (1767607199, 1767607200, 1767607201),
    (1767607199000, Decimal(1767607200000), "1767607201000"),
)
NEITHER: tuple[Value, ...] = (True, False, "new", "", " ", "10:00:00", [], [7], {}, {"at": 7}, Decimal("NaN"))
EVENT_NUMBERS: tuple[int | str, ...] = (7, "7", "7.0", " 7", "７")
EVENT_TIMES = ("2026-01-05T10:00:00Z", "2026-01-05T19:00:00+09:00", "20260105T100000Z", "Mon, 05 Jan 2026 10:00:00 GMT")


@pytest.mark.parametrize("event", EVENT_NUMBERS)
@pytest.mark.parametrize("rows", NUMBERS)
def test_a_number_is_compared_with_a_number(rows: tuple[Value, ...], event: int | str) -> None:
    assert [is_stale(row, event) for row in rows] == [True, False, False]


@pytest.mark.parametrize("event", EVENT_TIMES)
@pytest.mark.parametrize("rows", TIMES)
def test_a_time_is_compared_with_a_time(rows: tuple[Value, ...], event: str) -> None:
    assert [is_stale(row, event) for row in rows] == [True, False, False]


@pytest.mark.parametrize("event", [*EVENT_NUMBERS, *EVENT_TIMES, "new", "", "9" * 200, 10**400, -1])
@pytest.mark.parametrize("row", [*NEITHER, *(row for rows in (*NUMBERS, *TIMES) for row in rows)])
def test_every_other_pair_is_named_and_neither_value_told(row: Value, event: int | str) -> None:
    try:
        assert is_stale(row, event) in (True, False)
        assert not any(row is known for known in NEITHER)
    except EventError as error:
        assert error.code == "EVENT_VERSION"
        assert not any(character.isdigit() or character == "{" for character in error.detail)


@pytest.mark.parametrize(
    ("row", "event", "stale"),
    [
        (Decimal("1767607200.123"), "1767607200.123456", False),  # a DECIMAL(13, 3), which has cut it off or rounded it
        (Decimal("1767607200.123"), "1767607200.124", True),
        (Decimal("7.5"), 8, True),
        (7, "7.9", False),
        (Decimal("9" * 65), "9" * 65, False),  # the longest DECIMAL of MySQL
        (Decimal("9" * 64 + "8"), int("9" * 65), True),
        (Decimal("1E+999999"), 7, False),
        (Decimal("-1E+999999"), 7, True),
        (Decimal("4.9E-324"), 1, True),
        (Decimal("1E-99999999"), 1, True),
        (Decimal("9E+99999999"), 1, False),
        (Decimal("-9E+99999999"), 1, True),
        (date(2026, 1, 5), "2026-01-05", False),
        (date(2026, 1, 5), "2026-01-05T23:59:59Z", False),
        (date(2026, 1, 5), "2026-01-06T01:00:00+09:00", False),  # still the 5th in UTC
        (date(2026, 1, 5), "2026-01-05T20:00:00-05:00", True),  # already the 6th
        (date(2026, 1, 5), 1767607200, False),
        (AT, "2026-01-05", False),
        (AT, "2026-01-06", True),
        (AT, 1767607200, False),
        (AT, 1767607201, True),
        (AT, "1767607200123", False),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00+09:00", False),
        (AT, "0001-01-01T00:00:00+09:00", False),
        (AT, "9999-12-31T23:59:59-09:00", True),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), "9999-12-31T23:59:59-09:00", True),
        ("0001-01-01T00:00:00+09:00", "0001-01-01T00:00:00Z", True),
        (date(1, 1, 1), "0001-01-01T00:00:00+09:00", False),
        (date(9999, 12, 31), "9999-12-31T23:59:59-09:00", False),
        ("2026-01-05T10:00:00[Asia/Tokyo]", "2026-01-05T01:00:00Z", False),
    ],
)
def test_versions_at_their_edges(row: Value, event: int | str, stale: bool) -> None:
    assert is_stale(row, event) is stale


@pytest.mark.parametrize(
    ("row", "event"), [(7, "new"), (AT, 5), (AT, "new"), ("a", "b"), (True, 1), (7, EVENT_TIMES[0])]
)
def test_versions_of_different_kinds_are_named(row: Value, event: int | str) -> None:
    with pytest.raises(EventError) as caught:
        is_stale(row, event)
    assert caught.value.code == "EVENT_VERSION"


def test_lint_and_the_function_agree_on_what_a_version_may_be() -> None:
    fit = [row for rows in (*NUMBERS, *TIMES) for row in rows]
    assert all(is_version(row) for row in fit)
    assert not any(is_version(row) for row in NEITHER)


@pytest.mark.parametrize(
    ("row", "event", "age", "missing", "result"),
    [
        ({"at": AT}, EVENT, 0, "park", ""),
        ({"at": AT.replace(year=2025)}, EVENT, 0, "park", "retry"),
        ({"at": AT.replace(year=2025)}, EVENT, 61, "park", "given up"),
        ({"at": AT.replace(year=2025)}, EVENT, 61, "skip", "skip"),
        ({"at": AT.replace(year=2025)}, EVENT, 61, "render", "order"),
        ({"at": AT.replace(year=2025)}, Event("order.created", 1, "e1"), 61, "park", ""),
        ({"at": None}, EVENT, 61, "park", ""),
        (None, EVENT, 61, "park", ""),
    ],
)
def test_a_stale_row_is_waited_for_like_a_missing_one(
    row: Value, event: Event, age: float, missing: Missing, result: str
) -> None:
    found = notification(lookups=[order(missing)], version=expression("order.at"))
    freshness = Freshness(age, unknown)
    try:
        said = stale_lookup(event, found, {"order": row}, Templates(), freshness)
    except SourceError as error:
        assert error.code == "ROW_STALE"
        said = "retry" if error.retry else "given up"
    except SkipError as skip:
        assert skip.rule is Rule.ROW_STALE
        said = "skip"
    assert said == result
