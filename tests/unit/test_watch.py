"""What the demo says of posts, of what waits and of what was parked: each once, and again when there is news."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from cli.demo_slack import DemoSlack
from cli.watch import MOST_PARKED, Watch
from lab.aws import Message
from lab.page.facts import FIELDS

NOW = 1_767_600_000.0


@dataclass
class FakeCloud:
    """A Slack with some messages, and an AWS with a log and a dead-letter queue. `told` is what the page was told."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    log: list[dict[str, Any]] = field(default_factory=list)
    letters: list[dict[str, Any]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    queue: list[Message] = field(default_factory=list)

    @property
    def slack(self) -> Any:
        def replace(kind: str, facts: list[dict[str, Any]]) -> None:
            assert {fact["kind"] for fact in facts} <= {kind}
            if kind == "waiting":
                self.waiting = facts
            else:
                self.told = [*(fact for fact in self.told if fact["kind"] != kind), *facts]

        return SimpleNamespace(
            messages=lambda: self.posts, tell=lambda *facts: self.told.extend(facts), replace=replace
        )

    @property
    def aws(self) -> Any:
        pages = SimpleNamespace(paginate=self._page)
        client = SimpleNamespace(
            get_paginator=lambda _: pages,
            get_function_configuration=lambda **_: {"LoggingConfig": {"LogGroup": "g"}},
        )
        return SimpleNamespace(client=lambda _: client, messages=self._messages)

    def _messages(self, queue: str) -> list[Message]:
        return self.queue if queue == "q" else [in_dead_letter_queue(**one) for one in self.letters]

    def _page(self, logGroupName: str, startTime: int, filterPattern: str) -> list[dict[str, Any]]:  # noqa: N803 - boto3's
        return [{"events": [event for event in self.log if event["timestamp"] >= startTime]}]

    def says(self, state: str, at: float = 0.0, **more: Any) -> None:
        event = {"type": "order.created", "id": 999_999, "event_id": "e1"}
        line = {"level": "INFO", "message": state, "event": event, "notification": "order.created", **more}
        self.log.append({"timestamp": int((NOW + at) * 1000), "logStreamName": "s", "message": json.dumps(line)})


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    monkeypatch.setattr("time.time", lambda: NOW)
    return FakeCloud()


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def watch(cloud: FakeCloud, said: io.StringIO) -> Watch:
    outputs = {"TopicArn": "t", "FunctionName": "f", "DeadLetterQueueUrl": "d"}
    return Watch(cloud, outputs, Console(file=said, width=60), DemoSlack(cloud.slack, "demo"))  # type: ignore[arg-type]


@pytest.fixture
def with_queue(cloud: FakeCloud, said: io.StringIO) -> Watch:
    outputs = {"TopicArn": "t", "FunctionName": "f", "DeadLetterQueueUrl": "d", "QueueUrl": "q"}
    return Watch(cloud, outputs, Console(file=said, width=60), DemoSlack(cloud.slack, "demo"))  # type: ignore[arg-type]


def in_queue(identity: str = "e1", *, receives: int = 1, due: float = NOW + 360) -> Message:
    """A message as SNS leaves it. Received, it is in flight until `due`."""
    event = {"type": "order.created", "id": 999_999}
    body = {"Type": "Notification", "MessageId": identity, "Message": json.dumps(event)}
    return Message(f"m-{identity}", json.dumps(body), NOW - 1, receives, due, due <= NOW)


def in_dead_letter_queue(
    MessageId: str,  # noqa: N803 - SQS's names
    Body: str = "",  # noqa: N803
    MessageAttributes: dict[str, Any] | None = None,  # noqa: N803
    Attributes: dict[str, str] | None = None,  # noqa: N803
) -> Message:
    return Message(MessageId, Body, NOW, 0, NOW, True, MessageAttributes or {}, Attributes or {})


def new(said: io.StringIO) -> str:
    text = said.getvalue()
    said.seek(0)
    said.truncate()
    return text


def post(ts: str, text: str, edited: str | None = None) -> dict[str, Any]:
    return {"channel": "C1", "channel_name": "orders", "ts": ts, "text": text, "thread_ts": "", "edited": edited}


def test_an_edited_post_is_shown_again_and_counts_once(cloud: FakeCloud, watch: Watch, said: io.StringIO) -> None:
    looks = [
        ([post("1", "packed")], ["packed"]),
        ([post("1", "packed"), post("2", "another")], ["another"]),
        ([post("1", "shipped", "2026-01-05T10:00:00Z"), post("2", "another")], ["shipped", "#orders, edited"]),
        ([post("1", "shipped", "2026-01-05T10:00:00Z"), post("2", "another")], []),
    ]
    for posts, shown in looks:
        cloud.posts = posts
        assert watch.look() == len(posts)
        text = new(said)
        for words in ("packed", "another", "shipped", "#orders, edited"):
            assert (words in text) == (words in shown)


def test_what_waits_is_told_with_its_reason_and_its_time(cloud: FakeCloud, watch: Watch, said: io.StringIO) -> None:
    cloud.says("retry", code="ROW_NOT_FOUND", detail="order.created.yaml:9 lookups.order: no row for this id")
    watch.look()
    assert new(said) == (
        "Waiting: order.created 999999 ROW_NOT_FOUND order.created.yaml:9 lookups.order: no row for this id; "
        "again in 5 s (attempt 1)\n"
    )
    (fact,) = cloud.waiting
    assert (fact["type"], fact["id"], fact["code"], fact["attempt"]) == ("order.created", "999999", "ROW_NOT_FOUND", 1)
    assert fact["due"] == NOW + 5
    assert "check that the id exists" in fact["remedy"]
    watch.look()
    assert new(said) == ""


@pytest.mark.parametrize(
    ("attempts", "shown"),
    [
        ([("A", 1), ("A", 2), ("A", 3), ("A", 4), ("A", 5), ("A", 8), ("A", 9), ("A", 16)], [1, 2, 4, 8, 16]),
        ([("A", 1), ("B", 3), ("B", 5), ("A", 6)], [1, 3, 6]),
    ],
)
def test_what_waits_is_told_again_only_now_and_then(
    cloud: FakeCloud, watch: Watch, said: io.StringIO, attempts: list[tuple[str, int]], shown: list[int]
) -> None:
    for code, attempt in attempts:
        cloud.says("retry", attempt, code=code, attempt=attempt)
        watch.look()
    assert [int(line.split("attempt ")[1].rstrip(")")) for line in new(said).splitlines()] == shown
    assert [fact["attempt"] for fact in cloud.waiting] == [attempts[-1][1]]


@pytest.mark.parametrize("end", ["delivered", "suppressed", "parked", "repeated"])
@pytest.mark.parametrize(
    ("before", "after", "left"),
    [
        ({}, {}, 0),
        ({}, {"channel": "orders"}, 0),
        ({"channel": "orders"}, {"channel": "orders"}, 0),
        ({"channel": "orders"}, {"channel": "payments"}, 1),
        ({}, {"notification": "order.created.large"}, 1),
        ({}, {"notification": ""}, 0),
        ({}, {"event": {"type": "order.created", "id": 999_999, "event_id": "e2"}}, 1),
    ],
)
def test_what_has_ended_waits_no_more(
    cloud: FakeCloud, watch: Watch, end: str, before: dict[str, Any], after: dict[str, Any], left: int
) -> None:
    cloud.says("retry", code="A", **before)
    watch.look()
    assert len(cloud.waiting) == 1
    cloud.says(end, 5, **after)
    watch.look()
    assert len(cloud.waiting) == left


def test_lines_are_read_once_and_late_ones_are_not_missed(cloud: FakeCloud, watch: Watch, said: io.StringIO) -> None:
    cloud.says("retry", -60, code="BEFORE")
    cloud.says("retry", 10, code="A", channel="orders")
    watch.look()
    cloud.says("retry", 9, code="B", channel="payments")
    watch.look()
    assert [line.split()[3] for line in new(said).splitlines()] == ["A;", "B;"]


def test_what_was_parked_is_told_with_its_remedy(cloud: FakeCloud, watch: Watch, said: io.StringIO) -> None:
    told = {"type": "order.creatd", "id": "5", "code": "EVENT_TYPE_UNKNOWN", "detail": "nearest: order.created"}
    cloud.letters = [{"MessageId": "m", "MessageAttributes": {name: {"StringValue": told[name]} for name in told}}]
    for _ in range(2):
        assert watch.look() == 1
    assert new(said).splitlines() == [
        "Parked: order.creatd 5 EVENT_TYPE_UNKNOWN nearest: order.created",
        "  fix: add templates/<type>.yaml, or deploy with EventTypes=known",
    ]
    assert [fact["code"] for fact in cloud.told] == ["EVENT_TYPE_UNKNOWN"]


def test_a_message_is_told_to_the_page_with_its_event(cloud: FakeCloud, watch: Watch) -> None:
    cloud.says("retry", code="ROW_STUB", posted={"channel": "C1", "ts": "1.2"})
    cloud.says("delivered", channel="orders")
    watch.look()
    cloud.says("delivered", 5, posted={"channel": "C1", "ts": "1.2"})
    cloud.says("repeated", 6, posted={"channel": "C1", "ts": "1.2"})
    watch.look()
    watch.look()
    stub, fact = cloud.told
    assert stub["outcome"] == "retry"
    assert (fact["kind"], fact["channel"], fact["ts"]) == ("delivery", "C1", "1.2")
    assert (fact["template"], fact["outcome"], fact["id"]) == ("order.created.yaml", "delivered", "999999")


@pytest.mark.parametrize(
    ("receives", "due", "code"),
    [(1, NOW + 360, "IN_FLIGHT"), (0, NOW - 1, "READY"), (3, NOW - 1, "READY"), (0, NOW + 60, "DELAYED")],
)
def test_what_is_in_the_queue_is_shown_before_the_function_has_said_a_word(
    cloud: FakeCloud, with_queue: Watch, receives: int, due: float, code: str
) -> None:
    cloud.queue = [in_queue(receives=receives, due=due)]
    with_queue.look()
    (fact,) = cloud.waiting
    assert set(fact) == FIELDS["waiting"] | {"kind"}
    assert (fact["type"], fact["id"], fact["code"]) == ("order.created", "999999", code)
    assert (fact["attempt"], fact["due"]) == (receives, due)
    assert with_queue.queued == 1
    cloud.queue = []
    with_queue.look()
    assert (cloud.waiting, with_queue.queued) == ([], 0)


def test_what_is_in_flight_for_long_is_told_once_for_each_receive(
    cloud: FakeCloud, with_queue: Watch, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    for seconds, receives in ((0, 1), (9, 1), (10, 1), (20, 1), (361, 2), (372, 2)):
        monkeypatch.setattr("time.time", lambda seconds=seconds: NOW + seconds)
        cloud.queue = [in_queue(receives=receives, due=NOW + 360 * receives)]
        with_queue.look()
        told += new(said).splitlines()
    waiting = "Waiting: order.created 999999 IN_FLIGHT the function has received it and has not finished it; again in"
    assert told == [f"{waiting} 5 min 50 s (attempt 1)", f"{waiting} 5 min 48 s (attempt 2)"]


def test_what_the_function_has_spoken_of_is_shown_once(cloud: FakeCloud, with_queue: Watch) -> None:
    cloud.says("retry", code="ROW_NOT_FOUND")
    cloud.queue = [in_queue(due=NOW + 5)]
    with_queue.look()
    assert [fact["code"] for fact in cloud.waiting] == ["ROW_NOT_FOUND"]


def test_what_waits_is_due_when_its_message_comes_back(
    cloud: FakeCloud, with_queue: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The function died in the second attempt: what it said of the first one is no longer true."""
    cloud.says("retry", code="ROW_NOT_FOUND")
    cloud.queue = [in_queue(due=NOW + 5)]
    with_queue.look()
    assert cloud.waiting[0]["due"] == NOW + 5
    cloud.queue = [in_queue(receives=2, due=NOW + 366)]
    monkeypatch.setattr("time.time", lambda: NOW + 16)
    with_queue.look()
    assert cloud.waiting[0]["due"] == NOW + 366
    cloud.queue = []
    with_queue.look()
    assert cloud.waiting == []


def test_what_sqs_has_given_up_is_told_with_its_event(cloud: FakeCloud, with_queue: Watch, said: io.StringIO) -> None:
    system = {"DeadLetterQueueSourceArn": "arn:aws:sqs:us-east-1:1:q", "SentTimestamp": str(int(NOW * 1000))}
    cloud.letters = [{"MessageId": "m", "Body": in_queue().body, "Attributes": system}]
    with_queue.look()
    parked, fix = new(said).splitlines()
    assert parked.startswith("Parked: order.created 999999 SQS gave up: it was delivered too often")
    assert "timeouts and crashes" in fix
    assert [(fact["type"], fact["id"], fact["code"]) for fact in cloud.told] == [("order.created", "999999", "")]


def test_what_was_replayed_is_parked_no_more(cloud: FakeCloud, with_queue: Watch, said: io.StringIO) -> None:
    def letter(message: str) -> dict[str, Any]:
        attributes = {"type": {"StringValue": "order.created"}, "code": {"StringValue": "SLACK_CONFIG"}}
        return {"MessageId": message, "MessageAttributes": attributes}

    cloud.letters = [letter("one"), letter("two")]
    assert with_queue.look() == 2
    cloud.letters = [letter("two")]
    assert with_queue.look() == 1
    assert len(cloud.told) == 1
    new(said)
    cloud.letters = [letter("two"), letter("three")]
    assert with_queue.look() == 2
    assert len(new(said).splitlines()) == 2


def test_however_many_are_parked_all_are_counted(cloud: FakeCloud, watch: Watch, said: io.StringIO) -> None:
    attributes = {"type": {"StringValue": "order.created"}, "code": {"StringValue": "SLACK_CONFIG"}}
    cloud.letters = [{"MessageId": f"m{number}", "MessageAttributes": attributes} for number in range(13)]
    assert watch.look() == 13
    assert len(cloud.told) == 13
    new(said)
    cloud.letters = [{"MessageId": f"m{number}", "MessageAttributes": attributes} for number in range(MOST_PARKED + 5)]
    assert watch.look() == MOST_PARKED + 5
    assert cloud.told[-1] == {"kind": "more", "of": "parked", "count": 5}
    assert len(cloud.told) == MOST_PARKED + 1
    assert new(said).endswith("Parked: 5 more, which are shown once there are fewer before them\n")
    cloud.letters = cloud.letters[7:]
    assert watch.look() == MOST_PARKED - 2
    assert {fact["kind"] for fact in cloud.told} == {"parked"}
