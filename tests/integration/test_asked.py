"""What the demo's page asks, on a stack of the local AWS, without the function's own doing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.operations.stack import of_outputs
from cli.page_requests import Answers
from lab.aws import Aws, running_aws
from tests.operations_kit import OnCall, line, notification

EVENT = {"type": "order.created", "id": 1042}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with running_aws(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@pytest.fixture
def on_call(aws: Aws) -> OnCall:
    return OnCall.deployed(aws)


@pytest.fixture
def answers(on_call: OnCall, tmp_path: Path) -> Answers:
    return Answers(of_outputs(on_call.stack, on_call.aws, on_call.outputs), tmp_path)


def test_an_event_is_published_under_the_identity_that_is_told(on_call: OnCall, answers: Answers) -> None:
    sns, arn = on_call.aws.client("sns"), "arn:aws:sqs:us-east-1:000000000000:"
    queue = on_call.outputs["QueueUrl"].rpartition("/")[2]
    sns.subscribe(TopicArn=on_call.outputs["TopicArn"], Protocol="sqs", Endpoint=f"{arn}{queue}")
    event = answers.of({"publish": {"type": "order.created", "id": "1042"}})["answer"]["event"]
    (message,) = on_call.aws.messages(on_call.outputs["QueueUrl"])
    body = json.loads(message.body)
    assert (body["MessageId"], json.loads(body["Message"])) == (event, EVENT)


@pytest.mark.parametrize(
    ("data", "published"), [("", {}), (" ", {}), ('{"by": "花"}', {"data": {"by": "花"}}), ("{", None), ("[1]", None)]
)
def test_an_event_has_the_data_that_were_typed(on_call: OnCall, answers: Answers, data: str, published: Any) -> None:
    sns, arn = on_call.aws.client("sns"), "arn:aws:sqs:us-east-1:000000000000:"
    queue = on_call.outputs["QueueUrl"].rpartition("/")[2]
    sns.subscribe(TopicArn=on_call.outputs["TopicArn"], Protocol="sqs", Endpoint=f"{arn}{queue}")
    answer = answers.of({"publish": {"type": "order.created", "id": "1042", "data": data}})
    bodies = [json.loads(json.loads(one.body)["Message"]) for one in on_call.aws.messages(on_call.outputs["QueueUrl"])]
    if published is None:
        assert (answer["error"][:7], bodies) == ("`data` ", [])
    else:
        assert bodies == [{**EVENT, **published}]


@pytest.mark.parametrize("aside", [False, True])
def test_the_chosen_letters_are_sent_again_and_the_others_stay(on_call: OnCall, answers: Answers, aside: bool) -> None:
    names = [on_call.parked(notification(EVENT, f"s-{number}"), code="SLACK_CONFIG") for number in range(13)]
    broken = on_call.parked('{"requestContext": {}, "requestPayload": {}}')
    question = {"replay": [names[0], names[12], broken, "gone"]}
    found: list[Any] = []
    if aside:  # where no signal comes
        thread = threading.Thread(target=lambda: found.append(answers.of(question)))
        thread.start()
        thread.join()
    else:
        found.append(answers.of(question))
    (done,) = (one["answer"] for one in found)
    assert {one["message"]: one["event"] for one in done["sent"]} == {names[0]: "s-0", names[12]: "s-12"}
    assert ([one["message"] for one in done["left"]], done["problem"]) == ([broken], "")
    assert len(on_call.aws.messages(on_call.outputs["QueueUrl"])) == 2
    left = on_call.aws.messages(on_call.outputs["DeadLetterQueueUrl"])
    assert [one.id for one in left] == [*names[1:12], broken]
    assert all(one.visible for one in left)


def test_the_story_is_that_of_explain_in_the_language_of_the_reader(on_call: OnCall, answers: Answers) -> None:
    on_call.logged((time.time() - 9, line("delivered", "e-1", milliseconds={"post": 80})))
    told = answers.of({"story": "e-1", "lang": "ja"})["answer"]
    assert told["notes"] == []
    assert told["events"][0]["deliveries"][0]["steps"][0]["what"] == "delivered"
    assert "投稿" in str(told["events"][0]["deliveries"][0]["steps"][0]["facts"])
    assert answers.of({"story": "nobody"})["answer"]["events"] == []


@pytest.mark.parametrize(
    "question", [{}, {"odd": 1}, {"publish": {"type": "a"}}, {"replay": "m"}, {"story": 5, "lang": ["ja"]}]
)
def test_another_question_is_refused(answers: Answers, question: dict[str, Any]) -> None:
    assert answers.of(question) == {"error": "There is no such question."}


def test_what_cannot_be_asked_of_aws_is_said(on_call: OnCall, tmp_path: Path) -> None:
    gone = {**on_call.outputs, "TopicArn": "arn:aws:sns:us-east-1:000000000000:gone", "FunctionName": "gone"}
    answers = Answers(of_outputs(on_call.stack, on_call.aws, gone), tmp_path)
    for question in ({"publish": {"type": "a", "id": "1"}}, {"story": "e"}, {"notification": "a", "id": "1"}):
        assert answers.of(question)["error"].startswith("Could not ")
