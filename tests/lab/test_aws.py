"""The local AWS, and the unchanged template.yaml deployed to it with a function that only says what it was given."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from lab import sam
from lab.aws import TOOLS, Aws, running_aws
from lab.processes import listening, wait_until

DATABASES = "default=mysql://localhost:3306/shop;ca=certs/ca.pem other=mysql://localhost:3307/shop"
EVENT = {"type": "order.created", "id": 1042}
SECONDS = 30
SAYING = """
import json, os

def lambda_handler(event, context):
    print("given", json.dumps(event))
    print("databases", os.environ["NOTIFIER_DATABASES"])
    if "fail" in event:
        raise ValueError(event["fail"])
    return {"batchItemFailures": []}
"""
# What a developer may have set, none of which exists.
ELSEWHERE = {
    "AWS_PROFILE": "nobody",
    "AWS_REGION": "eu-central-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_CA_BUNDLE": "/nowhere.pem",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
}
MAKEFILE = """
build-NotifierFunction:
	cp -r handler "$(ARTIFACTS_DIR)"
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our template around a function that only says what it was given."""
    folder = tmp_path_factory.mktemp("source")
    (folder / "handler").mkdir()
    (folder / "handler/app.py").write_text(SAYING)
    (folder / "Makefile").write_text(MAKEFILE)
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(sam.ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def template(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sam.build(tmp_path_factory.mktemp("build"), source=source)


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with running_aws(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture(scope="module")
def parameters(aws: Aws) -> Mapping[str, str]:
    network = aws.create_network()
    subnets = ",".join(network.subnets)
    return {"SubnetIds": subnets, "SecurityGroupIds": network.security_group, "Databases": DATABASES}


def logged(aws: Aws, function: str, word: str) -> str:
    """The rest of the first line of the function's log that begins with a word; waits for it."""

    def found() -> str:
        return next((line for line in aws.logs(function) if line.startswith(word)), "")

    return wait_until(found, f"the function to log {word}", SECONDS).removeprefix(word).strip()


def test_it_listens_on_loopback_alone_and_is_gone_afterwards(tmp_path: Path) -> None:
    with running_aws(tmp_path) as aws:
        port = urlsplit(aws.endpoint).port
        assert port
        assert listening(port)
        with socket.socket() as other_address, pytest.raises(ConnectionRefusedError):
            other_address.connect(("127.0.0.2", port))
    assert not listening(port)


def test_this_machines_own_aws_settings_and_proxies_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: Path
) -> None:
    for name, value in ELSEWHERE.items():
        monkeypatch.setenv(name, value)
    with running_aws(tmp_path) as aws:
        assert aws.create_network().subnets
        assert sam.build(tmp_path, source=source).exists()


@pytest.mark.parametrize("intake", ["queue", "direct"])
def test_what_the_aws_command_line_publishes_reaches_the_function(
    aws: Aws, template: Path, parameters: Mapping[str, str], tmp_path: Path, intake: str
) -> None:
    said: list[str] = []
    given = {**parameters, "Intake": intake}
    outputs = sam.deploy(aws, template, given, folder=tmp_path, stack=intake, progress=said.append)
    command = [TOOLS / "aws/bin/aws", "sns", "publish", "--topic-arn", outputs["TopicArn"]]
    command += ["--message", json.dumps(EVENT)]
    env = {"PATH": os.defpath, "HOME": str(tmp_path), **aws.env}
    subprocess.run(command, env=env, check=True, capture_output=True)

    [record] = json.loads(logged(aws, outputs["FunctionName"], "given"))["Records"]
    notification = json.loads(record["body"]) if intake == "queue" else record["Sns"]
    assert json.loads(notification["Message"]) == EVENT
    assert logged(aws, outputs["FunctionName"], "databases") == DATABASES
    assert any("CREATE_COMPLETE" in line for line in said)


def test_event_types_keep_other_events_away(
    aws: Aws, template: Path, parameters: Mapping[str, str], tmp_path: Path
) -> None:
    given = {**parameters, "EventTypes": "order.paid,order.created"}
    outputs = sam.deploy(aws, template, given, folder=tmp_path, stack="filtered")
    for kind in ("stock.low", "order.created"):
        aws.client("sns").publish(TopicArn=outputs["TopicArn"], Message=json.dumps({**EVENT, "type": kind}))
    [record] = json.loads(logged(aws, outputs["FunctionName"], "given"))["Records"]
    assert "order.created" in record["body"]


def test_a_directly_subscribed_function_that_fails_leaves_the_event_in_the_dead_letter_queue(
    aws: Aws, template: Path, parameters: Mapping[str, str], tmp_path: Path
) -> None:
    outputs = sam.deploy(aws, template, {**parameters, "Intake": "direct"}, folder=tmp_path, stack="failing")
    payload = json.dumps({"fail": "on purpose"})
    aws.client("lambda").invoke(FunctionName=outputs["FunctionName"], InvocationType="Event", Payload=payload)

    def parked() -> list[dict[str, str]]:
        return aws.client("sqs").receive_message(QueueUrl=outputs["DeadLetterQueueUrl"]).get("Messages", [])

    [message] = wait_until(parked, "the dead letter", SECONDS)
    assert json.loads(message["Body"])["requestPayload"] == {"fail": "on purpose"}
    attempts = [line for line in aws.logs(outputs["FunctionName"]) if line.startswith("given")]
    assert len(attempts) == 3


def test_a_stack_is_changed_from_direct_to_queue_and_deleted(
    aws: Aws, template: Path, parameters: Mapping[str, str], tmp_path: Path
) -> None:
    outputs = sam.deploy(aws, template, {**parameters, "Intake": "direct"}, folder=tmp_path, stack="changing")
    assert "QueueUrl" not in outputs
    outputs = sam.deploy(aws, template, {**parameters, "Intake": "queue"}, folder=tmp_path, stack="changing")
    aws.client("sns").publish(TopicArn=outputs["TopicArn"], Message=json.dumps(EVENT))
    [record] = json.loads(logged(aws, outputs["FunctionName"], "given"))["Records"]
    assert record["eventSource"] == "aws:sqs"

    sam.delete(aws, stack="changing")
    functions = [one["FunctionName"] for one in aws.client("lambda").list_functions()["Functions"]]
    assert outputs["FunctionName"] not in functions
    assert outputs["DeadLetterQueueUrl"] in aws.client("sqs").list_queues()["QueueUrls"]


def test_a_deployment_that_is_refused_says_why(
    aws: Aws, template: Path, parameters: Mapping[str, str], tmp_path: Path
) -> None:
    with pytest.raises(sam.SamError, match=r"(?s)`sam deploy` failed .*Parameter 'Intake'"):
        sam.deploy(aws, template, {**parameters, "Intake": "pigeon"}, folder=tmp_path, stack="refused")


def test_a_build_that_fails_says_why(tmp_path: Path) -> None:
    shutil.copy(sam.ROOT / "template.yaml", tmp_path)
    (tmp_path / "Makefile").write_text("build-NotifierFunction:\n\techo the disk is full; exit 1\n")
    with pytest.raises(sam.SamError, match=r"(?s)`sam build` failed .*the disk is full"):
        sam.build(tmp_path, source=tmp_path)


def test_a_queue_is_looked_at_without_hiding_anything(aws: Aws) -> None:
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName="looked-at")["QueueUrl"]
    code = {"code": {"DataType": "String", "StringValue": "SLACK_CONFIG"}}
    for number in range(13):
        sqs.send_message(QueueUrl=queue, MessageBody=str(number), MessageAttributes=code)
    assert [one.body for one in aws.messages(queue)] == [str(number) for number in range(13)]
    first, *_ = aws.messages(queue)
    assert (first.visible, first.receives) == (True, 0)
    answer = sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"], AttributeNames=["All"])
    (received,) = answer["Messages"]
    assert first.attributes == received["MessageAttributes"]
    assert first.system["SentTimestamp"] == received["Attributes"]["SentTimestamp"]
