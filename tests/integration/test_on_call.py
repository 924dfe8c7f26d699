"""`notifier explain`, `replay` and `balance` on a stack of the local AWS, without the function's own doing."""

from __future__ import annotations

import json
import re
import signal
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from click.testing import CliRunner

from cli import running
from cli.main import main
from cli.operations import accounting
from handler.delivery.records import Phase
from lab.aws import Aws, running_aws
from lab.processes import wait_until
from lab.sam import ROOT
from tests.infra import guides
from tests.operations_kit import OnCall, line, notification

EVENT = {"type": "order.created", "id": 1042}
HOUR = 3600.0


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with running_aws(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@pytest.fixture
def on_call(aws: Aws) -> OnCall:
    return OnCall.deployed(aws)


def test_an_event_is_explained_from_the_log_and_the_table(on_call: OnCall) -> None:
    now = time.time()
    on_call.logged(
        (now - 40, line("retry", "e-1", code="SLACK_RATE_LIMITED", age_seconds=1.5, due_in_seconds=30)),
        (now - 9, line("delivered", "e-1", attempt=2, age_seconds=32.5, milliseconds={"lookup": 12.3, "post": 80})),
        (now - 8, line("delivered", "e-10")),
        (now - 7, {"message": "discovery", "api": "default"}),
    )
    on_call.row("e-1", Phase.DELIVERED, at=now - 9.1, channel="orders")
    on_call.row("e-1", Phase.WAITING, channel="vip", at=now - 9.2, until=now + 60, code="SLACK_RATE_LIMITED")
    asked = on_call.asked("explain", "e-1")
    [event] = asked["events"]
    assert (event["event_id"], event["type"], event["id"]) == ("e-1", "order.created", "1042")
    stands = {one["channel"]: [one["state"], [step["what"] for step in one["steps"]]] for one in event["deliveries"]}
    assert stands == {
        "orders": ["delivered", ["rate limited", "delivered"]],
        "vip": ["waiting", ["waiting", "next"]],
    }
    assert asked["queue"]["visible"] == 0
    shown = on_call.run("explain", "order.created", "1042")
    assert shown.exit_code == 0
    for part in (
        "event_id e-1\n",
        "e-10",
        "looked up in 12 ms",
        "in 30 s",
        "still in the queue",
        "The intake queue holds 0",
    ):
        assert part in shown.stdout, shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 100


def test_a_parked_event_is_explained_with_what_to_do(on_call: OnCall) -> None:
    on_call.row("e-1", Phase.PARKED, code="SLACK_CONFIG")
    shown = on_call.run("explain", "e-1")
    assert shown.exit_code == 0
    for part in ("parked", "invite the app", f"notifier replay --stack {on_call.stack} --event-id e-1 --send"):
        assert part in shown.stdout


def test_what_the_function_never_ended_is_found_in_the_dead_letter_queue(on_call: OnCall) -> None:
    on_call.parked(notification(EVENT, "m-1"))
    on_call.row("m-1", Phase.SENDING, at=time.time() - 3 * HOUR)
    for name in ("m-1", on_call.parked(notification(EVENT, "m-2"))):
        [event] = on_call.asked("explain", name)["events"]
        assert [(one["state"], one["steps"][-1]["what"]) for one in event["deliveries"]] == [("parked", "parked")]
    assert len(on_call.taken("DeadLetterQueueUrl")) == 2


def test_an_unknown_event_gets_hints(on_call: OnCall) -> None:
    answer = on_call.run("explain", "e-404", "--since", "2d")
    assert answer.exit_code == 1
    for hint in ("Nothing is known of e-404", "for the last 2 d", on_call.outputs["TopicArn"]):
        assert hint in answer.stderr


def test_a_replay_is_shown_and_nothing_is_sent(on_call: OnCall) -> None:
    for number in range(12):
        on_call.parked(
            notification(EVENT, f"m-{number}"), code="SLACK_CONFIG", detail="is_archived", event_id=f"m-{number}"
        )
    on_call.parked("{", code="EVENT_NOT_JSON", event_id="m-bad")
    shown = on_call.run("replay", "--code", "slack_config")
    assert shown.exit_code == 0
    for part in ("13, chosen: 12", "SLACK_CONFIG  12 ×", "invite the app", "is_archived", "and 2 more"):
        assert part in shown.stdout, shown.stdout
    assert f"notifier replay --stack {on_call.stack} --code SLACK_CONFIG --send" in shown.stdout
    assert "m-bad" not in shown.stdout
    assert on_call.asked("replay", "--all")["chosen"] == 13  # all of them are there to be had again
    assert not on_call.taken("QueueUrl")


def test_a_replay_sends_what_was_chosen_as_it_came(on_call: OnCall) -> None:
    body = notification(EVENT, "m-1")
    on_call.parked(body, code="SLACK_CONFIG", event_id="m-1", first_sent_at="2026-01-05T09:00:00+00:00")
    on_call.parked(notification(EVENT, "m-2"), code="EVENT_TYPE_UNKNOWN", event_id="m-2")
    told = on_call.asked("replay", "--event-id", "m-1", "--send", "--per-second", "100")
    assert told["result"] == {"sent": 1, "interrupted": False, "problem": ""}
    [sent] = on_call.taken("QueueUrl")
    attributes = {name: one["StringValue"] for name, one in sent["MessageAttributes"].items()}
    assert sent["Body"] == body
    assert attributes.keys() == {"replayed_at", "first_sent_at"}
    assert attributes["first_sent_at"] == "2026-01-05T09:00:00.000+00:00"
    [left] = on_call.taken("DeadLetterQueueUrl")
    assert left["MessageAttributes"]["event_id"]["StringValue"] == "m-2"


@pytest.mark.parametrize("live", [False, True])
def test_a_replay_with_direct_intake_invokes_what_the_topic_invokes(aws: Aws, live: bool) -> None:
    directly = OnCall.deployed(aws, direct=True, live=live)
    failed = {
        "requestContext": {"condition": "RetriesExhausted"},
        "requestPayload": {"Records": [{"EventSource": "aws:sns", "Sns": json.loads(notification(EVENT, "m-1"))}]},
        "responsePayload": {"errorType": "UnfinishedError", "errorMessage": "ROW_NOT_FOUND: order.created.yaml:5"},
        "timestamp": "2026-01-05T10:05:00.000Z",
    }
    directly.parked(json.dumps(failed))
    directly.parked('{"requestContext": {}, "requestPayload": {"by": "hand"}}')
    assert directly.asked("replay", "--all", "--send", status=1)["result"]["sent"] == 1
    function = directly.outputs["FunctionName"]
    deadline = time.monotonic() + 30
    while not (said := [line for line in directly.aws.logs(function) if "invoked as" in line]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert [line.strip().endswith(f":function:{function}{':live' if live else ''}") for line in said] == [True]
    assert directly.asked("replay", "--all", status=1)["found"] == 1  # what holds no event stays


def test_a_replay_of_what_is_not_there_says_so(on_call: OnCall) -> None:
    assert on_call.asked("replay", "--all")["found"] == 0
    assert on_call.asked("replay", "--event-id", "m-404", status=1)["chosen"] == 0
    assert on_call.asked("replay")["command"] == f"notifier replay --stack {on_call.stack} --all --send"
    assert on_call.run("replay", "--send").exit_code == 2


def test_ctrl_c_leaves_each_letter_in_one_of_the_two_queues(on_call: OnCall) -> None:
    for number in range(6):
        on_call.parked(notification(EVENT, f"m-{number}"), code="SLACK_CONFIG")
    here = threading.main_thread().ident
    assert here

    def press() -> None:
        deadline = time.monotonic() + 30
        sqs = on_call.aws.client("sqs")
        while time.monotonic() < deadline:
            found = sqs.get_queue_attributes(QueueUrl=on_call.outputs["QueueUrl"], AttributeNames=["All"])
            if int(found["Attributes"]["ApproximateNumberOfMessages"]) >= 2:
                break
            time.sleep(0.02)
        signal.pthread_kill(here, signal.SIGINT)

    pressing = threading.Thread(target=press)
    pressing.start()
    told = on_call.asked("replay", "--all", "--send", "--per-second", "2", status=1)
    pressing.join()
    sent, left = len(on_call.taken("QueueUrl")), len(on_call.taken("DeadLetterQueueUrl"))
    assert told["result"]["interrupted"]
    assert told["result"]["sent"] == sent
    assert sent >= 2
    assert left >= 1
    assert sent + left == 6


def test_the_emergency_stop_of_the_runbook_stops_the_mapping_of_the_alias(aws: Aws, tmp_path: Path) -> None:
    on_call = OnCall.deployed(aws, live=True)
    client, queue = aws.client("lambda"), on_call.outputs["QueueUrl"]
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    function = f"{on_call.outputs['FunctionName']}:live"
    made = client.create_event_source_mapping(EventSourceArn=attributes["QueueArn"], FunctionName=function)

    def is_now(state: str) -> bool:
        return bool(client.get_event_source_mapping(UUID=made["UUID"])["State"] == state)

    section = (ROOT / "docs/runbook.md").read_text("utf-8").partition("## Stop everything")[2].partition("\n## ")[0]
    here = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }\n'  # of docs/local.md
    [stop] = re.findall(r"^```sh\n(.*?)^```", section, re.DOTALL | re.MULTILINE)
    [resume] = re.findall(r"`(aws lambda update-event-source-mapping [^`]*--enabled)`", section)
    environment = {**aws.env, "STACK": on_call.stack}
    guides.run(here + stop, tmp_path, environment)
    wait_until(lambda: is_now("Disabled"), "the mapping to be paused", 30)
    guides.run(f"{here}{stop}\n{resume}", tmp_path, environment)
    wait_until(lambda: is_now("Enabled"), "the mapping to be on again", 30)


def test_the_books_are_balanced(on_call: OnCall) -> None:
    now = time.time()
    on_call.row("e-1", Phase.DELIVERED)
    on_call.row("e-1", Phase.DELIVERED, channel="vip")
    on_call.row("e-2", Phase.SUPPRESSED, channel="-", code="WHEN")
    on_call.row("e-3", Phase.PARKED, channel="-", code="TEMPLATE_UNDEFINED")
    on_call.row("e-3", Phase.DELIVERED, notice=True)
    on_call.row("e-4", Phase.WAITING, until=now + 60, code="SLACK_RATE_LIMITED")
    on_call.row("e-5", Phase.DELIVERED, at=now - 30 * HOUR)  # before the window
    on_call.row("e-6", Phase.WAITING, at=now - 800 * HOUR)  # its time is over
    told = on_call.asked("balance")
    counted = {
        name: told[name] for name in ("received", "delivered", "suppressed", "parked", "queued", "lost", "notices")
    }
    assert counted == {
        "received": 5, "delivered": 2, "suppressed": 1, "parked": 1, "queued": 1, "lost": [], "notices": 1
    }  # fmt: skip
    shown = on_call.run("balance")
    assert "5 = 2 + 1 + 1 + 1" in shown.stdout
    assert max(map(len, shown.stdout.splitlines())) <= 100


def test_what_lambda_may_still_hold_is_not_lost_while_the_queue_is_drained(aws: Aws) -> None:
    """New events go past the queue, which is empty. Lambda holds those that it throttles for six hours."""
    draining = OnCall.deployed(aws, draining=True)
    now = time.time()
    draining.row("e-1", Phase.WAITING, at=now - 5 * HOUR)
    draining.row("e-2", Phase.WAITING, at=now - accounting.patience(None) - HOUR)
    told = draining.asked("balance", status=1)
    assert [one["event_id"] for one in told["lost"]] == ["e-2"]


def test_what_is_in_no_queue_is_lost(on_call: OnCall) -> None:
    long_ago = time.time() - accounting.patience(360) - 30 * HOUR
    on_call.row("e-1", Phase.DELIVERED)
    on_call.row("e-lost", Phase.SENDING, at=long_ago, until=long_ago + 20)
    on_call.row("m-given-up", Phase.WAITING, at=long_ago, until=long_ago + 20)
    on_call.parked(notification(EVENT, "m-given-up"))
    told = on_call.asked("balance", "--metric", status=1)
    assert [one["event_id"] for one in told["lost"]] == ["e-lost"]
    assert (told["parked"], told["queued"], told["unbalanced"]) == (1, 0, 1)
    metrics = on_call.aws.client("cloudwatch").list_metrics(Namespace="Notifier", MetricName="Unbalanced")["Metrics"]
    assert [{"Name": "service", "Value": on_call.stack}] in [one["Dimensions"] for one in metrics]
    shown = on_call.run("balance")
    assert shown.exit_code == 1
    assert "e-lost" in shown.stdout
    # While its message may still be in the queue, it is only late.
    on_call.aws.client("sqs").send_message(QueueUrl=on_call.outputs["QueueUrl"], MessageBody="{}")
    told = on_call.asked("balance")
    assert (told["queued"], told["late"], told["lost"]) == (1, 1, [])


YOUNG = {"ApproximateAgeOfOldestMessage": 5.0}
WORKS = {"NumberOfMessagesDeleted": 3.0}


@pytest.mark.parametrize(
    ("queue", "retried", "verdict"),
    [
        ({}, {}, "idle"),
        (YOUNG, {}, "idle"),  # the function cannot start, for example
        (YOUNG | WORKS, {}, "lost"),
        ({}, {"DB_BUSY": 400.0}, "lost"),  # an outage in which younger ones are tried again
        (YOUNG | WORKS, {"SLACK_HELD": 400.0, "SLACK_UNAVAILABLE": 40 * HOUR}, "late"),  # SQS has forgotten it
        (YOUNG | WORKS, {"ROW_NOT_FOUND": 40 * HOUR}, "late"),  # and so does the alarm, but it waits
        ({"ApproximateAgeOfOldestMessage": 40 * HOUR} | WORKS, {}, "late"),
    ],
)
def test_behind_younger_messages_only_what_is_not_tried_again_is_lost(
    on_call: OnCall, queue: dict[str, float], retried: dict[str, float], verdict: str
) -> None:
    half_an_hour_ago = time.time() - HOUR / 2
    on_call.row("e-1", Phase.WAITING, at=time.time() - 30 * HOUR)
    on_call.aws.client("sqs").send_message(QueueUrl=on_call.outputs["QueueUrl"], MessageBody="{}")
    name = on_call.outputs["QueueUrl"].rsplit("/", 1)[-1]
    for metric, value in queue.items():
        on_call.measured("AWS/SQS", metric, half_an_hour_ago, value, QueueName=name)
    for code, age in retried.items():
        on_call.measured("Notifier", "RetryAge", half_an_hour_ago, age, code=code, service=on_call.stack)
    told = on_call.asked("balance", status=1 if verdict == "lost" else 0)
    unseen = any("does not show that the function has worked" in note for note in told["notes"])
    assert told["late"] + len(told["lost"]) == 1
    assert ("lost" if told["lost"] else "idle" if unseen else "late") == verdict


@pytest.mark.parametrize("qualifier", ["", ":live"])
def test_a_paused_function_loses_nothing_even_if_others_take_from_the_queue(on_call: OnCall, qualifier: str) -> None:
    lambda_, sqs, queue = on_call.aws.client("lambda"), on_call.aws.client("sqs"), on_call.outputs["QueueUrl"]
    function = on_call.outputs["FunctionName"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    mapping = lambda_.create_event_source_mapping(FunctionName=function + qualifier, EventSourceArn=arn, Enabled=False)[
        "UUID"
    ]
    try:
        on_call.row("e-1", Phase.WAITING, at=time.time() - 30 * HOUR)
        sqs.send_message(QueueUrl=queue, MessageBody="{}")
        told = on_call.asked("balance")
        assert (told["late"], told["lost"]) == (1, [])
        assert told["notes"][0] == "The event source mapping is disabled: the function takes nothing from the queue."
        assert "mapping is disabled" in on_call.run("explain", "e-1").stdout
    finally:
        lambda_.delete_event_source_mapping(UUID=mapping)


@pytest.mark.parametrize("rows", [0, 1])
@pytest.mark.parametrize("state", ["ready", "in flight", "delayed"])
def test_what_is_in_the_queue_is_queued_whether_or_not_the_table_knows_it(
    on_call: OnCall, state: str, rows: int
) -> None:
    sqs, queue = on_call.aws.client("sqs"), on_call.outputs["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="{}", DelaySeconds=600 if state == "delayed" else 0)
    if state == "in flight":
        assert sqs.receive_message(QueueUrl=queue)["Messages"]
    on_call.row("e-1", Phase.DELIVERED)
    for _ in range(rows):
        on_call.row("e-2", Phase.SENDING)
        on_call.row("e-2", Phase.WAITING, channel="vip")
    told = on_call.asked("balance")
    queued = max(1, 2 * rows)
    assert (told["queued"], told["received"], told["unrecorded"]) == (queued, 1 + queued, 1 - rows)
    assert (told["lost"], told["unbalanced"]) == ([], 0)
    counts = {"ready": "visible", "in flight": "in_flight", "delayed": "delayed"}
    assert {name: told["queue"][name] for name in counts.values()} == {
        name: int(word == state) for word, name in counts.items()
    }
    shown = " ".join(on_call.run("balance").stdout.split())
    assert f"1 {state}" in shown
    assert f"{1 + queued} = 1 + 0 + 0 + {queued}" in shown


def test_an_event_that_is_in_flight_before_a_word_was_said_of_it_is_not_unknown(on_call: OnCall) -> None:
    sqs, queue = on_call.aws.client("sqs"), on_call.outputs["QueueUrl"]
    assert "It may be in the queue" not in on_call.run("explain", "order.created", "1042").stderr
    sqs.send_message(QueueUrl=queue, MessageBody="{}")
    assert sqs.receive_message(QueueUrl=queue)["Messages"]
    said = on_call.run("explain", "order.created", "1042").stderr
    assert "It may be in the queue, which holds 1 message: 0 ready, 1 in flight, 0 delayed." in said
    assert "it comes back within 6 min" in said


def test_what_was_published_is_compared_with_what_was_seen(on_call: OnCall) -> None:
    then = time.time() - HOUR
    on_call.row("e-1", Phase.DELIVERED, at=then)
    topic = on_call.outputs["TopicArn"].rsplit(":", 1)[-1]
    for published, missing in ((2, 0), (10, 9)):
        value = published if not missing else published - 2
        on_call.measured("AWS/SNS", "NumberOfMessagesPublished", then, value, TopicName=topic)
        told = on_call.asked("balance", status=1 if missing else 0)
        assert told["published"] == {"count": published, "seen": 1, "difference": missing}


def test_what_the_stack_ignores_is_not_missing(on_call: OnCall) -> None:
    then = time.time() - HOUR
    on_call.row("e-1", Phase.DELIVERED, at=then)
    topic = on_call.outputs["TopicArn"].rsplit(":", 1)[-1]
    on_call.measured("AWS/SNS", "NumberOfMessagesPublished", then, 31, TopicName=topic)
    on_call.measured("Notifier", "Ignored", then, 30, service=on_call.stack)
    told = on_call.asked("balance")
    assert told["published"] == {"count": 1, "seen": 1, "difference": 0}
    assert any("30 events" in note for note in told["notes"])


def test_the_help_lists_the_rights_that_balance_takes(on_call: OnCall, monkeypatch: pytest.MonkeyPatch) -> None:
    sqs, queue, topic = on_call.aws.client("sqs"), on_call.outputs["QueueUrl"], on_call.outputs["TopicArn"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    on_call.aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    name = topic.rsplit(":", 1)[-1]
    on_call.measured("AWS/SNS", "NumberOfMessagesPublished", time.time() - HOUR, 1, TopicName=name)
    on_call.row("e-1", Phase.WAITING, at=time.time() - 30 * HOUR)
    on_call.parked(notification(EVENT, "m-1"))
    sqs.send_message(QueueUrl=queue, MessageBody="{}")
    call, taken = BaseClient._make_api_call, set()

    def recorded(client: Any, operation: str, arguments: Any) -> Any:
        taken.add(f"{client.meta.service_model.service_name}:{operation.removesuffix('Batch')}")
        return call(client, operation, arguments)

    with monkeypatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", recorded)
        on_call.asked("balance", "--metric")
    listed = re.findall(r"\b[a-z]+:[A-Z][A-Za-z]+", on_call.run("balance", "--help").stdout)
    assert sorted(listed) == sorted(taken)


def test_what_cannot_be_sent_stays_parked(on_call: OnCall) -> None:
    on_call.parked(notification(EVENT, "m-1"), code="SLACK_CONFIG")
    on_call.aws.client("sqs").delete_queue(QueueUrl=on_call.outputs["QueueUrl"])
    told = on_call.asked("replay", "--all", "--send", status=1)
    assert told["result"]["sent"] == 0
    assert "Could not send to the intake queue" in told["result"]["problem"]
    assert len(on_call.taken("DeadLetterQueueUrl")) == 1


def test_of_a_large_dead_letter_queue_a_part_is_looked_at(on_call: OnCall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("cli.commands.replay"), "LIMIT", 12)
    for number in range(15):
        on_call.parked(notification(EVENT, f"m-{number}"), code="SLACK_CONFIG")
    shown = on_call.run("replay", "--all", "--send", "--per-second", "100")
    assert "12 sent again" in shown.stdout
    assert "run it again for the rest" in shown.stdout
    assert on_call.asked("replay", "--all")["found"] == 3


def test_without_a_name_it_is_the_stack_of_the_running_demo(
    on_call: OnCall, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with running.announced(on_call.outputs["TopicArn"], on_call.aws.env, on_call.stack, "http://127.0.0.1:1/"):
        answer = CliRunner().invoke(main, ["balance", "--json"])
    assert json.loads(answer.stdout)["stack"] == on_call.stack
    assert answer.stderr == "Using the demo that runs here: http://127.0.0.1:1/\n"


def test_what_the_environment_names_wins_over_the_running_demo(
    on_call: OnCall, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with running.announced("arn:topic", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "the-demo"):
        answer = on_call.run("balance", "--json")
        assert json.loads(answer.stdout)["stack"] == on_call.stack
        nameless = CliRunner().invoke(main, ["balance"], env={**on_call.aws.env, "NOTIFIER_STACK": None})
    assert "AWS_ENDPOINT_URL is set: the command uses that AWS" in nameless.stderr
    assert "There is no stack notifier in us-east-1" in nameless.stderr


@pytest.mark.parametrize("command", [("explain", "e-1"), ("replay", "--all"), ("balance",)])
def test_a_stack_that_is_not_there_is_a_clear_answer(on_call: OnCall, command: tuple[str, ...]) -> None:
    answer = on_call.run(*command, "--stack", "nothing")
    assert answer.exit_code == 2
    assert "There is no stack nothing in us-east-1. Name yours with --stack" in answer.stderr
