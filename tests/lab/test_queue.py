"""The queue whose time can be simulated: SQS's rules, a mapping's, and a function that is killed, frozen and late."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from lab.function import running_function
from lab.queue import ACCOUNT, Api, Ended, Environment, EventSource, Limits, Message, Queue, VirtualClock, serving
from lab.queue.messages import ReceiptError
from lab.queue.records import failures
from lab.queue.source import StuckError

# Does what the bodies of its messages say, and answers with what it saw.
FUNCTION = """
import json, os, time

def handler(payload, context):
    failed = []
    for record in payload["Records"]:
        word, _, rest = record["body"].partition(" ")
        if word == "fail":
            failed.append({"itemIdentifier": record["messageId"]})
        if word == "raise":
            raise RuntimeError(rest)
        if word == "die":
            os._exit(1)
        if word == "sleep":
            time.sleep(float(rest))
        if word == "fail-until" and int(record["attributes"]["ApproximateReceiveCount"]) < int(rest):
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed, "at": [time.time(), time.monotonic()],
            "left": context.get_remaining_time_in_millis()}
"""


def bodies(messages: Sequence[Message]) -> list[str]:
    return sorted(message.body for message in messages)


class TestQueue:
    def test_a_message_is_hidden_until_its_visibility_ends(self) -> None:
        queue = Queue("q", visibility=30)
        queue.send("a", 0)
        [first] = queue.receive(0)
        assert (first.receives, queue.receive(29), queue.next_visible()) == (1, [], 30)
        [second] = queue.receive(30)
        assert (second.id, second.receives, second.first_received_at) == (first.id, 2, 0)

    def test_a_delayed_message_and_a_limit(self) -> None:
        queue = Queue("q", random=Random(1))
        for number in range(12):
            queue.send(str(number), 0, delay=5 if number == 0 else 0)
        assert [len(queue.receive(now)) for now in (0, 0, 0, 5)] == [10, 1, 0, 1]

    def test_only_the_last_receipt_counts(self) -> None:
        queue = Queue("q", visibility=30)
        queue.send("a", 0)
        [stale] = queue.receive(0)
        [last] = queue.receive(30)
        queue.delete(stale.receipt)
        with pytest.raises(ReceiptError, match="in flight"):
            queue.change_visibility(stale.receipt, 5, 31)
        queue.change_visibility(last.receipt, 5, 31)
        assert queue.next_visible() == 36
        with pytest.raises(ReceiptError, match="in flight"):
            queue.change_visibility(last.receipt, 5, 37)
        queue.delete(last.receipt)
        assert queue.messages == []

    def test_a_message_stays_invisible_for_twelve_hours_at_most(self) -> None:
        queue = Queue("q", visibility=30)
        queue.send("a", 0)
        [message] = queue.receive(0)
        with pytest.raises(ReceiptError, match="43200"):
            queue.change_visibility(message.receipt, 43_191, 10)

    def test_after_so_many_receives_it_is_a_dead_letter(self) -> None:
        dead = Queue("dead")
        queue = Queue("q", visibility=1, max_receives=2, dead_letters=dead)
        sent = queue.send("a", 0, attributes={"type": "t"})
        for now in (0, 1, 2):
            queue.receive(now)
        [buried] = dead.messages
        assert (buried.id, buried.body, buried.attributes, queue.messages) == (sent.id, "a", {"type": "t"}, [])

    def test_one_message_can_be_delivered_twice(self) -> None:
        queue = Queue("q")
        first = queue.send("a", 0)
        queue.send("a", 0, name=first.id)
        one, other = queue.receive(0)
        assert one.id == other.id == first.id
        queue.delete(one.receipt)
        assert len(queue.messages) == 1


@pytest.mark.parametrize(
    ("answer", "again"),
    [
        (None, ""),
        ({}, ""),
        ({"batchItemFailures": []}, ""),
        ({"batchItemFailures": None}, ""),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, "b"),
        ({"batchItemFailures": [{"itemIdentifier": "x"}]}, "ab"),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, "ab"),
        ({"batchItemFailures": [{}]}, "ab"),
        ({"batchItemFailures": ["b"]}, "ab"),
    ],
)
def test_what_is_to_come_again(answer: Any, again: str) -> None:
    assert failures([Message("a", "", 0, 0), Message("b", "", 0, 0)], answer) == frozenset(again)


@dataclass
class Rig:
    """A source, its dead letters, and what its invocations came to."""

    source: EventSource
    dead: Queue
    began: float
    ended: list[Ended] = field(default_factory=list)

    def send(self, *bodies: str) -> list[Message]:
        return [self.source.queue.send(body, self.source.clock.now()) for body in bodies]

    @property
    def virtual_seconds(self) -> float:
        return self.source.clock.now() - self.began


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    """A rig of so many environments; a message is hidden for 100 s, and received three times at most."""
    (tmp_path / "example.py").write_text(FUNCTION)
    made: list[Rig] = []

    def rig(concurrency: int = 1) -> Rig:
        clock, dead = VirtualClock(tmp_path / "clock"), Queue("dead")
        queue = Queue("q", visibility=100, max_receives=3, dead_letters=dead, random=Random(1))

        def start() -> Any:
            return running_function(
                {}, handler="example.handler", artefact=tmp_path, log=tmp_path / "log", clock=clock.file
            )

        made.append(Rig(EventSource(queue, clock, start, concurrency), dead, clock.now()))
        made[-1].source.ended = lambda _environment, ended: made[-1].ended.append(ended)
        return made[-1]

    yield rig
    for one in made:
        one.source.close()


def test_a_batch_is_invoked_and_deleted(make: Callable[..., Rig]) -> None:
    rig = make()
    rig.send(*map(str, range(13)))
    rig.source.run()
    assert [len(ended.batch.messages) for ended in rig.ended] == [10, 3]
    assert (rig.source.queue.messages, rig.dead.messages) == ([], [])
    assert 50_000 < rig.ended[0].result["left"] <= 60_000


def test_only_what_failed_comes_again_when_it_is_visible(make: Callable[..., Rig]) -> None:
    rig = make()
    rig.send("fail-until 3", "good")
    began = time.monotonic()
    rig.source.run()
    assert [bodies(ended.batch.messages) for ended in rig.ended] == [["fail-until 3", "good"], *[["fail-until 3"]] * 2]
    assert 200 <= rig.virtual_seconds < 210
    assert time.monotonic() - began < 100
    assert rig.dead.messages == []


@pytest.mark.parametrize("body", ["raise no", "die"])
def test_an_invocation_that_fails_fails_its_batch(make: Callable[..., Rig], body: str) -> None:
    rig = make()
    rig.send(body, "good")
    rig.source.run()
    assert bodies(rig.dead.messages) == sorted([body, "good"])
    assert len(rig.ended) == 3
    assert rig.source.environments[0].starts == (3 if body == "die" else 1)


def test_the_functions_clocks_follow_a_jump(make: Callable[..., Rig]) -> None:
    rig = make()
    rig.send("a")
    rig.source.agenda.at(rig.source.clock.now() + 7200, lambda: rig.send("b"))
    rig.source.run()
    first, second = (ended.result["at"] for ended in rig.ended)
    assert 7200 - 60 < second[0] - first[0] < 7200 + 60
    assert 7200 - 60 < second[1] - first[1] < 7200 + 60
    assert abs(second[0] - rig.source.clock.now()) < 60


def test_a_kill_loses_nothing(make: Callable[..., Rig]) -> None:
    rig = make()
    rig.send("sleep 30")
    kill_once(rig, lambda environment: environment.seconds > 0.05)
    rig.source.run(lambda: bool(rig.ended))
    assert rig.ended[0].died
    assert [message.receives for message in rig.source.queue.messages] == [1]


def kill_once(rig: Rig, when: Callable[[Environment], bool]) -> None:
    [environment] = rig.source.environments

    def look() -> bool:
        if environment.interruptible and when(environment):
            environment.kill()
            return True
        return False

    rig.source.watch(look)


def test_an_invocation_is_killed_at_its_deadline(make: Callable[..., Rig]) -> None:
    rig = make()
    rig.source.begun = lambda _environment, _messages: Limits(timeout=0.2, told=60)
    rig.send("sleep 30")
    rig.source.run(lambda: bool(rig.ended))
    assert rig.ended[0].died


def test_a_frozen_environment_is_overtaken_and_then_changes_nothing(make: Callable[..., Rig]) -> None:
    """Its message is received by the other one, and is not deleted by what it says after its thaw."""
    rig = make(2)
    rig.send("sleep 0.5")
    seen: list[Environment] = []

    def freeze() -> bool:
        for environment in rig.source.environments:
            if environment.interruptible and environment.seconds > 0.05:
                environment.freeze()
                seen.append(environment)
                rig.source.agenda.at(rig.source.clock.now() + 150, environment.thaw)
        return bool(seen)

    rig.source.watch(freeze)
    rig.source.run()
    overtaken, late = rig.ended
    assert [one.batch.messages[0].receives for one in (overtaken, late)] == [2, 1]
    assert late.result["at"][0] - overtaken.result["at"][0] > 40
    assert not late.died
    assert rig.source.queue.messages == []


def test_what_is_frozen_for_good_is_an_error(make: Callable[..., Rig]) -> None:
    rig = make()
    rig.send("sleep 0.5")
    [environment] = rig.source.environments

    def freeze() -> bool:
        if environment.interruptible:
            environment.freeze()
            rig.source.queue.delete(environment.batch.messages[0].receipt)  # type: ignore[union-attr]
        return environment.frozen

    rig.source.watch(freeze)
    with pytest.raises(StuckError, match="frozen"):
        rig.source.run()


def test_a_real_client_speaks_to_it(tmp_path: Path) -> None:
    clock, queue, dead = VirtualClock(tmp_path / "clock"), Queue("q"), Queue("dead")
    with serving(Api({"q": queue, "dead": dead}, clock)) as url:
        session = botocore.session.Session()
        session.set_credentials("test", "test")
        with closing(session.create_client("sqs", region_name="us-east-1", endpoint_url=url)) as sqs:
            address = f"{url}/{ACCOUNT}/q"
            attributes = {"code": {"DataType": "String", "StringValue": "X"}}
            sqs.send_message(QueueUrl=address, MessageBody="é", MessageAttributes=attributes)
            [message] = sqs.receive_message(QueueUrl=address, VisibilityTimeout=30)["Messages"]
            assert (message["Body"], message["MessageAttributes"]) == ("é", attributes)
            receipt = message["ReceiptHandle"]
            sqs.change_message_visibility(QueueUrl=address, ReceiptHandle=receipt, VisibilityTimeout=500)
            assert queue.messages[0].visible_at - clock.now() > 400
            entries = [
                {"Id": "a", "ReceiptHandle": receipt, "VisibilityTimeout": 0},
                {"Id": "b", "ReceiptHandle": "stale", "VisibilityTimeout": 0},
            ]
            changed = sqs.change_message_visibility_batch(QueueUrl=address, Entries=entries)
            assert [one["Id"] for one in changed["Successful"]] == ["a"]
            assert [(one["Id"], one["Code"]) for one in changed["Failed"]] == [("b", "InvalidParameterValue")]
            counts = sqs.get_queue_attributes(QueueUrl=address, AttributeNames=["All"])["Attributes"]
            assert counts["ApproximateNumberOfMessages"] == "1"
            sqs.delete_message(QueueUrl=address, ReceiptHandle=receipt)
            assert "Messages" not in sqs.receive_message(QueueUrl=address)
            batch = [{"Id": str(number), "MessageBody": f"body {number}"} for number in range(11)]
            sent = sqs.send_message_batch(QueueUrl=address, Entries=batch[:10])
            assert [one["Id"] for one in sent["Successful"]] == [one["Id"] for one in batch[:10]]
            assert [one.body for one in queue.messages] == [one["MessageBody"] for one in batch[:10]]
            with pytest.raises(ClientError, match="TooManyEntriesInBatchRequest"):
                sqs.send_message_batch(QueueUrl=address, Entries=batch)
            with pytest.raises(ClientError, match="NonExistentQueue"):
                sqs.send_message(QueueUrl=f"{url}/{ACCOUNT}/nowhere", MessageBody="x")
            with pytest.raises(ClientError, match="not served here"):
                sqs.purge_queue(QueueUrl=address)


def test_a_clock_jumps_and_tells(tmp_path: Path) -> None:
    clock, told = VirtualClock(tmp_path / "clock"), list[float]()
    clock.follow(told.append)
    clock.advance_to(clock.now() - 5)
    assert told == []
    then = clock.now()
    clock.advance_to(then + 3600)
    assert clock.now() - then >= 3600
    assert told == [pytest.approx(3600, abs=60)]
