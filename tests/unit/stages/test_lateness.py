"""What is missing or stale is waited for, and then the template says what follows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from handler.errors import EventError, SourceError
from handler.model import ApiLookup, Event, Leaf, Lookup, Missing, SqlLookup, Value
from handler.stages.enrich import enrich
from handler.stages.lateness import Lateness, SkipError, is_stale, require_fresh
from handler.templating import Context, Templates
from tests.kit import NOW, NoReplication, expression, notification

EVENT = Event("order.created", 1, "e1", version="2026-01-05T10:00:00.123456Z")
AT = datetime(2026, 1, 5, 10, 0, 0, 123456, UTC)


@dataclass
class Replica:
    running: bool
    lag_seconds: float | None = None

    def replicating(self, database: str) -> Replica:
        assert database == "default"
        return self


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
            enrich(EVENT, notification(lookups=[lookup(missing)]), no_row, NOW, lateness=Lateness(59, NoReplication()))
        assert caught.value.retry


@pytest.mark.parametrize("lookup", [order, api])
def test_after_its_time_the_template_says_what_follows(lookup: Any) -> None:
    late = Lateness(61, NoReplication())
    with pytest.raises(SourceError) as parked:
        enrich(EVENT, notification(lookups=[lookup("park")]), no_row, NOW, lateness=late)
    assert not parked.value.retry
    assert "after 61 s" in parked.value.detail
    with pytest.raises(SkipError) as skipped:
        enrich(EVENT, notification(lookups=[lookup("skip")]), no_row, NOW, lateness=late)
    assert skipped.value.code in {"ROW_NOT_FOUND", "API_NOT_FOUND"}
    enriched = enrich(EVENT, notification(lookups=[lookup("render")]), no_row, NOW, lateness=late)
    assert enriched.context[lookup().name] is None
    assert enriched.early == skipped.value.code


def test_what_needs_a_row_that_has_not_come_is_empty_too() -> None:
    def fetch(lookup: Lookup, context: Context) -> Value:
        if lookup.name == "order":
            return no_row(lookup, context)
        return Templates().evaluate(expression("order.customer_id"), context)

    needy = SqlLookup("customer", "SELECT 1", {})
    late = Lateness(61, NoReplication())
    enriched = enrich(EVENT, notification(lookups=[order("render"), needy]), fetch, NOW, lateness=late)
    assert (enriched.context["order"], enriched.context["customer"]) == (None, None)


def test_a_lookup_that_may_be_left_out_is_left_out_at_once() -> None:
    late = Lateness(0, NoReplication())
    enriched = enrich(EVENT, notification(lookups=[api(on_failure="without")]), no_row, NOW, lateness=late)
    assert (enriched.without, enriched.early) == (("customer",), "")


@pytest.mark.parametrize(("running", "code"), [(False, "DB_NOT_REPLICATING"), (True, "ROW_NOT_FOUND")])
def test_a_replica_that_has_stopped_is_waited_for(running: bool, code: str) -> None:
    with pytest.raises(SourceError) as caught:
        enrich(EVENT, notification(lookups=[order("skip", 60)]), no_row, NOW, lateness=Lateness(59, Replica(running)))
    assert (caught.value.code, caught.value.retry) == (code, True)


def test_a_stopped_replica_is_not_given_up_even_after_its_time() -> None:
    with pytest.raises(SourceError) as caught:
        enrich(EVENT, notification(lookups=[order("skip")]), no_row, NOW, lateness=Lateness(9999, Replica(False)))
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


@pytest.mark.parametrize(("row", "event"), [(7, "new"), (AT, 5), (AT, "new"), ("a", "b"), (True, 1)])
def test_versions_of_different_kinds_are_named(row: Value, event: int | str) -> None:
    with pytest.raises(EventError) as caught:
        is_stale(row, event)
    assert caught.value.code == "EVENT_VERSION"


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
    late = Lateness(age, NoReplication())
    try:
        said = require_fresh(event, found, {"order": row}, Templates(), late)
    except SourceError as error:
        assert error.code == "ROW_STALE"
        said = "retry" if error.retry else "given up"
    except SkipError as rule:
        assert rule.code == "ROW_STALE"
        said = "skip"
    assert said == result
