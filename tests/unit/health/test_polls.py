"""Whether the self-check sees that polls are deployed which nothing runs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from handler.catalog import Catalog, Stage
from handler.health import deployment
from handler.health.model import Check, Subject
from handler.model import Poll
from tests.kit import notification

GIVEN = {"NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/dead", "NOTIFIER_STATE_TABLE": "state"}
QUEUE = {"NOTIFIER_QUEUE_URL": "https://sqs/events"}
ON = {"NOTIFIER_POLLS": "on"}


POLL = Poll("SELECT id FROM orders", every=60.0)


def catalog(polls: int, poll: Poll = POLL) -> Catalog:
    """So many notifications with a poll, and one without."""
    events = [("order.created", None), *((f"order.polled{number}", poll) for number in range(polls))]
    made: Any = {event: (SimpleNamespace(event=event, poll=one),) for event, one in events}
    return Catalog(made, Stage(name="production", channels={}, fallback="C1"))


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Any:
    def look(polls: int, variables: dict[str, str]) -> dict[str, Check]:
        monkeypatch.setattr(deployment.catalog, "load", lambda _path, _stage: catalog(polls))
        _, checks = deployment.read({**GIVEN, **variables}, "")
        return {check.name: check for check in checks}

    return look


@pytest.mark.parametrize(
    ("polls", "variables", "words"),
    [
        (0, {}, "none"),
        (0, QUEUE, "none"),
        (0, {**QUEUE, **ON}, "none, though Polls=on"),
        (3, {**QUEUE, **ON}, "3"),
    ],
)
def test_polls_that_run_are_counted(seen: Any, polls: int, variables: dict[str, str], words: str) -> None:
    assert seen(polls, variables)["polls"] == Check("polls", "ok", words)


@pytest.mark.parametrize(
    ("variables", "cause", "remedy"),
    [
        (QUEUE, "nothing runs them", "deploy with Polls=on"),
        (ON, "there is no queue for what they find", "deploy with Intake=queue"),
        ({}, "there is no queue for what they find", "deploy with Intake=queue and Polls=on"),
    ],
)
def test_polls_that_nothing_runs_are_a_failure(seen: Any, variables: dict[str, str], cause: str, remedy: str) -> None:
    assert seen(2, variables)["polls"] == Check("polls", "failed", "2", cause, remedy)


@pytest.mark.parametrize(("zone", "state"), [("Asia/Tokyo", "ok"), ("", "ok"), ("Mars/Base", "failed")])
def test_a_cron_expression_that_the_function_cannot_work_out_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, zone: str, state: str
) -> None:
    poll = replace(POLL, cron="0 9 * * 1-5", time_zone=zone)
    monkeypatch.setattr(deployment.catalog, "load", lambda _path, _stage: catalog(2, poll))
    _, checks = deployment.read({**GIVEN, **QUEUE, **ON}, "")
    [check] = [check for check in checks if check.name == "polls"]
    assert check.state == state
    assert ("Mars/Base" in check.cause) == (state == "failed")


def test_without_templates_nothing_is_said_of_polls() -> None:
    _, checks = deployment.read({**GIVEN, "NOTIFIER_CATALOG": "/nowhere/catalog.json"}, "")
    assert [(check.name, check.state) for check in checks] == [("settings", "ok"), ("templates", "failed")]


def test_the_database_of_a_poll_that_is_not_deployed_is_named() -> None:
    """A poll alone asks it: the template has no lookup."""
    polled = notification(event="order.polled", poll=Poll("SELECT id FROM orders", every=60.0, database="archive"))
    given: Any = None
    subject = Subject(given, given, Catalog({"order.polled": (polled,)}, Stage("production", {}, "C1")), "")
    [check] = subject.undeployed("database", "DB_UNKNOWN", ["default"])
    assert (check.name, check.state) == ("database archive", "failed")
    assert polled.name in check.cause
