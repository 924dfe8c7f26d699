"""The local AWS lets what is in flight finish while a function's code is replaced, as AWS does, and logs all of it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from lab.aws import MINISTACK, TOOLS, Aws, running_aws
from lab.processes import wait_until

SECONDS = 60
# Says that it began, takes as long as it is told to, and says which code finished it.
CODE = """
import json, os, time

def handler(event, context):
    for record in event.get("Records", [event]):
        wish = json.loads(record["body"])
        print("began", wish["name"], flush=True)
        time.sleep(wish["seconds"])
        print("finished", wish["name"], {code!r}, os.getpid(), flush=True)
    return {{"batchItemFailures": []}}
"""


@dataclass(frozen=True)
class Function:
    """A function that a queue feeds. What is in flight when it dies would be invisible for far longer than a test."""

    aws: Aws
    name: str
    queue: str

    @classmethod
    def created(cls, aws: Aws) -> Function:
        name = f"f-{uuid4().hex[:8]}"
        queue = aws.client("sqs").create_queue(QueueName=name, Attributes={"VisibilityTimeout": "3600"})["QueueUrl"]
        client = aws.client("lambda")
        role = "arn:aws:iam::000000000000:role/none"
        client.create_function(
            FunctionName=name, Runtime="python3.13", Handler="index.handler", Role=role, Code={"ZipFile": zipped("0")}
        )
        arn = f"arn:aws:sqs:us-east-1:000000000000:{name}"
        client.create_event_source_mapping(FunctionName=name, EventSourceArn=arn, BatchSize=1)
        return cls(aws, name, queue)

    def replace(self, code: str) -> None:
        self.aws.client("lambda").update_function_code(FunctionName=self.name, ZipFile=zipped(code))

    def send(self, name: str, seconds: float = 0.0) -> None:
        body = json.dumps({"name": name, "seconds": seconds})
        self.aws.client("sqs").send_message(QueueUrl=self.queue, MessageBody=body)

    def finished(self, count: int) -> dict[str, str]:
        """The code that finished each message, once so many are."""

        def found() -> list[list[str]]:
            lines = [line.split()[1:] for line in self.logs() if line.startswith("finished")]
            return lines if len(lines) >= count else []

        lines = wait_until(found, f"{count} messages to be finished", SECONDS)
        assert Counter(name for name, *_ in lines) == dict.fromkeys({name for name, *_ in lines}, 1)
        return {name: code for name, code, _ in lines}

    def held(self) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        client = self.aws.client("sqs")
        found = client.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
        return sum(map(int, found.values()))

    def logs(self) -> list[str]:
        try:
            return self.aws.logs(self.name)
        except self.aws.client("logs").exceptions.ResourceNotFoundException:
            return []  # its first line makes the group


def zipped(code: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", CODE.format(code=code))
    return packed.getvalue()


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with running_aws(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def function(aws: Aws) -> Function:
    return Function.created(aws)


def wait_until_taken(function: Function) -> None:
    names = ["ApproximateNumberOfMessagesNotVisible"]

    def taken() -> Any:
        client = function.aws.client("sqs")
        return client.get_queue_attributes(QueueUrl=function.queue, AttributeNames=names)["Attributes"][names[0]] != "0"

    wait_until(taken, "the message to be in flight", SECONDS)


def test_an_invocation_in_flight_finishes_on_its_own_code_and_the_next_one_has_the_new(function: Function) -> None:
    function.send("warm")
    function.finished(1)
    function.send("slow", 2)
    wait_until_taken(function)
    time.sleep(0.3)  # the worker has the event
    function.replace("1")
    function.replace("2")
    function.send("next")
    assert function.finished(3) == {"warm": "0", "slow": "0", "next": "2"}
    wait_until(lambda: function.held() == 0, "an empty queue", SECONDS)


def test_the_first_message_may_come_while_the_code_is_replaced(function: Function) -> None:
    function.send("first")
    function.replace("1")
    assert function.finished(1).keys() == {"first"}


@pytest.mark.parametrize("seed", [1, 2])
def test_no_message_is_left_in_flight_however_saves_and_messages_meet(function: Function, seed: int) -> None:
    random = Random(seed)
    names = [f"m{number}" for number in range(30)]

    def publish() -> None:
        for name in names:
            time.sleep(random.uniform(0, 0.3))
            function.send(name, random.choice([0, 0, 0.1, 0.5]))

    publisher = threading.Thread(target=publish)
    publisher.start()
    saves = 0
    while publisher.is_alive():
        saves += 1
        function.replace(str(saves))
        time.sleep(Random(saves).uniform(0, 0.5))
    publisher.join()
    assert function.finished(len(names)).keys() == set(names)
    wait_until(lambda: function.held() == 0, "an empty queue", SECONDS)
    function.send("last")
    assert function.finished(len(names) + 1)["last"] == str(saves)


def test_a_worker_is_used_again_and_one_with_old_code_is_ended(function: Function) -> None:
    first = worker(function)
    assert worker(function) == first
    function.replace("1")
    assert worker(function) != first
    wait_until(lambda: not alive(first), "the old worker to end", SECONDS)


@pytest.mark.parametrize("end", ["pass", "raise ValueError('no')", "sys.stderr.flush(); os._exit(1)", "time.sleep(60)"])
def test_the_log_of_an_invocation_is_whole_also_when_it_is_read_late(end: str) -> None:
    """A busy machine keeps the thread that reads the log from running; the invocation answers, fails or dies first."""
    program = Path(__file__).with_name("log_read_late.py")
    command = [str(TOOLS / "ministack/bin/python"), "-P", str(program), str(MINISTACK), end]
    run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)
    assert run.stdout.splitlines() == ["one", "two", "half"]


def worker(function: Function) -> int:
    """The process that an invocation ran in."""
    payload = json.dumps({"body": json.dumps({"name": uuid4().hex, "seconds": 0})})
    function.aws.client("lambda").invoke(FunctionName=function.name, Payload=payload)
    return [int(line.split()[-1]) for line in function.logs() if line.startswith("finished")][-1]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
