"""The starter templates with threads, deployed: a reply, an edit, and neither by a webhook."""

from __future__ import annotations

from typing import Any

from lab.processes import wait_until
from tests.e2e.conftest import PATIENCE_SECONDS, Deployment

OPENED = {"type": "ticket.opened", "id": 3}
RESOLVED = {"type": "ticket.resolved", "id": 3}
UPDATED = {"type": "order.updated", "id": 33}


def test_two_templates_with_one_key_make_one_thread(by_queue: Deployment) -> None:
    by_queue.publish_event(OPENED)
    by_queue.posts(1)
    by_queue.publish_event(RESOLVED)
    first, reply = by_queue.posts(2)
    assert (first["thread_ts"], reply["thread_ts"]) == ("", first["ts"])
    assert "対応を完了しました" in reply["text"]


def test_an_update_edits_the_first_message(by_queue: Deployment) -> None:
    by_queue.publish_event(UPDATED)
    by_queue.posts(1)
    by_queue.publish_event(UPDATED)

    def edited() -> list[dict[str, Any]]:
        return [post for post in by_queue.cloud.slack.messages() if post["edited"]]

    (post,) = wait_until(edited, "an edit", PATIENCE_SECONDS)
    assert by_queue.cloud.slack.messages() == [post]
    assert "T-000033" in post["text"]


def test_a_webhook_posts_each_on_its_own_where_the_stage_says_so(directly: Deployment) -> None:
    for event in (OPENED, RESOLVED):
        directly.publish_event(event)
    assert [post["thread_ts"] for post in directly.posts(2)] == ["", ""]
