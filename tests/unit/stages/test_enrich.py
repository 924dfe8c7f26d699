"""Lookups run in order, each seeing the ones before it, and what they find has the shape that was declared."""

from __future__ import annotations

from typing import Any

import pytest

from handler.errors import SourceError, TemplateError
from handler.model import ApiLookup, Event, Leaf, Lookup, SqlLookup
from handler.stages.enrich import MAX_BYTES, MAX_ROWS, Enriched, Sources, enrich, memory_size
from handler.templating import Templates
from tests.kit import NOW, FakeApi, FakeDatabase, expression, notification, raising

EVENT = Event("order.created", 7, "e-1", version=3, data={"coupon": "TEA"})


def sql(name: str = "order", **changes: Any) -> SqlLookup:
    return SqlLookup(**{"name": name, "sql": "SELECT 1", "bind": {}, "where": "f.yaml:3 lookups.order", **changes})


def get(path: str = "/customers/{{ order.customer }}", **changes: Any) -> ApiLookup:
    return ApiLookup(**{"name": "customer", "path": Leaf("url", path, "f.yaml:6 lookups.customer.get"), **changes})


def run(*lookups: Lookup, rows: Any = (), document: Any = None) -> tuple[Enriched, FakeDatabase, FakeApi]:
    database = FakeDatabase(rows if callable(rows) else lambda sql, parameters: list(rows))
    api = FakeApi(document if callable(document) else lambda path: document)
    fetch = Sources(database, api, Templates())
    return enrich(EVENT, notification(lookups=lookups), fetch, NOW), database, api


def test_the_context_holds_the_event_and_what_was_found() -> None:
    enriched, database, _ = run(sql(), rows=[{"number": "A-17"}])
    assert enriched.context["order"] == {"number": "A-17"}
    assert enriched.context["id"] == 7
    assert enriched.context["data"] == {"coupon": "TEA"}
    assert enriched.context["now"] == NOW
    assert enriched.context["event"]["version"] == 3
    assert database.asked == [("default", "SELECT 1", {"id": 7}, 1)]


def test_a_later_lookup_uses_an_earlier_one() -> None:
    bound = sql("items", bind={"c": expression("order.customer")}, expect="many", database="billing")
    enriched, database, api = run(sql(), bound, get(), rows=[{"customer": "a/b"}], document={"name": "Zoë"})
    assert database.asked[1] == ("billing", "SELECT 1", {"id": 7, "c": "a/b"}, MAX_ROWS)
    assert api.asked == [("default", "/customers/a%2Fb")]
    assert enriched.context["items"] == [{"customer": "a/b"}]
    assert enriched.context["customer"] == {"name": "Zoë"}


@pytest.mark.parametrize(("expect", "found"), [("optional", None), ("many", [])])
def test_no_row_is_fine_where_it_was_declared(expect: str, found: object) -> None:
    enriched, _, _ = run(sql(expect=expect))
    assert enriched.context["order"] == found


def test_no_row_is_tried_again_later() -> None:
    with pytest.raises(SourceError, match="ROW_NOT_FOUND: f.yaml:3") as caught:
        run(sql())
    assert caught.value.retry


@pytest.mark.parametrize("value", [[1], {"a": 1}])
def test_only_single_values_can_be_bound(value: object) -> None:
    with pytest.raises(TemplateError, match="TEMPLATE_BIND"):
        run(sql(), sql("items", bind={"c": expression("order.x")}), rows=[{"x": value}])


def test_an_optional_document_may_be_missing() -> None:
    enriched, _, _ = run(get("/c/1", expect="optional"), document=raising(SourceError("API_NOT_FOUND")))
    assert enriched == Enriched(enriched.context, ())
    assert enriched.context["customer"] is None


@pytest.mark.parametrize("code", ["API_NOT_FOUND", "API_TIMEOUT", "API_BAD_ANSWER"])
def test_a_failed_api_fails_the_event_unless_it_goes_without(code: str) -> None:
    failing = raising(SourceError(code))
    with pytest.raises(SourceError, match=code):
        run(get("/c/1"), document=failing)
    enriched, _, _ = run(get("/c/1", on_failure="without"), document=failing)
    assert enriched.context["customer"] is None
    assert enriched.left_out == ("customer",)


@pytest.mark.parametrize(
    ("expect", "document"), [("one", []), ("one", "x"), ("optional", 7), ("many", {}), ("many", None), ("one", None)]
)
def test_a_document_of_another_shape_is_a_bad_answer(expect: str, document: object) -> None:
    with pytest.raises(SourceError, match="API_BAD_ANSWER"):
        run(get("/c/1", expect=expect), document=document)


def test_a_list_is_what_many_expects() -> None:
    enriched, _, _ = run(get("/c/1", expect="many"), document=[1])
    assert enriched.context["customer"] == [1]


def test_all_instances_are_asked_where_the_template_says_so() -> None:
    enriched, _, api = run(get("/keys/{{ id }}", api="cache", all=True, expect="many"), document={"hits": 3})
    assert enriched.context["customer"] == [
        {"instance": name, "document": {"hits": 3}, "error": None} for name in ("a", "b")
    ]
    assert api.asked == [("cache", "/keys/7")] * 2


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("x" * 1000, 1000),
        ("😀" * 1000, 4000),
        ("x" * 999 + "😀", 4000),  # one wide character widens the others
        ([{"a": "x" * 1000, "b": ["y" * 1000]}] * 2, 4000),
    ],
)
def test_a_value_weighs_what_it_takes_in_memory(value: Any, size: int) -> None:
    assert size <= memory_size(value) < size + 1500


def test_all_lookups_together_are_bounded_and_the_one_that_is_too_much_is_named() -> None:
    third = MAX_BYTES // 3
    rows = [{"log": "x" * third}]
    names = ("first", "second", "third", "fourth")
    lookups = [sql(name, where=f"f.yaml:{line} lookups.{name}") for line, name in enumerate(names, 1)]
    assert set(names[:2]) <= set(run(*lookups[:2], rows=rows)[0].context)
    with pytest.raises(SourceError) as caught:
        run(*lookups, rows=rows)
    assert (caught.value.code, caught.value.retry) == ("ROWS_TOO_LARGE", False)
    assert caught.value.detail == "f.yaml:3 lookups.third: more than 16 MiB together with earlier lookups"


def test_what_an_api_sends_counts_too_and_may_be_done_without() -> None:
    document = {"log": "x" * (MAX_BYTES + 1)}
    enriched, _, _ = run(get("/a", on_failure="without"), document=document)
    assert (enriched.left_out, enriched.context["customer"]) == (("customer",), None)
