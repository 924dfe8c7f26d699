"""Where a stack's parts are is read from what CloudFormation says of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.operations import stack
from cli.operations.aws_errors import UnansweredError

OUTPUTS = {
    "TopicArn": "arn:aws-cn:sns:cn-north-1:123456789012:notifier-Topic-1",
    "QueueUrl": "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/notifier-Queue-1",
    "DeadLetterQueueUrl": "https://dead",
    "FunctionName": "notifier-Function-1",
    "StateTableName": "table",
}


class Aws:
    """CloudFormation with one stack, and Lambda, which notes whose configuration it is asked for."""

    def __init__(self, parameters: dict[str, str], outputs: dict[str, str]) -> None:
        self.meta = SimpleNamespace(region_name="cn-north-1")
        self._parameters = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        self._outputs = [{"OutputKey": name, "OutputValue": value} for name, value in outputs.items()]
        self.asked: list[str] = []

    def client(self, _service: str) -> Any:
        return self

    def describe_stacks(self, **_: Any) -> Any:
        return {"Stacks": [{"Parameters": self._parameters, "Outputs": self._outputs}]}

    def get_function_configuration(self, FunctionName: str) -> Any:  # noqa: N803 - boto3's
        self.asked.append(FunctionName)
        return {}


def found(
    monkeypatch: pytest.MonkeyPatch, parameters: dict[str, str], outputs: dict[str, str] = OUTPUTS
) -> tuple[stack.Stack, Aws]:
    aws = Aws(parameters, outputs)
    monkeypatch.setattr(stack, "Account", lambda _: aws)
    return stack.find("notifier"), aws


@pytest.mark.parametrize(
    ("parameters", "alias"),
    [
        ({}, ""),  # deployed before there was such a parameter
        ({"Intake": "queue"}, ""),
        ({"Intake": "direct"}, ""),
        ({"Intake": "drain"}, ""),
        ({"Stage": "pre-live"}, ""),
        ({"Stage": "prod", "Intake": "queue-live"}, "live"),
        ({"Intake": "direct-live"}, "live"),
        ({"Intake": "drain-live"}, "live"),
    ],
)
def test_events_go_to_the_alias_if_intake_says_so(
    monkeypatch: pytest.MonkeyPatch, parameters: dict[str, str], alias: str
) -> None:
    deployed, aws = found(monkeypatch, parameters)
    invoked = f"notifier-Function-1{':live' if alias else ''}"
    assert (deployed.alias, deployed.invoked) == (alias, invoked)
    assert deployed.is_draining == parameters.get("Intake", "").startswith("drain")
    deployed.configuration()
    assert aws.asked == [invoked]


def test_the_queues_arn_is_in_the_place_of_the_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    deployed, _ = found(monkeypatch, {})
    assert deployed.queue_arn == "arn:aws-cn:sqs:cn-north-1:123456789012:notifier-Queue-1"


def test_a_stack_without_the_outputs_is_no_notifier(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnansweredError, match="no output FunctionName, StateTableName: it is not a notifier"):
        found(monkeypatch, {}, {name: OUTPUTS[name] for name in ("TopicArn", "DeadLetterQueueUrl")})
