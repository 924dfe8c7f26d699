"""An event is parked; somebody is woken, asks why, repairs the cause, and sends it again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from lab.processes import wait_until
from lab.sam import ROOT
from tests.e2e.conftest import PATIENCE_SECONDS, Deployment

NOTIFIER = Path(sys.executable).with_name("notifier")


def run(deployment: Deployment, stack: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.defpath, "HOME": "/nowhere", **deployment.cloud.aws.env, "NOTIFIER_STACK": stack}
    return subprocess.run(
        [NOTIFIER, *arguments],
        env={**environment, "COLUMNS": "100"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def stand(deployment: Deployment, stack: str, event: str, state: str) -> dict[str, Any]:
    """Wait until an event's only delivery has this state, and return what `explain` tells of it."""

    def reached() -> dict[str, Any] | None:
        found = json.loads(run(deployment, stack, "explain", event, "--json").stdout)["events"]
        deliveries = found[0]["deliveries"] if found else []
        return deliveries[0] if [one["state"] for one in deliveries] == [state] else None

    found = wait_until(reached, f"the event to be {state}", PATIENCE_SECONDS)
    assert found
    return found


def test_a_parked_event_is_explained_sent_again_and_delivered(by_queue: Deployment) -> None:
    by_queue.cloud.slack.order("error", method="chat.postMessage", error="is_archived")
    event = by_queue.publish('{"type": "order.created", "id": 1042}')
    parked = stand(by_queue, "notifier", event, "parked")
    assert parked["code"] == "SLACK_CONFIG"

    shown = run(by_queue, "notifier", "explain", event)
    for part in (
        "✖ order.created → orders",
        "is_archived",
        f"notifier replay --stack notifier --event-id {event} --send\n",
    ):
        assert part in shown.stdout, shown.stdout + shown.stderr
    looked = run(by_queue, "notifier", "replay", "--code", "SLACK_CONFIG")
    assert "Nothing was sent" in looked.stdout, looked.stdout + looked.stderr
    assert event in looked.stdout
    assert not by_queue.cloud.slack.messages()

    sent = run(by_queue, "notifier", "replay", "--code", "SLACK_CONFIG", "--send")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    (post,) = by_queue.posts(1)
    delivered = stand(by_queue, "notifier", event, "delivered")
    # A slow machine may take longer than the few seconds for which this queue hides a record that is worked on.
    first, last = (step for step in delivered["steps"] if step["what"] != "came again")
    assert (first["what"], last["what"], last["facts"][0]) == ("parked", "delivered", "a replay")
    assert last["message"]["link"].endswith(f"{post['channel']}/p{post['ts'].replace('.', '')}")

    again = run(by_queue, "notifier", "replay", "--all", "--send")
    assert "0 sent again" in again.stdout, again.stdout + again.stderr
    balanced = run(by_queue, "notifier", "balance", "--json")
    told = json.loads(balanced.stdout)
    assert balanced.returncode == 0, balanced.stdout + balanced.stderr
    assert (told["received"], told["delivered"], told["parked"], told["lost"]) == (1, 1, 0, [])


def test_with_direct_intake_too(directly: Deployment) -> None:
    directly.cloud.slack.order("error", method="webhook", error="channel_is_archived")
    event = directly.publish('{"type": "order.created", "id": 1042, "event_id": "o-1042"}') and "o-1042"
    stand(directly, "direct", event, "parked")
    sent = run(directly, "direct", "replay", "--event-id", event, "--send")
    assert sent.returncode == 0, sent.stdout + sent.stderr
    directly.posts(1)
    delivered = stand(directly, "direct", event, "delivered")
    assert any("a replay" in step["facts"] for step in delivered["steps"])
    assert run(directly, "direct", "balance").returncode == 0
