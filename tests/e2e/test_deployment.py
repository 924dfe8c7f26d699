"""The life of a deployment: made by the real SAM, imported from by the stacks beside it, changed, and removed."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from cli.packaging import role
from lab import sam
from lab.aws import Aws
from lab.cloud import LocalCloud
from tests.e2e.conftest import Deployment
from tests.infra import alarm_kit, guides, plain

STACK: Final = "whole"
EVENT: Final = {"type": "order.created", "id": 1042}
# Beside it, from its outputs alone. What the local cloud can make of the others is in test_infra_stacks.py.
BESIDE: Final = ("publisher", "alarms")


@pytest.fixture(scope="module")
def made(running_cloud: LocalCloud, built_template: Path) -> Iterator[Deployment]:
    yield Deployment(running_cloud, running_cloud.deploy(built_template, STACK, Polls="on"))
    if STACK in stacks(running_cloud.aws):
        sam.delete(running_cloud.aws, stack=STACK)


def stacks(aws: Aws) -> set[str]:
    found = aws.client("cloudformation").describe_stacks()["Stacks"]
    return {one["StackName"] for one in found if one["StackStatus"] != "DELETE_COMPLETE"}


def mapping(deployment: Deployment) -> dict[str, Any]:
    client = deployment.cloud.aws.client("lambda")
    found = client.list_event_source_mappings(FunctionName=deployment.outputs["FunctionName"])["EventSourceMappings"]
    [one] = found
    return dict(one)


def test_the_stacks_beside_it_take_its_outputs_by_its_name(made: Deployment) -> None:
    for name in BESIDE:
        make_and_remove(made.cloud.aws, name, Notifier=STACK)


def make_and_remove(aws: Aws, name: str, **parameters: str) -> None:
    """One of the stacks beside it."""
    client = aws.client("cloudformation")
    body = json.dumps(alarm_kit.without_math(plain.template(name)))
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    client.create_stack(StackName=name, TemplateBody=body, Parameters=given, Capabilities=["CAPABILITY_IAM"])
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    sam.delete(aws, stack=name)


def test_the_guides_command_gives_the_alarms_its_outputs_as_names(made: Deployment, tmp_path: Path) -> None:
    aws = made.cloud.aws
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra/alarms.yaml").write_text(json.dumps(alarm_kit.without_math(plain.template("alarms"))), "utf-8")
    [command, *_] = re.findall(r"```sh\n(.*?)```", (sam.ROOT / "docs/alarms.md").read_text("utf-8"), re.DOTALL)
    script = command.replace("--stack-name notifier ", f"--stack-name {STACK} ")
    guides.run(script.replace("Notifier=notifier", f"Notifier={STACK} Polls=on"), tmp_path, aws.env)
    try:
        [stack] = aws.client("cloudformation").describe_stacks(StackName="notifier-alarms")["Stacks"]
        given = {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}
        names = {"TopicArn", "QueueName", "DeadLetterQueueName", "TickDeadLetterQueueName", "FunctionName"}
        assert {name: given[name] for name in names} == {name: made.outputs[name] for name in names}
        topic = made.outputs["TopicArn"].split(":")[-1]
        watched = {STACK, topic, *(made.outputs[name] for name in names - {"TopicArn"})}
        assert watched <= {value for one in alarms_of(aws) for value in one.values()}
    finally:
        sam.delete(aws, stack="notifier-alarms")


def alarms_of(aws: Aws) -> list[dict[str, str]]:
    """The dimensions of each alarm."""
    found = aws.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return [{one["Name"]: one["Value"] for one in alarm["Dimensions"]} for alarm in found]


def test_the_doctor_finds_it_well_and_posts_nothing(made: Deployment, cloud: LocalCloud) -> None:
    env = {**os.environ, **cloud.aws.env}
    command = [sam.ROOT / ".venv/bin/notifier", "doctor", "--stack", STACK, "--no-egress", "--json"]
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    found = {one["name"]: one["state"] for one in json.loads(ran.stdout)["checks"]}
    assert (ran.returncode, [name for name, state in found.items() if state == "failed"]) == (0, []), ran.stdout
    assert {"function", "mapping", "settings", "state table", "queue", "database default", "Slack"} <= found.keys()
    assert cloud.slack.messages() == []


def test_a_changed_parameter_is_in_use_and_nothing_that_holds_events_is_replaced(
    made: Deployment, cloud: LocalCloud, built_template: Path
) -> None:
    after = cloud.deploy(built_template, STACK, MemorySize="512", EventTypes="known")
    assert after["QueueUrl"] == made.outputs["QueueUrl"]
    assert after["StateTableName"] == made.outputs["StateTableName"]
    function = cloud.aws.client("lambda").get_function_configuration(FunctionName=after["FunctionName"])
    assert function["MemorySize"] == 512
    assert function["Environment"]["Variables"]["NOTIFIER_UNKNOWN_TYPE"] == "ignore"
    changed = replace(made, outputs=after)
    changed.publish_event(EVENT)
    changed.posts(1)


def test_a_role_that_is_given_takes_the_place_of_the_stacks_own(
    made: Deployment, cloud: LocalCloud, built_template: Path
) -> None:
    iam = cloud.aws.client("iam")
    trust, policy = role.TRUST.read_text("utf-8"), role.PERMISSIONS.read_text("utf-8")
    given = iam.create_role(Path="/team/", RoleName="given", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    iam.put_role_policy(RoleName="given", PolicyName="notifier", PolicyDocument=policy)
    after = cloud.deploy(built_template, STACK, RoleArn=given)
    function = cloud.aws.client("lambda").get_function_configuration(FunctionName=after["FunctionName"])
    assert (function["Role"], schedule_of(cloud.aws, STACK)["Target"]["RoleArn"]) == (given, given)
    assert after["FunctionRoleArn"] == given
    assert [one for one in iam.list_roles()["Roles"] if one["RoleName"].startswith(f"{STACK}-")] == []
    replace(made, outputs=after).publish_event(EVENT)
    made.posts(1)


def test_what_holds_events_or_state_outlives_the_stack(made: Deployment) -> None:
    aws = made.cloud.aws
    sam.delete(aws, stack=STACK)
    assert STACK not in stacks(aws)
    for queue in (made.outputs["QueueUrl"], made.outputs["DeadLetterQueueUrl"]):
        aws.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    aws.client("dynamodb").describe_table(TableName=made.outputs["StateTableName"])
    policy = aws.client("sns").get_topic_attributes(TopicArn=made.outputs["TopicArn"])["Attributes"]["Policy"]
    assert "NothingInPlainText" in policy
    functions = aws.client("lambda").list_functions()["Functions"]
    assert made.outputs["FunctionName"] not in {one["FunctionName"] for one in functions}


def test_polls_get_a_schedule_with_a_role_of_its_own(cloud: LocalCloud, built_template: Path) -> None:
    aws = cloud.aws
    outputs = cloud.deploy(built_template, "polling", Intake="queue-live", Polls="on")
    try:
        schedule = schedule_of(aws, "polling")
        assert (schedule["ScheduleExpression"], schedule["State"]) == ("rate(1 minute)", "ENABLED")
        target = schedule["Target"]
        assert (target["Arn"], json.loads(target["Input"])) == (outputs["FunctionAlias"], {"notifier": "tick"})
        assert target["DeadLetterConfig"]["Arn"].endswith(f":{outputs['TickDeadLetterQueueName']}")
        role = aws.client("iam").get_role(RoleName=target["RoleArn"].rpartition("/")[2])["Role"]
        assert "scheduler.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"])
        function = aws.client("lambda").get_function_configuration(FunctionName=outputs["FunctionName"])
        assert function["Environment"]["Variables"]["NOTIFIER_POLLS"] == "on"
        make_and_remove(aws, "alarms", Notifier="polling", Polls="on")
        cloud.deploy(built_template, "polling", Intake="queue", Polls="on")
        assert schedule_of(aws, "polling")["Target"]["Arn"] == function["FunctionArn"]
        cloud.deploy(built_template, "polling", Intake="queue", Polls="off")
        assert schedules_of(aws, "polling") == []
    finally:
        sam.delete(aws, stack="polling")


def schedules_of(aws: Aws, stack: str) -> list[str]:
    found = aws.client("scheduler").list_schedules()["Schedules"]
    return [one["Name"] for one in found if one["Name"].startswith(f"{stack}-")]


def schedule_of(aws: Aws, stack: str) -> dict[str, Any]:
    [name] = schedules_of(aws, stack)
    return dict(aws.client("scheduler").get_schedule(Name=name))


def test_events_go_to_the_published_version_on_request(cloud: LocalCloud, built_template: Path) -> None:
    live = Deployment(cloud, cloud.deploy(built_template, "live", Intake="queue-live"))
    try:
        assert mapping(live)["FunctionArn"] == live.outputs["FunctionAlias"]
        live.publish_event(EVENT)
        [post] = live.posts(1)
        assert "T-001042" in post["text"]
    finally:
        sam.delete(cloud.aws, stack="live")
