"""One line for each delivery, and metrics that alarms are made of; neither holds a value from a row."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools import Metrics

from handler import telemetry
from handler.errors import CODES
from handler.model import Event, Receipt, Record
from handler.outcome import Delivered, Outcome, Parked, Retry, State
from tests.kit import end

RECORD = Record("r1", "{}", sent_at=datetime.now(UTC) - timedelta(seconds=90), attempt=2)
DELIVERED = Outcome(
    RECORD,
    Delivered(Receipt("C0ORDERS01", "1.0")),
    event=Event("order.created", 7, "e1"),
    notification="order.created",
    channel="orders",
    milliseconds={"lookup": 3.5, "render": 0.4, "post": 80.1},
)


def emitted(capsys: pytest.CaptureFixture[str], *outcomes: Outcome) -> list[dict[str, Any]]:
    telemetry.measure_deliveries(Metrics(namespace=telemetry.NAMESPACE, service="notifier"), outcomes)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_has_what_explains_a_delivery() -> None:
    line = telemetry.delivery_line(DELIVERED)
    age = line.pop("age_seconds")
    assert 90 <= age < 3600  # the record was made when the tests were collected
    assert line == {
        "record": "r1",
        "attempt": 2,
        "event": {"type": "order.created", "id": 7, "event_id": "e1"},
        "correlation_id": "e1",
        "notification": "order.created",
        "channel": "orders",
        "posted": {"channel": "C0ORDERS01", "ts": "1.0"},
        "milliseconds": {"lookup": 3.5, "render": 0.4, "post": 80.1},
    }


def test_the_age_counts_from_when_the_event_was_first_sent() -> None:
    replayed = replace(RECORD, attributes={"first_sent_at": (RECORD.sent_at or datetime.now(UTC)).isoformat()})
    line = telemetry.delivery_line(replace(DELIVERED, record=replace(replayed, sent_at=datetime.now(UTC))))
    assert line["age_seconds"] >= 90


def test_metrics_have_the_outcome_the_stages_and_the_age(capsys: pytest.CaptureFixture[str]) -> None:
    parked = replace(DELIVERED, end=Parked("SLACK_CREDENTIAL"), milliseconds={})
    found, by_code = emitted(capsys, DELIVERED, parked)
    assert found["Delivered"] == [1.0]
    assert found["Parked"] == [1.0]
    assert found["CredentialErrors"] == [1.0]
    assert (found["LookupTime"], found["RenderTime"], found["PostTime"]) == ([3.5], [0.4], [80.1])
    assert found["AgeAtDelivery"][0] >= 90
    assert found["service"] == "notifier"
    (directive,) = found["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "Notifier"
    units = {metric["Name"]: metric["Unit"] for metric in directive["Metrics"]}
    assert (units["PostTime"], units["AgeAtDelivery"], units["Delivered"]) == ("Milliseconds", "Seconds", "Count")
    assert (by_code["Outcomes"], by_code["code"], by_code["service"]) == ([1.0], "SLACK_CREDENTIAL", "notifier")
    assert sorted(by_code["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]) == ["code", "service"]


@pytest.mark.parametrize(
    ("type_", "state", "counted"),
    [
        ("notifier.canary", State.DELIVERED, True),
        ("notifier.canary", State.RETRY, False),
        ("order.created", State.DELIVERED, False),
    ],
)
def test_a_canary_counts_once_it_is_in_slack(
    capsys: pytest.CaptureFixture[str], type_: str, state: State, counted: bool
) -> None:
    (found,) = emitted(capsys, replace(DELIVERED, event=Event(type_, "t", "e1"), end=end(state)))
    assert ("CanaryDelivered" in found) is counted


def test_a_notice_counts_apart(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = emitted(capsys, replace(DELIVERED, notice=True))
    assert found["Notices"] == [1.0]
    assert "Delivered" not in found


def test_a_notice_that_was_not_posted_is_not_counted_as_posted(capsys: pytest.CaptureFixture[str]) -> None:
    counted = replace(DELIVERED, notice=True, end=end(State.SUPPRESSED, "NOTICE_COUNTED"))
    found, by_code = emitted(capsys, counted)
    assert found["NoticesNotPosted"] == [1.0]
    assert not {"Notices", "Suppressed"} & found.keys()
    assert by_code["code"] == "NOTICE_COUNTED"


# A new code that is tried again belongs into one of the two: is a message that waits with it a sign of a fault?
FAULTS = {
    "API_DENIED", "API_LOOKUP_DENIED", "API_NO_INSTANCE", "API_TIMEOUT", "API_TLS", "API_UNAVAILABLE",
    "API_UNRESOLVED", "API_WRONG_SERVICE", "CATALOG_INVALID", "CONFIG_INVALID", "CONFIG_SECRET_FORMAT",
    "CONFIG_UNAVAILABLE", "DB_BUSY", "DB_LOGIN", "DB_NOT_REPLICATING", "DB_TIMEOUT", "DB_TIME_ZONE", "DB_TLS",
    "DB_UNAVAILABLE", "DB_UNKNOWN_ERROR", "INTERNAL", "LEDGER_UNAVAILABLE", "SLACK_AMBIGUOUS", "SLACK_HELD",
    "SLACK_REDIRECT", "SLACK_UNAVAILABLE", "SLACK_UNREADABLE", "TIME_SHORT",
}  # fmt: skip
WAITS = {
    "API_NOT_FOUND", "LEDGER_BUSY", "ROW_NOT_FOUND", "ROW_STALE", "ROW_STUB", "SLACK_RATE_LIMITED", "THREAD_BUSY",
}  # fmt: skip
# Polls are tried again by their schedule, not as messages: PollsOverdue is for them.
RETRIED = sorted(code for code, meaning in CODES.items() if meaning.retry and not code.startswith("POLL_"))

NOW = 1_800_000_000.0
# The metric RetryAge by the values of its dimensions.
Measured = Callable[..., dict[frozenset[str], float]]
ALL = frozenset({"notifier"})


def by_code(code: str) -> frozenset[str]:
    return frozenset({code, "notifier"})


def retried(code: str, seconds: float, attempt: int = 5) -> Outcome:
    """An outcome that is tried again, whose message was sent so many seconds before NOW."""
    record = replace(RECORD, sent_at=datetime.fromtimestamp(NOW - seconds, UTC), attempt=attempt)
    return replace(DELIVERED, end=Retry(code), record=record)


@pytest.fixture
def retry_ages(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Measured:
    """Measures outcomes at NOW, and returns the metric RetryAge by the values of its dimensions."""
    monkeypatch.setattr(telemetry, "time", SimpleNamespace(time=lambda: NOW))

    def measured(*outcomes: Outcome) -> dict[frozenset[str], float]:
        found = {}
        for line in emitted(capsys, *outcomes):
            [directive] = line["_aws"]["CloudWatchMetrics"]
            if {"Name": "RetryAge", "Unit": "Seconds"} in directive["Metrics"]:
                [value] = line["RetryAge"]
                found[frozenset(line[name] for name in directive["Dimensions"][0])] = value
        return found

    return measured


def test_every_code_that_is_tried_again_is_a_fault_or_a_wait_by_a_rule() -> None:
    assert {*RETRIED} == FAULTS | WAITS
    assert not FAULTS & WAITS


@pytest.mark.parametrize("code", RETRIED)
def test_the_age_of_what_is_tried_again_tells_of_faults_and_by_code_of_all(retry_ages: Measured, code: str) -> None:
    age = {by_code(code): 1000.0}
    assert retry_ages(retried(code, 1000)) == (age | {ALL: 1000.0} if code in FAULTS else age)


@pytest.mark.parametrize("attempt", [1, 4])
def test_the_first_attempts_of_an_old_event_are_no_outage(retry_ages: Measured, attempt: int) -> None:
    """It was in a queue that was paused, or waited by a rule."""
    assert retry_ages(retried("DB_BUSY", 1000, attempt)) == {by_code("DB_BUSY"): 1000.0}


def test_the_age_is_that_of_the_oldest_message(retry_ages: Measured) -> None:
    held = [retried("SLACK_HELD", seconds) for seconds in (40, 300, 20)]
    assert retry_ages(*held, retried("ROW_NOT_FOUND", 9000), retried("DB_BUSY", 500), DELIVERED) == {
        ALL: 500.0,
        by_code("SLACK_HELD"): 300.0,
        by_code("ROW_NOT_FOUND"): 9000.0,
        by_code("DB_BUSY"): 500.0,
    }


@pytest.mark.parametrize("state", [state for state in State if state is not State.RETRY])
def test_what_has_ended_is_not_tried_again(retry_ages: Measured, state: State) -> None:
    assert not retry_ages(replace(retried("DB_BUSY", 1000), end=end(state, "ROW_STALE")))


def test_a_replayed_event_is_as_old_as_its_replay(retry_ages: Measured) -> None:
    outcome = retried("DB_BUSY", 60)
    replayed = replace(outcome.record, attributes={"first_sent_at": "2026-01-05T09:00:00+00:00"})
    assert retry_ages(replace(outcome, record=replayed))[ALL] == 60.0


def test_an_age_is_never_below_zero_and_left_out_where_nobody_knows_it(retry_ages: Measured) -> None:
    assert retry_ages(retried("DB_BUSY", -30))[ALL] == 0.0
    assert not retry_ages(replace(retried("DB_BUSY", 0), record=replace(RECORD, sent_at=None)))


def test_nothing_is_said_of_no_deliveries(capsys: pytest.CaptureFixture[str]) -> None:
    assert emitted(capsys) == []


def test_every_alarm_is_for_a_code_that_is_there() -> None:
    assert telemetry._ALARMS.keys() <= CODES.keys()
