"""What a poll's status says of its times, and what is said of a poll that never ran."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest

from cli import running
from cli.commands.poll import _due
from cli.operations import polls, times
from cli.operations.polls import Status
from cli.operations.stack import Stack
from handler.model import Poll
from handler.polling.schedule import Schedule

MORNING = datetime(2026, 1, 5, 0, 0, tzinfo=UTC).timestamp()  # 9:00 in Tokyo


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("cron", "zone", "before", "shown"),
    [
        ("", "", 60.0, "00:00:00 UTC"),
        ("", "", 86_400.0, "05 Jan 00:00:00 UTC"),
        ("0 9 * * *", "Asia/Tokyo", 60.0, "00:00:00 UTC (05 Jan 09:00:00 Asia/Tokyo)"),
        ("0 0 * * *", "UTC", 60.0, "00:00:00 UTC"),
        ("0 0 * * *", "Europe/London", 60.0, "00:00:00 UTC"),  # in winter
        ("0 9 * * *", "", 60.0, "00:00:00 UTC"),
        ("0 9 * * *", "Asia/Tokyo", -60.0, "with the next tick"),
    ],
)
def test_the_next_run_has_a_zone_and_the_polls_own(cron: str, zone: str, before: float, shown: str) -> None:
    poll = Poll("SELECT id FROM orders", 60.0, cron=cron, time_zone=zone)
    assert _due(Status("order.created", poll, Schedule(due_at=MORNING), None), MORNING - before) == shown


def test_a_zone_that_shows_the_same_is_not_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    assert (times.here(MORNING), times.there(MORNING, "Asia/Tokyo")) == ("JST", "")


class Empty:
    """A state table in which no poll is."""

    def client(self, _service: str) -> Any:
        return self

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize(
    ("topic", "says"), [("arn:demo", "Its first run comes by itself within a minute"), ("arn:other", "Polls=on")]
)
def test_a_poll_that_never_ran_is_explained(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, topic: str, says: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for name in running.NAMING:
        monkeypatch.delenv(name, raising=False)
    stack = Stack("notifier", Empty(), topic, "queue", "dead", "function", "table")
    with running.announced("arn:demo", {}), pytest.raises(click.ClickException, match=says):
        polls.require(stack, "order.created")
