"""From the release before to this one, with the stacks beside it, and on to another topic.

The local cloud refuses no update of an export that is imported: tests/infra/test_stack_changes.py looks for those.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import pytest

from lab import sam
from lab.aws import Aws
from lab.cloud import LocalCloud
from tests.e2e.conftest import Deployment
from tests.infra import alarm_kit, guides, plain
from tests.infra.changes import RELEASED

STACK: Final = "upgraded"
ALARMS: Final = f"{STACK}-alarms"
PUBLISHER: Final = f"{STACK}-publisher"


@pytest.fixture(scope="module")
def before(running_cloud: LocalCloud, artefact: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The release before, and the stacks beside it, which import from it."""
    folder = tmp_path_factory.mktemp("released")
    shutil.copytree(artefact, folder / "package")
    (folder / "package/RELEASE").write_text("the one before")  # other code, as each release has
    released = folder / "template.yaml"
    text = (RELEASED / "template.yaml").read_text("utf-8")
    released.write_text(text.replace("CodeUri: .", f"CodeUri: {folder / 'package'}"))
    deployment = Deployment(running_cloud, running_cloud.deploy(released, STACK))
    make(running_cloud.aws, ALARMS, "alarms")
    make(running_cloud.aws, PUBLISHER, "publisher")
    yield deployment
    for name in (ALARMS, PUBLISHER, STACK):
        sam.delete(running_cloud.aws, stack=name)


@pytest.fixture(scope="module")
def after(before: Deployment, built_template: Path) -> Deployment:
    """This release, deployed over it without another parameter."""
    return replace(before, outputs=before.cloud.deploy(built_template, STACK))


def make(aws: Aws, name: str, file: str) -> None:
    """Make a stack beside it as the release before has it."""
    client, given = aws.client("cloudformation"), [{"ParameterKey": "Notifier", "ParameterValue": STACK}]
    body = (RELEASED / f"{file}.yaml").read_text("utf-8")
    client.create_stack(StackName=name, TemplateBody=body, Parameters=given, Capabilities=["CAPABILITY_IAM"])
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


def resources(aws: Aws, stack: str) -> dict[str, str]:
    """What a stack's resources are called, by their logical ids; versions of the function aside."""
    pages = aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    found = [one for page in pages for one in page["StackResourceSummaries"]]
    return {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for one in found
        if one["ResourceType"] != "AWS::Lambda::Version"
    }


def name_alarms(aws: Aws, folder: Path) -> None:
    """Give the alarms the names that they watch, by the guide's command."""
    [example] = [one for one in guides.EXAMPLES if "infra/alarms.yaml" in one]
    (folder / "infra").mkdir()
    body = json.dumps(alarm_kit.without_math(plain.template("alarms")))
    (folder / "infra/alarms.yaml").write_text(body)
    guides.run(example.replace("notifier", STACK), folder, aws.env)


def canary_input(aws: Aws) -> str:
    """What the canary's schedule publishes, and where."""
    name = resources(aws, ALARMS)["CanarySchedule"]
    return str(aws.client("scheduler").get_schedule(Name=name)["Target"])


def given_names(aws: Aws) -> dict[str, str]:
    """The parameters of the alarms' stack."""
    [stack] = aws.client("cloudformation").describe_stacks(StackName=ALARMS)["Stacks"]
    return {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}


def test_this_release_makes_nothing_anew(before: Deployment, cloud: LocalCloud, built_template: Path) -> None:
    made = resources(cloud.aws, STACK)
    outputs = cloud.deploy(built_template, STACK)
    assert outputs == before.outputs
    assert resources(cloud.aws, STACK) == made
    before.publish_event({"type": "order.created", "id": 1042})
    before.posts(1)


def test_alarms_take_names_in_the_place_of_imports(after: Deployment, cloud: LocalCloud, tmp_path: Path) -> None:
    was = resources(cloud.aws, ALARMS)
    name_alarms(cloud.aws, tmp_path)
    given = given_names(cloud.aws)
    names = ("TopicArn", "QueueName", "DeadLetterQueueName", "FunctionName")
    assert {name: given[name] for name in names} == {name: after.outputs[name] for name in names}
    assert {name: resources(cloud.aws, ALARMS).get(name) for name in was} == was


def test_a_former_topic_keeps_its_policy_and_its_way_to_the_queue(
    after: Deployment, cloud: LocalCloud, built_template: Path, tmp_path: Path
) -> None:
    sns, old = cloud.aws.client("sns"), after.outputs["TopicArn"]
    given = sns.create_topic(Name="given")["TopicArn"]
    outputs = cloud.deploy(built_template, STACK, ExistingTopicArn=given)
    assert outputs == {**after.outputs, "TopicArn": given}
    assert not {"Topic", "TopicPolicy"} & resources(cloud.aws, STACK).keys()

    policy = json.loads(sns.get_topic_attributes(TopicArn=old)["Attributes"]["Policy"])
    assert "NothingInPlainText" in {one["Sid"] for one in policy["Statement"]}
    assert [taken(cloud.aws, outputs["QueueUrl"], topic) for topic in (old, given)] == [True, True]
    for number, topic in ((1042, old), (1043, given)):
        replace(after, outputs={"TopicArn": topic}).publish_event({"type": "order.created", "id": number})
    assert {post["text"].count("T-001042") for post in after.posts(2)} == {0, 1}

    name_alarms(cloud.aws, tmp_path)
    assert given_names(cloud.aws)["TopicArn"] == given
    assert given in canary_input(cloud.aws)


def taken(aws: Aws, queue: str, topic: str) -> bool:
    """Whether a queue's policy lets this topic send; the local cloud does not ask it."""
    attributes = aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"]
    statements: list[dict[str, Any]] = json.loads(attributes["Policy"])["Statement"]
    [allow] = [one for one in statements if one["Effect"] == "Allow"]
    return any(fnmatchcase(topic, pattern) for pattern in allow["Condition"]["ArnLike"]["aws:SourceArn"])
