"""Every family of bad event has its own code; none of them ends in an error without a name."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.errors import EventError
from handler.model import Event, IdRule, Record
from handler.stages.parse import parse
from handler.stages.route import checked_id

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DEEP = '{"type": "a", "id": 1, "data": ' + '{"a":' * 100_000 + "1" + "}" * 100_001


def with_field(name: str, value: object) -> str:
    return json.dumps({"type": "order.created", "id": 1, name: value})


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "EVENT_NOT_JSON"),
        ("not json", "EVENT_NOT_JSON"),
        ('{"type": "a", "id": 1', "EVENT_NOT_JSON"),
        ('{"type": "a", "id": 1} x', "EVENT_NOT_JSON"),
        ('{"type": "a", "id": NaN}', "EVENT_NOT_JSON"),
        ('{"type": "a", "id": Infinity}', "EVENT_NOT_JSON"),
        ("[]", "EVENT_NOT_OBJECT"),
        ("1042", "EVENT_NOT_OBJECT"),
        ("null", "EVENT_NOT_OBJECT"),
        ('"order.created"', "EVENT_NOT_OBJECT"),
        ("{}", "EVENT_FIELD_MISSING"),
        ('{"id": 1}', "EVENT_FIELD_MISSING"),
        ('{"type": "order.created"}', "EVENT_FIELD_MISSING"),
        ('{"type": "a", "id": 1, "id": 2}', "EVENT_DUPLICATE_KEY"),
        ('{"type": "a", "type": "b", "id": 2}', "EVENT_DUPLICATE_KEY"),
        ('{"type": "a", "id": 1, "data": {"x": 1, "x": 2}}', "EVENT_DUPLICATE_KEY"),
        (with_field("data", "\ud800"), "EVENT_ENCODING"),
        ('{"type": "a", "id": "\\ud83d"}', "EVENT_ENCODING"),
        ('{"type": "a", "id": ' + "9" * 5000 + "}", "EVENT_TOO_LARGE"),
        ('{"type": "a", "id": 1e999999999999999999999}', "EVENT_TOO_LARGE"),
        ('{"type": "a", "id": 1, "data": {"x": 1e400}}', "EVENT_TOO_LARGE"),
        (DEEP, "EVENT_TOO_LARGE"),
        ('{"type": "a", "id": "' + "x" * 1_000_000 + '"}', "EVENT_TOO_LARGE"),
        (with_field("type", "../etc/passwd"), "EVENT_TYPE_INVALID"),
        (with_field("type", "order..created"), "EVENT_TYPE_INVALID"),
        (with_field("type", "Order.Created"), "EVENT_TYPE_INVALID"),
        (with_field("type", "order.created\n"), "EVENT_TYPE_INVALID"),
        (with_field("type", "a" * 300), "EVENT_TYPE_INVALID"),
        (with_field("type", ""), "EVENT_TYPE_INVALID"),
        (with_field("type", 7), "EVENT_TYPE_INVALID"),
        (with_field("id", True), "EVENT_ID_INVALID"),
        (with_field("id", 1.5), "EVENT_ID_INVALID"),
        (with_field("id", None), "EVENT_ID_INVALID"),
        (with_field("id", [1]), "EVENT_ID_INVALID"),
        (with_field("id", {"id": 1}), "EVENT_ID_INVALID"),
        (with_field("id", "x" * 201), "EVENT_ID_INVALID"),
        (with_field("id", ""), "EVENT_ID_INVALID"),
        (with_field("data", [1]), "EVENT_FIELD_INVALID"),
        (with_field("event_id", ""), "EVENT_FIELD_INVALID"),
        (with_field("event_id", 7), "EVENT_FIELD_INVALID"),
        (with_field("event_id", "a\u0000b"), "EVENT_FIELD_INVALID"),
        (with_field("version", True), "EVENT_FIELD_INVALID"),
        (with_field("version", [1]), "EVENT_FIELD_INVALID"),
        (with_field("occurred_at", "yesterday"), "EVENT_FIELD_INVALID"),
        (with_field("occurred_at", "2026-11-22T10:00:00"), "EVENT_FIELD_INVALID"),
        (with_field("occurred_at", 1763812800), "EVENT_FIELD_INVALID"),
        (with_field("occurred_at", "2026-01-01T00:00:00Z"), "EVENT_STALE"),
        (with_field("occurred_at", "2026-11-22T14:00:00Z"), "EVENT_STALE"),
        ('{"Type": "SubscriptionConfirmation", "MessageId": "m", "Message": "m"}', "EVENT_ENVELOPE"),
        ('{"Type": "Notification", "MessageId": "m"}', "EVENT_ENVELOPE"),
        ('{"Type": "Notification", "Message": "{}"}', "EVENT_ENVELOPE"),
        ('{"Type": "Notification", "MessageId": "m", "Message": "hello"}', "EVENT_NOT_JSON"),
        ('{"Type": 7}', "EVENT_ENVELOPE"),
    ],
)
def test_a_bad_event_has_a_code(body: str, code: str) -> None:
    with pytest.raises(EventError) as caught:
        parse(Record("r", body), NOW)
    assert caught.value.code == code
    assert not caught.value.retry


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (with_field("type", "Kanarie"), "it has 7 characters, and character 1 is not allowed"),
        (with_field("type", "order.Kanarie"), "it has 13 characters, and character 7 is not allowed"),
        (with_field("type", "order..kanarie"), "it has 14 characters, and character 7 is not allowed"),
        (with_field("type", "kanarie."), "it has 8 characters, and character 8 is not allowed"),
        (with_field("type", ".kanarie"), "it has 8 characters, and character 1 is not allowed"),
        (with_field("type", "order.kanarie\n"), "it has 14 characters, and character 14 is not allowed"),
        (with_field("type", "kanarie" * 100), "it has 700 characters; at most 128 are allowed"),
        (with_field("type", {"kanarie": 1}), "it is a dict"),
        (with_field("type", ""), "it is empty"),
        ('{"kanarie": 1, "kanarie": 2}', "an object has the same key twice"),
    ],
)
def test_a_detail_says_what_is_wrong_without_quoting_it(body: str, detail: str) -> None:
    with pytest.raises(EventError) as caught:
        parse(Record("r", body), NOW)
    assert caught.value.detail == detail


def test_too_many_envelopes_are_refused() -> None:
    body = '{"type": "a", "id": 1}'
    for _ in range(5):
        body = json.dumps({"Type": "Notification", "MessageId": "m", "Message": body})
    with pytest.raises(EventError, match="EVENT_ENVELOPE"):
        parse(Record("r", body), NOW)


def test_a_type_in_the_body_and_another_in_the_attribute_is_an_error() -> None:
    with pytest.raises(EventError, match="EVENT_FIELD_INVALID: type"):
        parse(Record("r", '{"type": "order.created", "id": 1}', {"type": "order.paid"}), NOW)


INTEGER, UUID, CODE = IdRule("integer"), IdRule("uuid"), IdRule("pattern", "[A-Z]{2}[0-9]+")


@pytest.mark.parametrize(
    ("rule", "given_id", "kept"),
    [
        (INTEGER, 0, 0),
        (INTEGER, "42", 42),
        (INTEGER, "-42", -42),
        (INTEGER, 2**64 - 1, 2**64 - 1),
        (INTEGER, str(-(2**63)), -(2**63)),
        (UUID, "3F2504E0-4F89-41D3-9A0C-0305E82C3301", "3f2504e0-4f89-41d3-9a0c-0305e82c3301"),
        (CODE, "JP1042", "JP1042"),
    ],
)
def test_a_good_id_reaches_the_query_in_one_form(rule: IdRule, given_id: int | str, kept: int | str) -> None:
    found = checked_id(rule, Event("a", given_id, "e"))
    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("rule", "given_id"),
    [
        *[(INTEGER, bad) for bad in ("1abc", "1 or 1=1", " 1", "1 ", "1e3", "0x10", "01", "+1", "-0", "", "１", "1\n")],
        (INTEGER, 2**64),
        (INTEGER, -(2**63) - 1),
        *[(UUID, bad) for bad in ("1042", "3f2504e04f8941d39a0c0305e82c3301", "3f2504e0-4f89-41d3-9a0c-0305e82c330g")],
        (UUID, 1042),
        *[(CODE, bad) for bad in ("jp1042", "JP", "JP1042 ", "JP1042\n", "xJP1042")],
        (CODE, 1042),
        (IdRule("pattern", ".*"), ""),
        (IdRule("pattern", ".*"), "x" * 201),
        (IdRule("pattern", "(a+)+b"), "a" * 200),
    ],
)
def test_an_id_of_another_form_never_reaches_a_query(rule: IdRule, given_id: int | str) -> None:
    with pytest.raises(EventError) as caught:
        checked_id(rule, Event("a", given_id, "e"))
    assert caught.value.code == "EVENT_ID_INVALID"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(["type", "id", "event_id", "version", "occurred_at", "data", "Type", "Message", "MessageId"])


@given(st.text() | st.dictionaries(KEYS, JSON).map(json.dumps) | JSON.map(json.dumps))
def test_whatever_is_published_ends_in_an_event_or_a_named_error(body: str) -> None:
    try:
        event = parse(Record("r", body), NOW)
    except EventError:
        return
    assert isinstance(event.id, int | str)
