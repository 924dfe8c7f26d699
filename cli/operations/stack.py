"""The deployed stack that a command works on: its resources, and AWS clients for them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol, TypeVar

import click

from cli import running
from cli.language import say
from cli.operations.aws_errors import UnansweredError, asking

# Longer than the function's timeout.
INVOKED_SECONDS: Final = 75
# The alias of the version that was published last: see template.yaml.
LIVE: Final = "live"
REQUIRED: Final = ("TopicArn", "DeadLetterQueueUrl", "FunctionName", "StateTableName")
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Clients(Protocol):
    """Something that returns AWS clients."""

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service."""


class Account:
    """AWS with the credentials of the environment, or with those of a running demo (as AWS_* variables)."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service. Raises UnansweredError, for example if no region is set."""
        if service not in self._clients:
            with asking(say("use {service}", service=service), f"{service}:*"):
                self._clients[service] = self._made(service)
        return self._clients[service]

    def _made(self, service: str) -> Any:
        try:
            return self._session.client(service, endpoint_url=self._given("AWS_ENDPOINT_URL"), config=_config(service))
        except ValueError as error:
            raise UnansweredError(say("AWS_ENDPOINT_URL is no address: {why}", why=error)) from None

    @cached_property
    def _session(self) -> Any:
        import boto3

        return boto3.Session(
            # The AWS command line reads this variable; boto3 does not.
            region_name=self._given("AWS_REGION") or os.environ.get("AWS_REGION"),
            aws_access_key_id=self._given("AWS_ACCESS_KEY_ID"),
            aws_secret_access_key=self._given("AWS_SECRET_ACCESS_KEY"),
        )

    def _given(self, name: str) -> str | None:
        return self._environment.get(name)


def _config(service: str) -> Any:
    """Return the client's configuration. An invocation may take a minute, and must not be repeated on a timeout."""
    from botocore.config import Config

    return Config(read_timeout=INVOKED_SECONDS, retries={"total_max_attempts": 1}) if service == "lambda" else None


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack's outputs. With direct intake, `queue` is empty, and the topic invokes the function.

    `alias` names the published version that receives events (Intake=...-live). If it is empty, $LATEST does. With
    `is_draining`, the stack still has a queue, but new events do not go through it.
    """

    name: str
    account: Clients
    topic: str
    queue: str
    dead_letters: str
    function: str
    table: str
    alias: str = ""
    is_draining: bool = False

    @property
    def invoked(self) -> str:
        """Return the function's name with its alias, if it has one: what the events invoke."""
        return f"{self.function}:{self.alias}" if self.alias else self.function

    @property
    def queue_arn(self) -> str:
        """Return the ARN of the intake queue, which is in the topic's account and region; empty with direct intake."""
        if not self.queue:
            return ""
        place = self.topic.rpartition(":")[0].replace(":sns:", ":sqs:", 1)
        return f"{place}:{self.queue.rpartition('/')[2]}"

    def client(self, service: str) -> Any:
        """Return the boto3 client of a service."""
        return self.account.client(service)

    def configuration(self) -> Mapping[str, Any]:
        """Return the configuration of the version that receives events. Raises UnansweredError."""
        with asking(say("read the function's configuration"), "lambda:GetFunctionConfiguration"):
            answer: dict[str, Any] = self.client("lambda").get_function_configuration(FunctionName=self.invoked)
            return answer


def option(command: _Command) -> _Command:
    """Add --stack to a command."""
    return click.option(
        "--stack",
        "stack_name",
        metavar="NAME",
        envvar="NOTIFIER_STACK",
        help=f"The CloudFormation stack [NOTIFIER_STACK]. Default: that of this checkout's demo, else {running.STACK}.",
    )(command)


def find(name: str | None) -> Stack:
    """Return the stack with this name; without a name, that of the running demo, else `notifier`.

    Raises UnansweredError, with what to do.
    """
    demo = None if name else running.chosen()
    if not name:
        running.tell()
    account = Account(demo.environment if demo else {})
    name = name or (demo.stack if demo else running.STACK)
    described = _described(account, name)
    intake = _parameter(described, "Intake")
    outputs = {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", [])}
    if missing := [key for key in REQUIRED if key not in outputs]:
        raise UnansweredError(
            f"The stack {name} has no output {', '.join(missing)}: it is not a notifier, or an old one. "
            "Name another with --stack, or deploy this version."
        )
    return of_outputs(name, account, outputs, intake)


def of_outputs(name: str, account: Clients, outputs: Mapping[str, str], intake: str = "") -> Stack:
    """Return the stack with these outputs, and this value of the parameter Intake."""
    return Stack(
        name=name,
        account=account,
        topic=outputs["TopicArn"],
        queue=outputs.get("QueueUrl", ""),
        dead_letters=outputs["DeadLetterQueueUrl"],
        function=outputs["FunctionName"],
        table=outputs["StateTableName"],
        alias=LIVE if intake.endswith(f"-{LIVE}") else "",
        is_draining=intake.startswith("drain"),
    )


def _parameter(described: Mapping[str, Any], name: str) -> str:
    """Return the deployed value of a parameter; empty if the stack has no such parameter."""
    values = (one.get("ParameterValue", "") for one in described.get("Parameters", []) if one["ParameterKey"] == name)
    return str(next(values, ""))


def _described(account: Account, name: str) -> Mapping[str, Any]:
    from botocore.exceptions import ClientError

    client = account.client("cloudformation")
    with asking(say("look up the stack {name}", name=name), "cloudformation:DescribeStacks"):
        try:
            found: dict[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            raise UnansweredError(
                f"There is no stack {name} in {client.meta.region_name}. Name yours with --stack or NOTIFIER_STACK, "
                "its region with AWS_REGION and its account with AWS_PROFILE; or start a demo: `notifier demo`."
            ) from None
    return found
