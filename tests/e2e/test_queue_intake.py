"""SNS to SQS to the deployed function to Slack, with a bot token."""

from __future__ import annotations

import json
import os
import re
import subprocess

from lab.aws import TOOLS
from lab.processes import wait_until
from tests.e2e.conftest import Deployment


def test_the_ordinary_aws_command_publishes_and_the_post_arrives(by_queue: Deployment) -> None:
    command = [TOOLS / "aws/bin/aws", "sns", "publish", "--topic-arn", by_queue.outputs["TopicArn"]]
    command += ["--message", '{"type": "order.created", "id": 1042}']
    subprocess.run(command, env={**os.environ, **by_queue.cloud.aws.env}, check=True, capture_output=True)
    (post,) = by_queue.posts(1)
    assert post["channel_name"] == "orders"
    assert post["text"] == ":tea: New order *T-001042* from Zoë &lt;VIP&gt; &amp; Co: €118.00"


def test_a_rich_message_holds_what_the_database_and_the_api_said(by_queue: Deployment) -> None:
    by_queue.publish('{"type": "order.payment_failed", "id": 1043}')
    (post,) = by_queue.posts(1)
    assert post["channel_name"] == "payments"
    kinds = ["header", "section", "section", "section", "divider", "context", "actions"]
    assert [block["type"] for block in post["blocks"]] == kinds
    fields = [field["text"] for field in post["blocks"][1]["fields"]]
    assert fields[0] == '*Customer*\nO\'Brien "Bob" &lt;!channel&gt;'
    assert fields[1] == "*Tier*\nSTANDARD"
    assert "Bamboo whisk 茶筅" in post["blocks"][3]["text"]["text"]
    assert post["blocks"][-1]["elements"][0]["url"] == "https://admin.example.org/orders/T-001043"


def test_a_message_goes_without_the_api_and_says_so(by_queue: Deployment) -> None:
    by_queue.cloud.api.fault("/customers/*", "status", code=503)
    by_queue.publish('{"type": "order.payment_failed", "id": 1043}')
    (post,) = by_queue.posts(1)
    assert post["blocks"][1]["fields"][0]["text"] == "*Customer*\nnot known right now"
    assert post["blocks"][-1]["elements"][0]["text"] == "_Could not be read: customer_"


def test_japanese_arrives_as_it_was_written(by_queue: Deployment) -> None:
    by_queue.publish('{"id": 11}', type="ticket.opened")
    (post,) = by_queue.posts(1)
    assert "【至急】 Fatima D'Souza 様からお問い合わせ: 領収書について" in post["text"]


def test_what_cannot_succeed_is_parked_with_its_code_and_its_neighbours_are_delivered(by_queue: Deployment) -> None:
    bad = {
        "not json": "EVENT_NOT_JSON",
        '{"id": 1}': "EVENT_FIELD_MISSING",
        '{"type": "order.creatd", "id": 1}': "EVENT_TYPE_UNKNOWN",
        '{"type": "order.created", "id": "1 or 1=1"}': "EVENT_ID_INVALID",
    }
    for message in (*bad, '{"type": "order.created", "id": 1044}'):
        by_queue.publish(message)
    parked = by_queue.parked(len(bad))
    codes = {json.loads(one["Body"])["Message"]: one["MessageAttributes"]["code"]["StringValue"] for one in parked}
    assert codes == bad
    (post,) = by_queue.posts(1)
    assert "山田 花子" in post["text"]


def test_a_failure_that_passes_is_ridden_out_in_the_queue(by_queue: Deployment) -> None:
    by_queue.cloud.slack.order("limited", method="chat.postMessage", times=2, retry_after="1")
    by_queue.publish('{"type": "order.created", "id": 1045}')
    by_queue.posts(1)
    statuses = [request["status"] for request in by_queue.cloud.slack.requests()]
    assert statuses == [429, 429, 200]


def test_a_layout_that_slack_refuses_arrives_as_plain_text(by_queue: Deployment) -> None:
    by_queue.cloud.slack.order("error", method="chat.postMessage", error="invalid_blocks")
    by_queue.publish('{"type": "order.payment_failed", "id": 1043}')
    (post,) = by_queue.posts(1)
    assert not post["blocks"]
    assert "plain text" in post["text"]
    assert "order.payment_failed.yaml, invalid_blocks" in post["text"]


def test_the_function_logs_one_line_a_delivery_without_secrets_and_rows(by_queue: Deployment) -> None:
    message_id = by_queue.publish('{"type": "order.created", "id": 1042}')
    by_queue.posts(1)
    # A warm function may know for a second of a gate that an earlier test left behind; then a line says that it waits.
    lines = wait_until(lambda: [one for one in by_queue.logged(message_id) if one["message"] != "retry"], "a line", 30)
    (line,) = lines
    assert line["message"] == "delivered"
    assert line["event"] == {"type": "order.created", "id": 1042, "event_id": message_id}
    assert line["channel"] == "orders"
    log = "\n".join(by_queue.cloud.aws.logs(by_queue.outputs["FunctionName"]))
    for hidden in ("xoxb-", "Zoë", "€118", by_queue.cloud.database.reader.password, "lab-api-token"):
        assert hidden not in log
    # The amount as a number of its own: it may stand within the time of a post, such as 1796017118.000100.
    assert not re.search(r"(?<!\d)118\.00(?!\d)", log)
