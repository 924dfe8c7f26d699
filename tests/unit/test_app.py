"""The entry point answers a queue with what is to come again, and a topic by raising."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest

from handler import app
from handler.errors import SlackError
from tests.kit import FakePark, FakeSink, notification, pipeline
from tests.unit.stages.test_parse import direct, sqs

GOOD = '{"type": "order.created", "id": 1}'


class Context:
    aws_request_id = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return 60_000


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    written = io.StringIO()
    monkeypatch.setattr(app.logger.registered_handler, "stream", written)
    return written


def invoke(monkeypatch: pytest.MonkeyPatch, payload: Any, sink: FakeSink | None = None) -> Any:
    wired = pipeline(notification(), sink=sink, park=FakePark())
    monkeypatch.setattr(app, "pipeline", lambda: wired)
    return app.lambda_handler(payload, Context())


def slack_is_down() -> FakeSink:
    return FakeSink(lambda message: SlackError("SLACK_UNAVAILABLE", "connection refused"))


def test_a_queue_is_told_that_all_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    assert invoke(monkeypatch, sqs(GOOD)) == {"batchItemFailures": []}
    assert invoke(monkeypatch, sqs("not json")) == {"batchItemFailures": []}


def test_a_queue_is_told_what_is_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    payload = sqs(GOOD)
    payload["Records"][0]["attributes"]["ApproximateReceiveCount"] = "1"
    assert invoke(monkeypatch, payload, slack_is_down()) == {"batchItemFailures": [{"itemIdentifier": "sqs-1"}]}


def test_a_topic_is_told_by_an_error_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    assert invoke(monkeypatch, direct(GOOD)) == {"batchItemFailures": []}
    with pytest.raises(app.UnfinishedError, match="SLACK_UNAVAILABLE: connection refused"):
        invoke(monkeypatch, direct(GOOD), slack_is_down())


def test_each_delivery_is_one_line_of_json(monkeypatch: pytest.MonkeyPatch, log: io.StringIO) -> None:
    invoke(monkeypatch, sqs(GOOD))
    line = json.loads(log.getvalue())
    assert line["level"] == "INFO"
    assert line["message"] == "delivered"
    assert line["event"] == {"type": "order.created", "id": 1, "event_id": "sqs-1"}
    assert (line["request"], line["correlation_id"]) == ("request-1", "sqs-1")
    assert line["posted"] == {"channel": "C0ORDERS01", "ts": "1732263600.000001"}
    assert line["notification"] == "order.created"


def test_a_mistake_in_the_settings_is_raised_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.os, "environ", {})
    for _ in range(2):
        with pytest.raises(Exception, match="NOTIFIER_DEAD_LETTER_QUEUE_URL is empty"):
            app.lambda_handler(sqs(GOOD), Context())


def test_secrets_do_not_reach_the_log(log: io.StringIO) -> None:
    app.logger.warning("posting with xoxb-123456789012-CANARYCANARY")
    logging.getLogger(app.logger.service).warning("to https://hooks.slack.com/services/T0/B0/CANARY")
    written = log.getvalue()
    assert written.count("[redacted]") == 2
    assert "CANARY" not in written
