"""What the demo says of posts: each once, and once more when it was edited, which is no other post."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from rich.console import Console

from cli.watch import Watch


@dataclass
class FakeCloud:
    """A Slack with some messages, and an AWS in which nothing is parked and nothing logged."""

    posts: list[dict[str, Any]] = field(default_factory=list)

    @property
    def slack(self) -> Any:
        return SimpleNamespace(messages=lambda: self.posts, tell=lambda *_: None)

    @property
    def aws(self) -> Any:
        queue = SimpleNamespace(receive_message=lambda **_: {})
        return SimpleNamespace(client=lambda _: queue, logs=lambda _: [])


def post(ts: str, text: str, edited: str | None = None) -> dict[str, Any]:
    return {"channel": "C1", "channel_name": "orders", "ts": ts, "text": text, "thread_ts": "", "edited": edited}


def test_an_edited_post_is_shown_again_and_counts_once() -> None:
    cloud, said = FakeCloud(), io.StringIO()
    outputs = {"TopicArn": "t", "FunctionName": "f", "DeadLetterQueueUrl": "q"}
    watch = Watch(cloud, outputs, Console(file=said, width=60))  # type: ignore[arg-type]
    looks = [
        ([post("1", "packed")], ["packed"]),
        ([post("1", "packed"), post("2", "another")], ["another"]),
        ([post("1", "shipped", "2026-01-05T10:00:00Z"), post("2", "another")], ["shipped", "#orders, edited"]),
        ([post("1", "shipped", "2026-01-05T10:00:00Z"), post("2", "another")], []),
    ]
    for posts, shown in looks:
        cloud.posts = posts
        assert watch.look() == len(posts)
        for words in ("packed", "another", "shipped", "#orders, edited"):
            assert (words in said.getvalue()) == (words in shown)
        said.truncate(0)
