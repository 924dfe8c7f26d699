"""SNS straight to the deployed function, and incoming webhooks to Slack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lab import sam
from lab.cloud import LocalCloud
from tests.e2e.conftest import Deployment


def notification(message: str, message_id: str = "m-1") -> bytes:
    """What SNS hands to a subscribed function."""
    sns: dict[str, Any] = {"Type": "Notification", "MessageId": message_id, "Message": message, "MessageAttributes": {}}
    return json.dumps({"Records": [{"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": sns}]}).encode()


def test_a_published_event_is_posted_by_webhook(directly: Deployment) -> None:
    directly.publish('{"type": "order.created", "id": 1042}')
    (post,) = directly.posts(1)
    assert post["channel_name"] == "orders"
    assert "T-001042" in post["text"]
    (request,) = directly.cloud.slack.requests()
    assert request["path"].startswith("/services/")


def test_an_event_without_a_template_can_be_ignored(directly: Deployment) -> None:
    directly.publish('{"type": "order.archived", "id": 1}')
    directly.publish('{"type": "order.created", "id": 1042}')
    directly.posts(1)
    (line,) = directly.logged("order.archived")
    assert (line["message"], line["code"]) == ("suppressed", "EVENT_TYPE_UNKNOWN")


def test_what_cannot_succeed_is_parked_as_it_came(directly: Deployment) -> None:
    function = directly.outputs["FunctionName"]
    body = '{"type": "order.created", "id": true}'
    directly.cloud.aws.client("lambda").invoke(
        FunctionName=function, InvocationType="Event", Payload=notification(body, "m-7")
    )
    (parked,) = directly.parked(1)
    assert json.loads(parked["Body"])["Message"] == body
    assert parked["MessageAttributes"]["code"]["StringValue"] == "EVENT_ID_INVALID"


def test_what_still_fails_after_lambdas_attempts_reaches_the_same_dead_letter_queue(directly: Deployment) -> None:
    function = directly.outputs["FunctionName"]
    body = '{"type": "order.created", "id": 999999999}'
    directly.cloud.aws.client("lambda").invoke(
        FunctionName=function, InvocationType="Event", Payload=notification(body)
    )
    (parked,) = directly.parked(1)
    record = json.loads(parked["Body"])
    assert "ROW_NOT_FOUND" in json.dumps(record["responsePayload"])
    assert record["requestPayload"]["Records"][0]["Sns"]["Message"] == body


def test_the_alias_can_be_subscribed_by_the_first_deployment_and_the_function_by_a_later_one(
    cloud: LocalCloud, built_template: Path
) -> None:
    live = Deployment(cloud, cloud.deploy(built_template, "live-first", Intake="direct-live"))
    try:
        function, alias = live.outputs["FunctionName"], live.outputs["FunctionAlias"]
        assert (subscribed(live), alias.rpartition(":")[2]) == ([alias], "live")
        config = cloud.aws.client("lambda").get_function_event_invoke_config(FunctionName=function, Qualifier="live")
        parked = config["DestinationConfig"]["OnFailure"]["Destination"]
        assert parked.endswith(f":{live.outputs['DeadLetterQueueName']}")
        live.publish('{"type": "order.created", "id": 1042}')
        live.posts(1)

        cloud.deploy(built_template, "live-first", Intake="direct")
        assert subscribed(live) == [alias.removesuffix(":live")]
        live.publish('{"type": "order.created", "id": 1043}')
        live.posts(2)
    finally:
        sam.delete(cloud.aws, stack="live-first")


def subscribed(deployment: Deployment) -> list[str]:
    """What the topic's subscriptions lead to."""
    found = deployment.cloud.aws.client("sns").list_subscriptions_by_topic(TopicArn=deployment.outputs["TopicArn"])
    return [one["Endpoint"] for one in found["Subscriptions"]]
