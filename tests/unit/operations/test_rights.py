"""Without some rights, the command shows what it can read, and which right is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.operations import links, metrics
from cli.operations.aws_errors import UnansweredError
from cli.operations.event_history import EventHistory
from cli.operations.stack import Stack
from handler.delivery.records import Phase


class Account:
    """AWS with one row, and no right to anything but the state table, and what is `allowed` with its answer."""

    def __init__(self, **allowed: Any) -> None:
        self._allowed = allowed

    def client(self, service: str) -> Any:
        return self

    def __getattr__(self, operation: str) -> Any:
        if operation in self._allowed:
            return lambda **_: self._allowed[operation]

        def refuse(**_: Any) -> Any:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, operation)

        return refuse

    def get_paginator(self, operation: str) -> Any:
        return self if operation == "query" else _Refusing()

    def paginate(self, **_: Any) -> Any:
        item = {"pk": "event#e-1", "sk": "order.created#orders", "phase": Phase.WAITING.value, "type": "order.created"}
        return [
            {
                "Items": [
                    {name: {"S": value} for name, value in item.items()} | {"at": {"N": "5"}, "until": {"N": "9e9"}}
                ]
            }
        ]


class _Refusing(Account):
    def paginate(self, **_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "FilterLogEvents")


FUNCTION = {"FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:function"}


def stack(**allowed: Any) -> Stack:
    account: Any = Account(**allowed)
    return Stack("blue", account, "arn:topic", "https://queue", "https://dead", "function", "table")


STACK = stack()


def test_without_the_log_the_table_still_says_how_things_stand() -> None:
    inquiry = EventHistory(STACK, "/aws/lambda/blue", 0.0, lambda _: None)
    [found] = inquiry.of_name("e-1")
    assert [(trail.state, trail.channel) for trail in found.trails] == [("waiting", "orders")]
    assert inquiry.waiting() is None
    assert "logs:FilterLogEvents" in inquiry.notes[0]
    assert "lambda:ListEventSourceMappings" in inquiry.notes[1]
    assert inquiry.hints(None)  # though how long the log is kept cannot be read


@pytest.mark.parametrize(
    ("asked", "allowed", "missing"),
    [
        (metrics.is_paused, {}, "lambda:ListEventSourceMappings"),
        (metrics.is_filtered, {}, "lambda:GetFunctionConfiguration"),
        (metrics.is_filtered, {"get_function_configuration": FUNCTION}, "sns:ListSubscriptionsByTopic"),
        (lambda stack: metrics.progress(stack, 0.0, 1.0), {}, "lambda:GetFunctionConfiguration"),
        (
            lambda stack: metrics.progress(stack, 0.0, 1.0),
            {"get_function_configuration": FUNCTION},
            "cloudwatch:GetMetricData",
        ),
    ],
)
def test_a_missing_right_is_named(asked: Callable[[Stack], Any], allowed: dict[str, Any], missing: str) -> None:
    with pytest.raises(UnansweredError, match=missing):
        asked(stack(**allowed))


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"NOTIFIER_SLACK": "webhook"}, "a webhook does not say"),
        ({"NOTIFIER_SLACK": "bot;ca=certs/not-here.pem"}, "secretsmanager:GetSecretValue"),
        ({"NOTIFIER_SECRETS": "ssm:notifier"}, "ssm:GetParameter"),
    ],
)
def test_without_the_token_there_are_no_links(environment: dict[str, str], says: str) -> None:
    with pytest.raises(UnansweredError, match=says):
        links.read(STACK, environment, [("C0", "1.2")])
