"""The application, built once and deployed to the local cloud by the real SAM."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.edits import Edits
from lab import hot
from lab.cloud import LocalCloud
from lab.processes import wait_until
from lab.sam import ROOT

# The time limit for the function's whole path: cold start, lookups, post. Far longer than needed; only a failure
# reaches it.
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Deployment:
    """A deployed stack: where to publish, and where to read the results."""

    cloud: LocalCloud
    outputs: dict[str, str]

    def publish(self, message: str, **attributes: str) -> str:
        found = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        sns = self.cloud.aws.client("sns")
        return str(
            sns.publish(TopicArn=self.outputs["TopicArn"], Message=message, MessageAttributes=found)["MessageId"]
        )

    def publish_event(self, event: dict[str, Any]) -> str:
        return self.publish(json.dumps(event, ensure_ascii=False))

    def posts(self, count: int) -> list[dict[str, Any]]:
        """Wait until `count` posts have arrived since the last reset, and return all posts."""

        def arrived() -> list[dict[str, Any]]:
            found = self.cloud.slack.messages()
            return found if len(found) >= count else []

        return self._waited(arrived, f"{count} posts")

    def parked(self, count: int) -> list[dict[str, Any]]:
        """Wait until `count` records are parked, and take them out of the dead-letter queue."""
        taken: list[dict[str, Any]] = []
        sqs, queue = self.cloud.aws.client("sqs"), self.outputs["DeadLetterQueueUrl"]

        def arrived() -> list[dict[str, Any]]:
            answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
            for message in answer.get("Messages", []):
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                taken.append(message)
            return taken if len(taken) >= count else []

        return self._waited(arrived, f"{count} parked records")

    def logged(self, word: str) -> list[dict[str, Any]]:
        """Wait until the function has logged lines that contain this word, and return them."""

        def found() -> list[dict[str, Any]]:
            lines = self.cloud.aws.logs(self.outputs["FunctionName"])
            return [json.loads(line) for line in lines if word in line and line.startswith("{")]

        return self._waited(found, f"a line with {word}")

    def _waited(self, check: Callable[[], Any], what: str) -> Any:
        try:
            return wait_until(check, what, PATIENCE_SECONDS)
        except TimeoutError as error:
            log = "\n".join(self.cloud.aws.logs(self.outputs["FunctionName"])[-30:])
            raise TimeoutError(f"{error}\nThe function's log:\n{log}") from None


@pytest.fixture(scope="session")
def deployed_by_queue(running_cloud: LocalCloud, built_template: Path) -> Deployment:
    deployment = Deployment(running_cloud, running_cloud.deploy(built_template))
    # Messages of a killed function reappear within the timeout of a test; failed ones do so by themselves.
    queue = deployment.outputs["QueueUrl"]
    running_cloud.aws.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "30"})
    return deployment


@pytest.fixture
def by_queue(cloud: LocalCloud, deployed_by_queue: Deployment) -> Iterator[Deployment]:
    """The stack with queue intake. Its queue is empty again before the next test."""
    yield deployed_by_queue
    sqs, queue = cloud.aws.client("sqs"), deployed_by_queue.outputs["QueueUrl"]
    counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def empty() -> bool:
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=counts)["Attributes"]
        return not any(int(found[count]) for count in counts)

    wait_until(empty, "the queue to be empty", PATIENCE_SECONDS)


@pytest.fixture(scope="session")
def deployed_directly(running_cloud: LocalCloud, built_template: Path) -> Deployment:
    slack = running_cloud.parameters["Slack"].replace("bot", "webhook", 1)
    changes = {"Intake": "direct", "Slack": slack, "Stage": "demo-webhook", "EventTypes": "known"}
    return Deployment(running_cloud, running_cloud.deploy(built_template, "direct", **changes))


@pytest.fixture
def directly(cloud: LocalCloud, deployed_directly: Deployment) -> Deployment:
    """The stack with direct intake: the function is subscribed to the topic."""
    return deployed_directly


@pytest.fixture
def edits(by_queue: Deployment, artefact: Path, tmp_path: Path) -> Iterator[Edits]:
    """A watcher on copies of the templates and of the function's package; restores the function's code afterwards."""
    shutil.copytree(ROOT / "templates", tmp_path / "templates")
    shutil.copytree(artefact, tmp_path / "package")
    function = by_queue.outputs["FunctionName"]
    yield Edits(by_queue.cloud.aws, function, tmp_path / "package", tmp_path / "templates")
    hot.update(by_queue.cloud.aws, function, artefact)
