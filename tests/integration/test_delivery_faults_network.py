"""The way to Slack goes silent, or slow and lossy, under the real function in its VPC (docs/faults.md)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lab.function import Invocation, RunningFunction
from lab.vpc.cloud import PrivateCloud
from tests.delivery_kit import HOUR
from tests.delivery_parts import TEMPLATES, compiled

# What an invocation may take although everything it waits for is silent; its timeout is 60 s.
BOUND_MILLISECONDS = 15_000
STAGE = "channels: {orders: C0LABORDERS}\nfallback: C0LABFALLBACK\nprefix: ''\n"


@pytest.fixture
def function(breakable_cloud: PrivateCloud, tmp_path: Path) -> Iterator[RunningFunction]:
    catalog = compiled(tmp_path, {"fault.plain.yaml": TEMPLATES["fault.plain.yaml"], "_stages/demo.yaml": STAGE})
    with breakable_cloud.function(catalog, "http://unused.shop.internal") as running:
        yield running


def invoke(function: RunningFunction, name: str) -> tuple[Invocation, dict[str, Any]]:
    """Deliver an event, and return what the invocation came to, and its line."""
    body = json.dumps({"type": "fault.plain", "id": 1, "event_id": name})
    done = function.invoke({"Records": [{"messageId": name, "eventSource": "aws:sqs", "attributes": {}, "body": body}]})
    assert done.error is None
    assert done.milliseconds < BOUND_MILLISECONDS
    ends = {"delivered", "retry", "parked", "repeated"}
    (line,) = [line for line in done.logs if line.get("message") in ends]
    return done, line


def deliver(function: RunningFunction, name: str) -> list[str]:
    """Let an event come again until it is done, and return the codes in between."""
    codes = []
    for _ in range(20):
        done, line = invoke(function, name)
        if done.result == {"batchItemFailures": []}:
            assert line["message"] == "delivered"
            return codes
        codes.append(line["code"])
        function.shift(wall=400, monotonic=400)
    raise AssertionError(codes)


@pytest.mark.parametrize(("host", "code"), [("slack", "SLACK_UNAVAILABLE"), ("nat", "LEDGER_UNAVAILABLE")])
def test_a_silent_way_is_given_up_in_time_and_tried_again(
    breakable_cloud: PrivateCloud, function: RunningFunction, host: str, code: str
) -> None:
    """Behind the NAT is the ledger too."""
    assert deliver(function, "before") == []
    function.shift(wall=HOUR)  # so that connections are opened anew
    breakable_cloud.vpc.cut(host)
    done, line = invoke(function, "meanwhile")
    assert (line["message"], line["code"]) == ("retry", code)
    assert done.result == {"batchItemFailures": [{"itemIdentifier": "meanwhile"}]}
    breakable_cloud.vpc.heal(host)
    function.shift(wall=400, monotonic=400)
    assert deliver(function, "meanwhile") == []
    assert [message["text"] for message in breakable_cloud.slack.messages()] == ["plain before", "plain meanwhile"]


def test_a_slow_and_lossy_way_delivers_everything(breakable_cloud: PrivateCloud, function: RunningFunction) -> None:
    breakable_cloud.vpc.delay("slack", 400)
    breakable_cloud.vpc.lose("slack", 10)
    doubts = [deliver(function, f"event-{number}").count("SLACK_AMBIGUOUS") for number in range(4)]
    posts = Counter(message["text"] for message in breakable_cloud.slack.messages())
    assert len(posts) == 4
    assert all(posts[f"plain event-{number}"] <= 1 + doubts[number] for number in range(4))
