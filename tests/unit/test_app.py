"""The entry point answers a queue with what is to come again, and a topic by raising."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from typing import Any

import pytest

from handler import app
from handler.errors import SlackError, SourceError
from handler.model import Poll, Row
from handler.polling.messages import request
from tests.kit import NOW, FakeDatabase, FakePark, FakeQueue, FakeSlack, notification, pipeline, raising
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


def invoke(monkeypatch: pytest.MonkeyPatch, payload: Any, sink: FakeSlack | None = None) -> Any:
    wired = pipeline(notification(), sink=sink, park=FakePark())
    monkeypatch.setattr(app, "pipeline", lambda: wired)
    return app.lambda_handler(payload, Context())


def slack_is_down() -> FakeSlack:
    return FakeSlack(lambda message: SlackError("SLACK_UNAVAILABLE", "connection refused"))


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


def poll_request() -> dict[str, Any]:
    payload = sqs(request("order.created"))
    payload["Records"] += sqs(GOOD)["Records"]
    return payload


def test_a_tick_asks_for_the_polls_that_are_due_and_says_how_polls_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    queue = FakeQueue()
    wired = pipeline(notification(poll=Poll("SELECT id FROM orders", 60.0)), queue=queue)
    monkeypatch.setattr(app, "pipeline", lambda: wired)
    assert app.lambda_handler({"notifier": "tick"}, Context()) == {}
    assert queue.sent == [request("order.created")]
    metrics = json.loads(capsys.readouterr().out)
    assert {name: metrics[name] for name in ("Ticks", "PollsOverdue", "PollsOnHold", "PollsNearlyFull")} == {
        "Ticks": [1.0], "PollsOverdue": [0.0], "PollsOnHold": [0.0], "PollsNearlyFull": [0.0],
    }  # fmt: skip


def test_a_requested_poll_runs_after_the_events_of_its_batch(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    words = iter([0b10, *[0b110] * 9])

    def answer(sql: str, _: Any) -> list[Row]:
        bits = 0 if "LIMIT 1" in sql else next(words)
        return [Row(word=0, bits=bits, counted=bits.bit_count())] if bits else []

    queue, sink, clock = FakeQueue(), FakeSlack(), [NOW.timestamp()]
    database = FakeDatabase(answer)
    polled = notification(poll=Poll("SELECT id FROM orders", 60.0))
    wired = pipeline(polled, queue=queue, sink=sink, database=database, clock=lambda: clock[0])
    monkeypatch.setattr(app, "pipeline", lambda: wired)
    assert app.lambda_handler(poll_request(), Context()) == {"batchItemFailures": []}
    assert (len(sink.posted), queue.sent) == (1, [])
    clock[0] += 60
    log.truncate(0)
    log.seek(0)
    capsys.readouterr()
    assert app.lambda_handler(poll_request(), Context()) == {"batchItemFailures": []}
    assert [json.loads(body)["event_id"] for body in queue.sent] == ["order.created/2"]
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["message"] for line in lines] == ["repeated", "poll"]
    assert (lines[1]["level"], lines[1]["poll"], lines[1]["found"]) == ("INFO", "order.created", 1)
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["PollFailures"] for one in found if "PollRuns" in one] == [[0.0]]


def test_a_poll_that_fails_is_logged_with_its_code_and_fails_no_event(
    monkeypatch: pytest.MonkeyPatch, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    polled = notification(poll=Poll("SELECT id FROM orders", 60.0))
    wired = pipeline(polled, database=FakeDatabase(raising(SourceError("DB_TIMEOUT", "too long"))))
    monkeypatch.setattr(app, "pipeline", lambda: wired)
    assert app.lambda_handler(poll_request(), Context()) == {"batchItemFailures": []}
    line = json.loads(log.getvalue().splitlines()[-1])
    assert (line["level"], line["message"], line["code"], line["detail"]) == (
        "WARNING",
        "poll",
        "DB_TIMEOUT",
        "too long",
    )
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["PollFailures"] for one in found if "PollRuns" in one] == [[1.0]]


def test_a_poll_is_not_loaded_before_there_is_one() -> None:
    """What an event needs is imported; polls would make the cold start longer for everybody."""
    assert [name for name in loaded("handler.app, handler.bootstrap") if "polling" in name or "cronsim" in name] == []


def test_cron_expressions_are_not_loaded_before_one_is_due() -> None:
    assert not {"cronsim", "zoneinfo"} & loaded("handler.app, handler.bootstrap, handler.polling.dispatch")


def loaded(modules: str) -> set[str]:
    """What is loaded after these modules."""
    program = f"import sys, {modules}; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(found.stdout.split())
