"""A stack on the local AWS as the on-call commands see it, and helpers to put data there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from handler import aws as function_aws
from handler.adapters.state.table import to_attributes
from handler.delivery.records import DeliveryKey, DeliveryRecord, Phase, encode
from lab.aws import Aws

_CODE = "def handler(event, context):\n    print('invoked as', context.invoked_function_arn)\n"


def template(*, direct: bool, live: bool, draining: bool) -> str:
    """Return the part of template.yaml's stack that on-call commands read, with a function that does nothing."""
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": 360}}
    table = {
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    }
    function = {
        "Runtime": "python3.13",
        "Handler": "index.handler",
        "Role": "arn:aws:iam::000000000000:role/none",
        "Code": {"ZipFile": _CODE},
        "Environment": {
            "Variables": {"NOTIFIER_SLACK": "webhook", "POWERTOOLS_SERVICE_NAME": {"Ref": "AWS::StackName"}}
        },
    }
    outputs = {
        "TopicArn": {"Ref": "Topic"},
        "DeadLetterQueueUrl": {"Ref": "DeadLetters"},
        "FunctionName": {"Ref": "Function"},
        "StateTableName": {"Ref": "Table"},
        **({} if direct else {"QueueUrl": {"Ref": "Queue"}}),
    }
    version = {"FunctionName": {"Ref": "Function"}}
    alias = {"FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]}, "Name": "live", **version}
    intake = f"{'direct' if direct else 'drain' if draining else 'queue'}{'-live' if live else ''}"
    document = {
        "Parameters": {"Intake": {"Type": "String", "Default": intake}},
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Queue": queue,
            "DeadLetters": {"Type": "AWS::SQS::Queue"},
            "Table": {"Type": "AWS::DynamoDB::Table", "Properties": table},
            "Function": {"Type": "AWS::Lambda::Function", "Properties": function},
            "Version": {"Type": "AWS::Lambda::Version", "Properties": version},
            "Alias": {"Type": "AWS::Lambda::Alias", "Properties": alias},
        },
        "Outputs": {name: {"Value": value} for name, value in outputs.items()},
    }
    return json.dumps(document)


@dataclass(frozen=True)
class OnCall:
    """A stack, and helpers to run commands on it."""

    aws: Aws
    stack: str
    outputs: Mapping[str, str]

    @classmethod
    def deployed(cls, aws: Aws, *, direct: bool = False, live: bool = False, draining: bool = False) -> OnCall:
        name = f"notifier-{uuid4().hex[:8]}"
        cloudformation = aws.client("cloudformation")
        cloudformation.create_stack(StackName=name, TemplateBody=template(direct=direct, live=live, draining=draining))
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        [found] = cloudformation.describe_stacks(StackName=name)["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in found["Outputs"]}
        group = f"/aws/lambda/{outputs['FunctionName']}"
        aws.client("logs").create_log_group(logGroupName=group)
        aws.client("logs").create_log_stream(logGroupName=group, logStreamName="one")
        return cls(aws, name, outputs)

    def run(self, *arguments: str) -> Result:
        environment = {**self.aws.env, "NOTIFIER_STACK": self.stack, "AWS_PROFILE": None, "COLUMNS": "100"}
        return CliRunner().invoke(main, arguments, env=environment)

    def asked(self, *arguments: str, status: int = 0) -> Any:
        """Run a command, and return its JSON output."""
        answer = self.run(*arguments, "--json")
        assert answer.exit_code == status, answer.output
        return json.loads(answer.stdout)

    def row(
        self,
        event: str,
        phase: Phase,
        *,
        notification: str = "order.created",
        channel: str = "orders",
        notice: bool = False,
        **fields: Any,
    ) -> None:
        """Put a row into the state table, as the function would."""
        key = DeliveryKey(event, notification, channel, notice)
        about = {"event_type": "order.created", "event_id": "1042"}
        record = DeliveryRecord(phase, **{"at": time.time(), **about, **fields})
        item = {**to_attributes(encode(key, record)), "written_by": {"S": "x"}}
        self.aws.client("dynamodb").put_item(TableName=self.outputs["StateTableName"], Item=item)

    def logged(self, *lines: tuple[float, dict[str, Any]]) -> None:
        """Put lines into the function's log, each with its time."""
        events = [
            {"timestamp": int(at * 1000), "message": json.dumps(line)}
            for at, line in sorted(lines, key=lambda one: one[0])
        ]
        group = f"/aws/lambda/{self.outputs['FunctionName']}"
        self.aws.client("logs").put_log_events(logGroupName=group, logStreamName="one", logEvents=events)

    def measured(self, namespace: str, name: str, at: float, value: float, **dimensions: str) -> None:
        """Put a data point of a metric, as the function or AWS would."""
        pairs = [{"Name": key, "Value": text} for key, text in dimensions.items()]
        datum = {"MetricName": name, "Dimensions": pairs, "Timestamp": at, "Value": value}
        self.aws.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=[datum])

    def parked(self, body: str, **attributes: str) -> str:
        """Put a message into the dead-letter queue, and return its id."""
        found = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        sqs = self.aws.client("sqs")
        answer = sqs.send_message(
            QueueUrl=self.outputs["DeadLetterQueueUrl"], MessageBody=body, MessageAttributes=found
        )
        return str(answer["MessageId"])

    def taken(self, queue: str) -> list[dict[str, Any]]:
        """Receive the messages that are visible in a queue."""
        answer = self.aws.client("sqs").receive_message(
            QueueUrl=self.outputs[queue], MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found


def notification(event: Mapping[str, Any], message_id: str, **attributes: str) -> str:
    """Return the body that SNS makes of an event."""
    wrapped = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": "arn:aws:sns:us-east-1:000000000000:events",
        "Message": json.dumps(event),
        "Timestamp": "2026-01-05T10:00:00.000Z",
        "MessageAttributes": {name: {"Type": "String", "Value": value} for name, value in attributes.items()},
    }
    return json.dumps(wrapped)


def line(state: str, identity: str, **fields: Any) -> dict[str, Any]:
    """Return a line of the function's log."""
    event = {"type": "order.created", "id": 1042, "event_id": identity}
    known = {"record": "r-1", "attempt": 1, "notification": "order.created", "channel": "orders"}
    return {"level": "INFO", "message": state, "event": event, "correlation_id": identity, **known, **fields}


@contextmanager
def polled_stack(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnCall]:
    """Create a stack on the local AWS; the function's own adapters run here."""
    for variable, value in aws.env.items():
        monkeypatch.setenv(variable, value)
    function_aws._session.cache_clear()
    yield OnCall.deployed(aws)
    function_aws._session.cache_clear()


def write_templates(folder: Path, event_type: str, template: str) -> str:
    """Write a folder with one template and a stage, and return its path."""
    (folder / "_stages").mkdir()
    (folder / "_stages/test.yaml").write_text("channels: {orders: C0ORDERS01}\nfallback: C0FALLBACK\n")
    (folder / f"{event_type}.yaml").write_text(template)
    return str(folder)
