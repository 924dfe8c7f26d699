"""The self-check keeps to its time, and one part of it never stands in another's way."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from handler import health
from handler.catalog import Catalog, Stage
from handler.discovery.paths import PATHS
from handler.errors import SlackError
from handler.health import deployment, slack
from handler.health.model import Check, Subject
from handler.settings import Settings


def subject(**stage: Any) -> Subject:
    anything: Any = None
    return Subject(anything, anything, Catalog({}, Stage(name="test", **stage)), "")


class Clock:
    """Time that passes only where a check takes some."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    def remaining(self) -> float:
        return self.left


def states(found: list[Check]) -> dict[str, str]:
    return {check.name: check.state for check in found}


def test_a_part_that_takes_long_is_ended_between_two_checks_and_keeps_what_it_found() -> None:
    clock = Clock(60.0)

    def slow(_subject: Subject) -> Iterator[Check]:
        for number in range(10):
            clock.left -= 20.0
            yield Check(f"database {number}", "failed")

    found = health._run_part(slow, subject(channels={}, fallback="F"), clock.remaining)
    assert states(found) == {
        "database 0": "failed",
        "database 1": "failed",
        "database 2": "failed",
        "test_run": "skipped",
    }


def test_a_part_that_breaks_off_keeps_what_it_found_and_says_where() -> None:
    def broken(_subject: Subject) -> Iterator[Check]:
        yield Check("first", "ok")
        raise RuntimeError("xoxb-secret")

    found = health._run_part(broken, subject(channels={}, fallback="F"), lambda: 60.0)
    assert states(found) == {"first": "ok", "test_run": "failed"}
    assert "RuntimeError" in found[1].cause
    assert "xoxb" not in found[1].cause


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ({"channels": {"orders": "C1"}, "fallback": "C9"}, {"orders": "C1", "fallback": "C9"}),
        ({"channels": {"orders": "C1"}, "fallback": "C9", "redirect": "C5"}, {"redirect": "C5"}),
    ],
)
def test_a_stage_that_redirects_posts_nowhere_else(stage: dict[str, Any], expected: dict[str, str]) -> None:
    assert subject(**stage).destinations == expected


def test_where_slack_asks_to_wait_nobody_is_blamed_and_no_more_is_asked() -> None:
    asked: list[str] = []

    def info(channel: str) -> Any:
        asked.append(channel)
        if len(asked) > 1:
            raise SlackError("SLACK_RATE_LIMITED", "ratelimited", 30.0)
        return {"channel": {"name": "one", "is_member": True}}

    client: Any = lambda: SimpleNamespace(conversations_info=info)  # noqa: E731
    channels = {f"c{number}": f"C{number}" for number in range(5)}
    found = list(slack._channels(client, channels, frozenset({"channels:read"}), "bot"))
    assert states(found) == {"channel c0": "ok", "channel c1": "skipped"}
    assert asked == ["C0", "C1"]


def test_each_call_to_slack_has_a_deadline_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []
    monkeypatch.setattr(slack, "PooledWebClient", lambda *arguments: given.append(arguments[3].at))
    settings: Any = SimpleNamespace(slack=SimpleNamespace(ca="", proxy="", api_url="https://slack.test/api/"))
    secrets: Any = SimpleNamespace(get=lambda _name: "xoxb-1")
    client = slack._client(Subject(settings, secrets, None, ""))
    client()
    client()
    assert given[0] < given[1]


@pytest.mark.parametrize(
    ("address", "state"),
    [
        ("https://hooks.slack.com/services/T0/B0/abc", "ok"),
        ("https://hooks.slack.com.evil.example/services/T0/B0/abc", "failed"),
        ("https://example.org/services/T0/B0/abc", "failed"),
        ("http://hooks.slack.com/services/T0/B0/abc", "failed"),
    ],
)
def test_a_webhook_is_well_where_the_function_would_post_to_it_and_only_there(address: str, state: str) -> None:
    secrets: Any = SimpleNamespace(get=lambda _name, **_: address)
    given = {"NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/dead", "NOTIFIER_STATE_TABLE": "state"}
    settings = Settings.from_environment({**given, "NOTIFIER_SLACK": "webhook"}, PATHS)
    stage = Stage(name="test", channels={"orders": "orders"}, fallback="orders")
    [check] = deployment.checks(Subject(settings, secrets, Catalog({}, stage), ""))
    assert (check.name, check.state) == ("secret webhooks/orders", state)
    assert address not in f"{check.cause}{check.remedy}"
