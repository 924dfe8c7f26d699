"""What the README and the guides tell people to type does what they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from botocore.config import Config

from cli import compiler
from handler import bootstrap
from handler.model import Record
from lab.aws import TOOLS
from lab.cloud import LocalCloud
from lab.sam import ROOT
from tests.e2e.conftest import Deployment
from tests.kit import plenty

README = (ROOT / "README.md").read_text("utf-8")
DEPLOY = (ROOT / "docs/deploy.md").read_text("utf-8")


def examples(page: str, language: str) -> list[str]:
    """The fenced examples of a page in one language, with the indentation of their list taken off."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```", page, re.DOTALL | re.MULTILINE)
    return ["\n".join(line.removeprefix(indent) for line in body.splitlines()) + "\n" for indent, body in found]


def shell(script: str, environment: dict[str, str]) -> str:
    path = f"{TOOLS / 'aws/bin'}{os.pathsep}{os.environ['PATH']}"
    ran = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={**os.environ, **environment, "PATH": path},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_first_template_is_sound_and_posts_what_is_in_the_shop(
    cloud: LocalCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    template, poll = examples(README, "yaml")
    stages = tmp_path / "_stages"
    stages.mkdir()
    (stages / "demo.yaml").write_text((ROOT / "templates/_stages/demo.yaml").read_text())
    (tmp_path / "refund.opened.yaml").write_text(template + poll)
    compilation = compiler.compile_templates(tmp_path)
    assert not compilation.findings
    compiler.write(compilation, tmp_path / "catalog.json")
    environment = cloud.environment(tmp_path / "catalog.json")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    pipeline = bootstrap.build(environment)
    (outcome,) = pipeline.run([Record("r", '{"type": "refund.opened", "id": 5}')], plenty)
    assert outcome.state.value == "delivered", outcome
    (post,) = cloud.slack.messages()
    assert post["text"] == "Refund of ¥1,424 requested for *T-000094*: never arrived"


def test_the_python_example_publishes(by_queue: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = examples(README, "python")
    for name, value in by_queue.cloud.aws.env.items():
        monkeypatch.setenv(name, value)
    names = {"boto3": boto3, "Config": Config, "json": json, "TOPIC": by_queue.outputs["TopicArn"]}
    names["order"] = SimpleNamespace(id=1042)
    exec(example, names)
    names["sns"].close()
    (post,) = by_queue.posts(1)
    assert "T-001042" in post["text"]


def test_the_aws_command_publishes(by_queue: Deployment) -> None:
    (example,) = [example for example in examples(README, "sh") if "sns publish" in example]
    shell(example, {**by_queue.cloud.aws.env, "TOPIC": by_queue.outputs["TopicArn"]})
    (post,) = by_queue.posts(1)
    assert "T-001042" in post["text"]


def test_secrets_are_stored_as_they_are(by_queue: Deployment) -> None:
    stored = {
        "webhooks/orders": "https://hooks.slack.com/services/T0/B0/x",
        "databases/default": '{"username": "notifier", "password": "p\'w"}',
        "slack-token": "xoxb-1",
    }
    values = {"WEBHOOK_URL": stored["webhooks/orders"], "PASSWORD": "p'w", "TOKEN": "xoxb-1"}
    for example in examples(README, "sh") + examples(DEPLOY, "sh"):
        if "create-secret" in example:
            shell(example.replace(" notifier/", " documented/"), {**by_queue.cloud.aws.env, **values})
    client = by_queue.cloud.aws.client("secretsmanager")
    found = {name: client.get_secret_value(SecretId=f"documented/{name}")["SecretString"] for name in stored}
    assert found == stored


@pytest.mark.parametrize("event", ["sqs-sns.json", "sqs-raw.json"])
def test_the_deployed_function_takes_an_event_by_hand(by_queue: Deployment, event: str) -> None:
    (example,) = [example for example in examples(DEPLOY, "sh") if "lambda invoke" in example]
    example = example.replace("sqs-sns.json", event)
    said = shell(example, {**by_queue.cloud.aws.env, "FUNCTION": by_queue.outputs["FunctionName"]})
    assert '"batchItemFailures": []' in said
    by_queue.posts(1)
