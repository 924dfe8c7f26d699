"""`notifier send` from another terminal: to the demo's Slack, with the token of its secret store."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import running
from tests.e2e.conftest import Deployment

Send = Callable[..., tuple[int, str]]


@pytest.fixture
def send(by_queue: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Send]:
    """Run the command, as a person does while a demo is announced, and return its exit status and what it says."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.delenv("SLACK_BOT_TOKEN", raising=False)
    command = [str(Path(sys.executable).with_name("notifier")), "send"]

    def sent(*arguments: str) -> tuple[int, str]:
        ran = subprocess.run([*command, *arguments], env=os.environ, capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout if ran.returncode == 0 else ran.stderr

    with running.announced(by_queue.outputs["TopicArn"], by_queue.cloud.aws.env):
        yield sent


def test_a_real_row_arrives_as_a_direct_message(send: Send, by_queue: Deployment) -> None:
    status, said = send("order.shipped.jp", "--to", "U0LABYOU", "--id", "1044", "--stage", "demo", "--json")
    assert status == 0, said
    document = json.loads(said)
    [message] = by_queue.posts(1)
    assert (message["channel"], message["ts"]) == (document["channel"], document["ts"]) == ("D0LABYOU", document["ts"])
    assert "order.shipped.jp" in message["text"]
    assert "T-001044" in json.dumps(message)


def test_a_row_that_is_not_there_is_told(send: Send, by_queue: Deployment) -> None:
    status, said = send("order.shipped", "--to", "U0LABYOU", "--id", "999999")
    assert status == 1
    assert "Traceback" not in said
    assert by_queue.cloud.slack.messages() == []
