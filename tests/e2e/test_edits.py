"""An edited template changes the next message of the running function; a broken one changes nothing, and says why."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from random import Random

from cli.edits import Edits
from tests.e2e.conftest import Deployment

EVENT = '{"type": "order.created", "id": 1042}'


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_an_edit_changes_the_next_message_and_a_broken_one_does_not(
    by_queue: Deployment, edits: Edits, tmp_path: Path
) -> None:
    template = tmp_path / "templates/order.created.yaml"
    assert edits.look() is None
    replace(template, "New order", "Edited order")
    compilation = edits.look()
    assert compilation
    assert not compilation.errors
    by_queue.publish(EVENT)
    assert "Edited order" in by_queue.posts(1)[-1]["text"]
    replace(template, "{{ order.number }}", "{{ order.nmuber }}")
    broken = edits.look()
    assert broken
    assert [finding.code for finding in broken.findings] == ["TEMPLATE_UNDEFINED"] * broken.errors
    assert "number" in broken.findings[0].fix
    by_queue.publish(EVENT)
    assert "Edited order" in by_queue.posts(2)[-1]["text"]


def test_events_arrive_however_they_and_saves_meet(by_queue: Deployment, edits: Edits, tmp_path: Path) -> None:
    template, random, posted = tmp_path / "templates/order.created.yaml", Random(7), 0
    sqs, queue = by_queue.cloud.aws.client("sqs"), by_queue.outputs["QueueUrl"]
    # As template.yaml has it: what a killed invocation leaves would come long after the patience of a test.
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "360"})
    for number in range(4):
        with template.open("a") as file:
            file.write(f"# {number}\n")
        saving = threading.Thread(target=edits.look)
        saving.start()
        for _ in range(3):
            time.sleep(random.uniform(0, 0.7))
            by_queue.publish(EVENT)
            posted += 1
        saving.join()
    assert len(by_queue.posts(posted)) == posted
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "30"})
