"""One line for each delivery, and metrics that alarms are made of; neither holds a value from a row."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aws_lambda_powertools import Metrics

from handler import telemetry
from handler.errors import CODES
from handler.model import Event, Outcome, Receipt, Record, State

RECORD = Record("r1", "{}", sent_at=datetime.now(UTC) - timedelta(seconds=90), attempt=2)
DELIVERED = Outcome(
    RECORD,
    State.DELIVERED,
    event=Event("order.created", 7, "e1"),
    notification="order.created",
    channel="orders",
    receipt=Receipt("C0ORDERS01", "1.0"),
    milliseconds={"lookup": 3.5, "render": 0.4, "post": 80.1},
)


def emitted(capsys: pytest.CaptureFixture[str], *outcomes: Outcome) -> list[dict[str, Any]]:
    telemetry.measure(Metrics(namespace=telemetry.NAMESPACE, service="notifier"), outcomes)
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_has_what_explains_a_delivery() -> None:
    line = telemetry.line(DELIVERED)
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
    line = telemetry.line(replace(DELIVERED, record=replace(replayed, sent_at=datetime.now(UTC))))
    assert line["age_seconds"] >= 90


def test_metrics_have_the_outcome_the_stages_and_the_age(capsys: pytest.CaptureFixture[str]) -> None:
    parked = replace(DELIVERED, state=State.PARKED, code="SLACK_CREDENTIAL", receipt=None, milliseconds={})
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
    (found,) = emitted(capsys, replace(DELIVERED, event=Event(type_, "t", "e1"), state=state))
    assert ("CanaryDelivered" in found) is counted


def test_a_notice_counts_apart(capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = emitted(capsys, replace(DELIVERED, notice=True))
    assert found["Notices"] == [1.0]
    assert "Delivered" not in found


def test_nothing_is_said_of_no_deliveries(capsys: pytest.CaptureFixture[str]) -> None:
    assert emitted(capsys) == []


def test_every_alarm_is_for_a_code_that_is_there() -> None:
    assert telemetry._ALARMS.keys() <= CODES.keys()
