from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from handler.adapters.state.intake_queue import MAX_DELAY_SECONDS, IntakeQueue
from handler.errors import ConfigError
from handler.model import Record
from handler.ports import IntakeQueue as Port

REGION = "eu-central-1"


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield boto3.resource("sqs", region_name=REGION).create_queue(QueueName="intake")


def received(queue: Any, count: int) -> list[Record]:
    for number in range(count):
        queue.send_message(MessageBody=str(number))
    found: list[Any] = []
    while len(found) < count:
        found += queue.receive_messages(MaxNumberOfMessages=10, VisibilityTimeout=30)
    return [Record(one.message_id, one.body, receipt=one.receipt_handle) for one in found]


class Calls:
    """What is sent to SQS, instead of SQS."""

    def __init__(self, **answer: Any) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self._answer = answer

    def change_message_visibility_batch(self, **request: Any) -> dict[str, Any]:
        self.batches.append(request["Entries"])
        return self._answer

    send_message_batch = change_message_visibility_batch


def told(*waits: tuple[Record, float], url: str = "https://sqs.example/intake", **answer: Any) -> Calls:
    calls, queue = Calls(**answer), IntakeQueue(url)
    queue.__dict__["_client"] = calls
    queue.postpone(waits)
    return calls


def test_a_record_comes_again_at_its_time(queue: Any) -> None:
    """moto makes a message visible at once where the timeout is 0, and keeps the others hidden."""
    first, second = received(queue, 2)
    port: Port = IntakeQueue(queue.url)
    port.postpone([(first, 0.0), (second, 600.0)])
    assert [one.body for one in queue.receive_messages(MaxNumberOfMessages=10)] == [first.body]


def test_more_than_ten_are_told_ten_at_a_time(queue: Any) -> None:
    records = received(queue, 23)
    IntakeQueue(queue.url).postpone([(record, 0.0) for record in records])
    assert len(_visible(queue)) == 23
    calls = told(*[(record, 5.0) for record in records])
    assert [len(batch) for batch in calls.batches] == [10, 10, 3]
    assert all(len({entry["Id"] for entry in batch}) == len(batch) for batch in calls.batches)


@pytest.mark.parametrize(
    ("seconds", "whole"),
    [(0.0, 0), (-3.0, 0), (0.2, 1), (5.0, 5), (5.01, 6), (43_140.0, 43_140), (1e9, MAX_DELAY_SECONDS)],
)
def test_a_wait_is_in_whole_seconds_within_what_sqs_takes(seconds: float, whole: int) -> None:
    (batch,) = told((Record("m", "", receipt="r"), seconds)).batches
    assert batch == [{"Id": "0", "ReceiptHandle": "r", "VisibilityTimeout": whole}]


def test_what_has_no_receipt_or_no_queue_is_left_alone() -> None:
    known = Record("m", "", receipt="r")
    assert told((Record("n", ""), 5.0)).batches == []
    assert told((known, 5.0), url="").batches == []
    assert told().batches == []
    assert len(told((Record("n", ""), 5.0), (known, 5.0)).batches[0]) == 1


def test_a_failure_is_named_in_the_log_and_raised_to_nobody(queue: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "handler.adapters.state.intake_queue")
    gone = Record("m", "a body", receipt="a-receipt")
    IntakeQueue(queue.url + "-gone").postpone([(gone, 5.0)])
    told((gone, 5.0), Failed=[{"Id": "0", "Code": "ReceiptHandleIsInvalid", "Message": "a-receipt"}])
    lines = [record for record in caplog.records if record.name == "handler.adapters.state.intake_queue"]
    assert [record.levelno for record in lines] == [logging.DEBUG] * 2
    assert "NonExistentQueue" in lines[0].getMessage()
    assert lines[1].getMessage() == "a record is not postponed: ReceiptHandleIsInvalid"


def _visible(queue: Any) -> list[Any]:
    found: list[Any] = []
    while more := queue.receive_messages(MaxNumberOfMessages=10):
        found += more
    return found


@pytest.mark.parametrize("count", [0, 1, 10, 11, 25])
def test_everything_that_is_sent_is_in_the_queue(queue: Any, count: int) -> None:
    port: Port = IntakeQueue(queue.url)
    port.send([str(number) for number in range(count)])
    found: set[str] = set()
    while more := queue.receive_messages(MaxNumberOfMessages=10):
        found |= {one.body for one in more}
    assert found == {str(number) for number in range(count)}


def test_a_queue_that_refuses_one_message_is_an_error(queue: Any) -> None:
    sender = IntakeQueue(queue.url)
    with pytest.raises(ConfigError, match="CONFIG_UNAVAILABLE: the queue: AWS.SimpleQueueService.NonExistentQueue"):
        IntakeQueue(f"{queue.url}-gone").send(["x"])
    refusing = Calls(Successful=[], Failed=[{"Id": "0", "Code": "InternalError", "Message": "CANARY"}])
    sender.__dict__["_client"] = refusing
    with pytest.raises(ConfigError, match="^CONFIG_UNAVAILABLE: the queue: InternalError$"):
        sender.send(["x"])


def test_without_a_queue_nothing_can_be_sent() -> None:
    with pytest.raises(ConfigError, match="Intake=queue"):
        IntakeQueue("").send(["x"])
