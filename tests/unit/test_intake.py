"""What is ours is read strictly, what is somebody else's is left alone, and an unreadable record harms nobody."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from aws_lambda_powertools import Metrics
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handler import app, telemetry
from handler.errors import CODES, ConfigError, EventError
from handler.model import MAX_ID, Record
from handler.outcome import IDENTITY_REUSED, Outcome, State
from handler.stages.parse import named_types, parse, records
from tests import bad_families, fuzz_kit
from tests.kit import NOW, FakePark, FakeSlack, FakeTable, notification, pipeline, plenty
from tests.unit.stages.test_parse import sns, sqs
from tests.unit.test_app import Context

GOOD = {"type": "good", "id": 1}
OURS = notification("good {{ id }}", name="good", event="good")


def run(*batch: Record, known: bool = True, **parts: Any) -> list[Outcome]:
    return pipeline(OURS, ignore_unknown=known, **parts).run(batch, plenty)


def of(body: str, **attributes: str) -> Record:
    return Record("r1", body, attributes)


def ends(body: str, *, known: bool, **attributes: str) -> tuple[State, str]:
    (outcome,) = run(of(body, **attributes), known=known)
    return outcome.state, outcome.code


# ---- What is somebody else's ----

# Each as AWS documents its form (2026-11-29):
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
# https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
# https://docs.aws.amazon.com/sns/latest/dg/http-subscription-confirmation-json.html
ALARM = {"AlarmName": "High CPU", "NewStateValue": "ALARM", "StateChangeTime": "2026-01-05T10:00:00.000+0000"}
EVENT_BRIDGE = {"version": "0", "id": "6f0b", "detail-type": "EC2 Instance State-change Notification", "detail": {}}
S3 = {"Records": [{"eventSource": "aws:s3", "s3": {"bucket": {"name": "good"}}}]}
CONFIRMATION = {"Type": "SubscriptionConfirmation", "MessageId": "m", "Token": "t", "SubscribeURL": "https://x"}
FOREIGN = {
    "another team's event": json.dumps({"type": "user.signed_up", "user_id": 5}),
    "another team's data": json.dumps({"type": "cart.changed", "id": 5, "data": [1]}),
    "another form of type": json.dumps({"type": "OrderCreated", "id": 5}),
    "a type that is a number": json.dumps({"type": 5, "id": 5}),
    "a type that is a list": json.dumps({"type": ["good"], "id": 5}),
    "no type": json.dumps({"id": 5}),
    "our type somewhere within": json.dumps({"detail": {"type": "good", "id": 1}}),
    "an alarm": json.dumps(ALARM),
    "EventBridge": json.dumps(EVENT_BRIDGE),
    "S3": json.dumps(S3),
    "a confirmation": json.dumps(CONFIRMATION),
    "CloudEvents": json.dumps({"specversion": "1.0", "type": "com.example.order", "source": "/x", "id": "A-1"}),
    "plain text": "Budget Notification: you went over",
    "HTML": "<html><body>good</body></html>",
    "nothing": "",
    "a blank": " ",
    "NUL": "\x00\x01\x02",
    "half a pair": "\ud800",
    "cut JSON": '{"type": "user.signed_up", "user_id',
    "Python": "{'type': 'user.signed_up'}",
    "a list": json.dumps([1, 2]),
    "null": "null",
    "a number": "1e999",
    "odd numbers": '{"type": "user.signed_up", "a": NaN, "b": 1e999, "c": ' + "9" * 100 + "}",
    "a key twice": '{"type": "user.signed_up", "id": 1, "id": 2}',
    "deep": "[" * 50_000,
    "256 KB": json.dumps({"type": "user.signed_up", "items": [{"name": "x" * 100}] * 2000}),
    "a megabyte": json.dumps({"kind": "export", "rows": "x" * 1_000_000}),
    "an envelope around text": bad_families.wrapped("hello"),
    "an envelope around an alarm": bad_families.wrapped(json.dumps(ALARM)),
    "an envelope in a wrong form": json.dumps({"Type": "Notification"}),
    "too many envelopes": bad_families.wrapped(json.dumps(ALARM), 5),
}


@pytest.mark.parametrize("body", FOREIGN.values(), ids=FOREIGN)
def test_what_is_for_somebody_else_is_ignored_where_the_deployment_says_so(body: str) -> None:
    park, table = FakePark(), FakeTable(NOW.timestamp)
    (outcome,) = run(of(body), park=park, table=table)
    assert (outcome.state, outcome.code) == (State.SUPPRESSED, "EVENT_TYPE_UNKNOWN")
    assert park.parked == []
    assert table.rows == {}


@pytest.mark.parametrize("body", FOREIGN.values(), ids=FOREIGN)
def test_it_is_parked_where_the_deployment_says_nothing(body: str) -> None:
    state, code = ends(body, known=False)
    assert state is State.PARKED
    assert code in CODES


def test_what_is_ignored_is_counted_apart_and_wakes_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = run(of(FOREIGN["an alarm"]), Record("r2", FOREIGN["plain text"]), Record("r3", json.dumps(GOOD)))
    telemetry.measure_deliveries(Metrics(namespace=telemetry.NAMESPACE, service="notifier"), outcomes)
    (line,) = [json.loads(one) for one in capsys.readouterr().out.splitlines()]
    assert (line["Ignored"], line["Delivered"]) == ([1.0, 1.0], [1.0])
    assert not line.keys() & {"Parked", "Suppressed", *telemetry._ALARMS.values()}


# ---- What is ours ----

BAD = [
    body
    for cases in bad_families.BODIES.values()
    for body, code in cases
    if code != "EVENT_TYPE_UNKNOWN" and '"Type"' not in body  # an envelope has attributes of its own
]


@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
def test_whatever_is_wrong_with_an_event_it_is_ours_if_an_attribute_says_so(body: str) -> None:
    attribute = {"type": {"Type": "String", "Value": "good"}}
    for state, code in (
        ends(body, known=True, type="good"),
        ends(bad_families.wrapped(body, MessageAttributes=attribute), known=True),
    ):
        assert state is (State.PARKED if code else State.DELIVERED)  # delivered where only the type was missing
        assert code != "EVENT_TYPE_UNKNOWN"


OURS_BUT_WRONG = {
    "no id": '{"type": "good"}',
    "a wrong id": '{"type": "good", "id": "x"}',
    "wrong data": '{"type": "good", "id": 1, "data": [1]}',
    "a key twice": '{"type": "good", "id": 1, "id": 2}',
    "a type twice": '{"type": "good", "type": "other", "id": 1}',
    "NaN": '{"type": "good", "id": 1, "data": {"x": NaN}}',
    "an odd number": '{"type": "good", "id": 1, "data": {"x": 4.9E-324}}',
    "half a pair": '{"type": "good", "id": 1, "data": {"x": "\\ud800"}}',
    "too large": json.dumps({**GOOD, "data": {"x": "y" * 300_000}}),
    "too deep": '{"type": "good", "id": 1, "data": ' + "[" * 50_000 + "]" * 50_000 + "}",
    "cut": '{"type": "good", "id": 1, "da',
    "more behind it": '{"type": "good", "id": 1} x',
    "Python": "{'type': 'good', 'id': 1}",
    "in an envelope without an id": json.dumps({"Type": "Notification", "Message": json.dumps(GOOD)}),
    "in an envelope with a bad id": bad_families.wrapped(json.dumps(GOOD), MessageId=""),
    "in too many envelopes": bad_families.wrapped(json.dumps(GOOD), 5),
    "in an envelope, cut": bad_families.wrapped('{"type": "good", "id'),
}


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("body", OURS_BUT_WRONG.values(), ids=OURS_BUT_WRONG)
def test_what_is_ours_and_wrong_is_parked_in_both_modes(body: str, known: bool) -> None:
    assert ends(body, known=known)[0] is State.PARKED
    assert "good" in named_types(of(body))


@pytest.mark.parametrize("body", ["", "hello", "[1]", '{"id": 2', '{"type": "other", "id": 1}', '{"type": 5, "id": 1}'])
def test_an_attribute_makes_it_ours_whatever_the_body_says(body: str) -> None:
    assert ends(body, known=True, type="good")[0] is State.PARKED


def test_a_body_makes_it_ours_whatever_the_attribute_says() -> None:
    assert ends(json.dumps(GOOD), known=True, type="other") == (State.PARKED, "EVENT_FIELD_INVALID")


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(fuzz_kit.BODIES)
@example('{"type": {"type": "good"}}')
def test_any_body_is_ours_or_somebody_elses(body: str) -> None:
    (outcome,) = run(of(body))
    ours = "good" in named_types(of(body))
    assert (outcome.code == "EVENT_TYPE_UNKNOWN") is not ours


# ---- Identity ----

LONG = "x" * 100_000


@pytest.mark.parametrize(
    "message_id", ["", "\x00", "a\x00b", LONG, "x" * (MAX_ID + 1), "\ud800", "a\nb", "\u2028", 5, None]
)
def test_an_identity_has_one_form_wherever_it_comes_from(message_id: Any) -> None:
    inner = json.dumps({"Type": "Notification", "MessageId": message_id, "Message": json.dumps(GOOD)})
    table = FakeTable(NOW.timestamp)
    for number, body in enumerate((inner, bad_families.wrapped(inner))):
        (outcome,) = run(Record(f"r{number}", body), table=table)
        assert outcome.state is State.PARKED
        assert outcome.code in ("EVENT_ENVELOPE", "EVENT_ENCODING")
    assert all(len(partition.encode()) <= 2048 for partition, _ in table.rows)  # DynamoDB's limit
    if message_id is not None:  # which is as if there were none
        with pytest.raises(EventError, match="EVENT_FIELD_INVALID|EVENT_ENCODING"):
            parse(of(json.dumps({**GOOD, "event_id": message_id})), NOW)


@pytest.mark.parametrize("identity", ["e", "e-1", "a#b", "a b", " a", "é", "x" * MAX_ID, "日本" * 100])
def test_an_identity_stays_as_it_was_given(identity: str) -> None:
    assert parse(of(json.dumps({**GOOD, "event_id": identity})), NOW).identity == identity
    assert parse(of(bad_families.wrapped(json.dumps(GOOD), MessageId=identity)), NOW).identity == identity


def test_two_events_without_an_identity_of_their_own_are_two() -> None:
    sink, table = FakeSlack(), FakeTable(NOW.timestamp)
    for number in (1, 2):
        run(Record(f"r{number}", json.dumps(GOOD)), sink=sink, table=table)
    assert len(sink.posted) == 2


def test_data_may_be_null_as_if_it_were_left_out() -> None:
    assert parse(of(json.dumps({**GOOD, "data": None})), NOW) == parse(of(json.dumps(GOOD)), NOW)


# ---- Another event under the same identity ----


def again(first: dict[str, Any], second: dict[str, Any], **parts: Any) -> Outcome:
    table = FakeTable(NOW.timestamp)
    parts = {"known": False, "table": table, **parts}
    run(Record("r1", json.dumps({"event_id": "e", **first})), **parts)
    (outcome,) = run(Record("r2", json.dumps({"event_id": "e", **second})), **parts)
    return outcome


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (GOOD, {**GOOD, "id": 2}),
        ({**GOOD, "id": "x"}, {**GOOD, "id": "y"}),
        ({"type": "bad", "id": 1}, {"type": "worse", "id": 1}),
        ({"type": "bad", "id": 1}, {"type": "bad", "id": 2}),
    ],
)
def test_another_event_under_the_same_event_id_is_repeated_and_both_are_named(first: Any, second: Any) -> None:
    outcome = again(first, second)
    assert (outcome.state, outcome.code) == (State.REPEATED, IDENTITY_REUSED)
    assert f"{second['type']} {second['id']} " in outcome.detail
    assert f"{first['type']} {first['id']}," in outcome.detail


@pytest.mark.parametrize("event", [GOOD, {**GOOD, "id": "1"}, {**GOOD, "id": "x"}, {"type": "bad", "id": 1}])
def test_the_same_event_is_no_mistake(event: dict[str, Any]) -> None:
    outcome = again(event, event)
    assert outcome.state is State.REPEATED
    assert outcome.code != IDENTITY_REUSED


def test_a_number_that_comes_as_text_is_the_same_event() -> None:
    assert again(GOOD, {**GOOD, "id": "1"}).code == "DELIVERED"


def test_an_entry_of_an_early_version_does_not_say_what_it_is_about() -> None:
    table = FakeTable(NOW.timestamp)
    run(Record("r1", json.dumps({**GOOD, "event_id": "e"})), table=table)
    ((key, item),) = [(key, item) for key, item in table.rows.items() if key[0] == "event#e"]
    values = {name: value for name, value in item.values.items() if name not in ("type", "id")}
    table.rows[key] = type(item)(item.partition, item.sort, values, item.expires_at, item.revision)
    (outcome,) = run(Record("r2", json.dumps({**GOOD, "id": 2, "event_id": "e"})), table=table)
    assert (outcome.state, outcome.code) == (State.REPEATED, "DELIVERED")


def test_the_log_warns_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(app.logger.registered_handler, "stream", written)
    wired = pipeline(OURS)
    monkeypatch.setattr(app, "pipeline", lambda: wired)
    for number in (1, 2):
        app.lambda_handler(sqs(json.dumps({"type": "good", "id": number, "event_id": "e"})), Context())
    first, second = map(json.loads, written.getvalue().splitlines())
    assert (first["level"], first["message"]) == ("INFO", "delivered")
    assert (second["level"], second["message"], second["code"]) == ("WARNING", "repeated", IDENTITY_REUSED)
    assert "good 2 has the event_id of good 1" in second["detail"]


def test_an_event_of_another_type_under_the_same_event_id_is_posted_too() -> None:
    sink, table = FakeSlack(), FakeTable(NOW.timestamp)
    paid = notification("paid {{ id }}", name="paid", event="paid")
    for number, kind in enumerate(("good", "paid")):
        record = Record(f"r{number}", json.dumps({"type": kind, "id": 1, "event_id": "e"}))
        (outcome,) = pipeline(OURS, paid, sink=sink, table=table).run([record], plenty)
        assert outcome.state is State.DELIVERED
    assert [message.notification for message in sink.posted] == ["good", "paid"]
    assert {item.values["type"] for (key, _), item in table.rows.items() if key == "event#e"} == {"good", "paid"}


# ---- Records that nobody can read ----

FINE = {"eventSource": "aws:sqs", "messageId": "fine", "body": json.dumps(GOOD)}
UNREADABLE: dict[str, Any] = {
    "null": None,
    "a text": "x",
    "a list": [],
    "empty": {},
    "another source": {"eventSource": "aws:s3", "messageId": "other"},
    "no body": {key: value for key, value in FINE.items() if key != "body"} | {"messageId": "other"},
    "null as body": {**FINE, "messageId": "other", "body": None},
    "an empty body": {**FINE, "messageId": "other", "body": ""},
    "an object as body": {**FINE, "messageId": "other", "body": {"type": "good"}},
    "no id": {key: value for key, value in FINE.items() if key != "messageId"},
    "an empty id": {**FINE, "messageId": ""},
    "an id that is too long": {**FINE, "messageId": LONG},
    "an id with a NUL": {**FINE, "messageId": "\x00"},
    "a count that is none": {**FINE, "messageId": "other", "attributes": {"ApproximateReceiveCount": "x"}},
    "a time that is none": {**FINE, "messageId": "other", "attributes": {"SentTimestamp": "9" * 30}},
    "attributes that are none": {**FINE, "messageId": "other", "messageAttributes": "x"},
    "half of SNS": {"EventSource": "aws:sns"},
    "SNS without a message id": {"EventSource": "aws:sns", "Sns": {**sns(json.dumps(GOOD)), "MessageId": ""}},
}


def invoked(monkeypatch: pytest.MonkeyPatch, items: list[Any], park: FakePark, sink: FakeSlack) -> Any:
    wired = pipeline(OURS, park=park, sink=sink, ignore_unknown=True)
    monkeypatch.setattr(app, "pipeline", lambda: wired)
    return app.lambda_handler({"Records": items}, Context())


@pytest.mark.parametrize("item", UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize("first", [True, False])
def test_one_record_that_cannot_be_read_is_parked_and_its_neighbour_delivered(
    monkeypatch: pytest.MonkeyPatch, item: Any, first: bool
) -> None:
    park, sink = FakePark(), FakeSlack()
    assert invoked(monkeypatch, [item, FINE] if first else [FINE, item], park, sink) == {"batchItemFailures": []}
    assert [message.text for message in sink.posted] == ["good 1"]
    (parked,) = park.parked
    assert parked.code == "BATCH_MALFORMED"
    assert parked.record.body
    body = item.get("body") if isinstance(item, dict) else None
    assert parked.record.body == (body if isinstance(body, str) and body else json.dumps(item))


@pytest.mark.parametrize(("name", "told"), [("no body", "other"), ("no id", ""), ("null", "")])
def test_what_cannot_be_parked_comes_again(monkeypatch: pytest.MonkeyPatch, name: str, told: str) -> None:
    """A record without an id can only come again with its whole batch, which an empty identifier asks for."""
    park, sink = FakePark(ConfigError("CONFIG_UNAVAILABLE")), FakeSlack()
    answer = invoked(monkeypatch, [UNREADABLE[name], FINE], park, sink)
    assert answer == {"batchItemFailures": [{"itemIdentifier": told}]}
    assert len(sink.posted) == 1


def test_two_records_without_an_id_are_two() -> None:
    park = FakePark()
    batch = records({"Records": [{"a": 1}, {"a": 2}, FINE]})
    outcomes = run(*batch, park=park)
    assert [one.state for one in outcomes].count(State.PARKED) == 2
    assert {parked.record.body for parked in park.parked} == {'{"a": 1}', '{"a": 2}'}


@pytest.mark.parametrize("items", [[item] for item in UNREADABLE.values()] + [[None, {}]], ids=[*UNREADABLE, "two"])
def test_a_batch_of_which_nothing_can_be_read_is_no_success(items: list[Any]) -> None:
    with pytest.raises(EventError, match="BATCH_MALFORMED"):
        records({"Records": items})


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(fuzz_kit.JSON | fuzz_kit._RECORDS, max_size=4))
def test_whatever_comes_with_a_good_record_it_is_delivered(items: list[Any]) -> None:
    park, sink = FakePark(), FakeSlack()
    batch = records({"Records": [*items, FINE]})
    assert len(batch) == len(items) + 1
    wired = pipeline(OURS, notification(name="echo", event="echo", text="echo"), park=park, sink=sink)
    outcomes = wired.run(batch, plenty)
    assert "good 1" in [message.text for message in sink.posted]
    assert all(one.code in CODES or one.state is not State.PARKED for one in outcomes)
    assert {one.record.id for one in outcomes} == {one.id for one in batch}
