"""The real function under random faults, and through two hours without Slack. `make soak` is the long form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.databases import Pair
from lab.soak.events import sale
from lab.soak.pauses import within_pauses
from lab.soak.plan import TWO_HOURS, Plan, planned
from lab.soak.rig import MAX_RECEIVES, VISIBILITY_SECONDS, Mode, Rig, running_rig
from lab.soak.run import Result, Soak
from lab.soak.schedule import Schedule, SystemFault, scheduled
from tests.infra.stack import resolved

EVENTS = 100
WORKERS = 4
# Events that wait through the whole outage, and those that come in its last minutes: together a backlog.
EARLY, BACKLOG = 5, 350
LAST_SECONDS = 60.0
# The least that the backlog drains at, in messages a second.
DRAIN = 0.9


@contextmanager
def rig(folder: Path, database: Pair, mode: Mode, seed: int) -> Iterator[Rig]:
    with running_rig(folder, mode, workers=WORKERS, seed=seed, database=database) as running:
        yield running


def soaked(running: Rig, plan: Plan, schedule: Schedule, seed: int = 0) -> Result:
    return Soak(running, plan, schedule, lambda _: None, seed).run()


@pytest.mark.parametrize(
    ("mode", "seed"),
    [(Mode(), 1), (Mode(webhook=True, read_back=False), 2)],
    ids=["bot", "webhook"],
)
def test_nothing_is_lost(tmp_path: Path, database_pair: Pair, mode: Mode, seed: int) -> None:
    plan = planned(seed, EVENTS)
    with rig(tmp_path, database_pair, mode, seed) as running:
        result = soaked(running, plan, scheduled(seed, plan), seed)
    assert result.violations == [], result.verdict.line
    fates = result.verdict.fates
    assert (fates["lost"], fates["queued"]) == (0, 0)
    assert result.replayed.fates["delivered"] >= fates["delivered"]
    assert fates["delivered"] > EVENTS / 2
    assert result.mishaps > 5
    secrets = ("xoxb-", "soak-secret")
    assert not any(secret in (tmp_path / "function.log").read_text() for secret in secrets)


def test_a_backlog_of_two_hours_drains(tmp_path: Path, database_pair: Pair) -> None:
    """Slack refuses connections for two hours; what waits then comes as fast as Slack takes it, and none too early."""
    begin = 10.0
    end = begin + TWO_HOURS
    moments = [begin + 1.0] * EARLY + [end - LAST_SECONDS * (1 - n / BACKLOG) for n in range(BACKLOG)]
    plan = Plan([sale(number, at) for number, at in enumerate(moments)], outage=begin)
    outage = Schedule({}, [SystemFault(begin, "slack is away", TWO_HOURS)])
    with rig(tmp_path, database_pair, Mode(), 0) as running:
        result = soaked(running, plan, outage)
    assert result.violations == []
    assert result.verdict.fates == Counter(delivered=EARLY + BACKLOG)
    posted = [post.at - result.began for post in result.asked if post.status == 200]
    assert min(posted) >= end
    assert len(posted) / (max(posted) - end) >= DRAIN
    assert within_pauses(result.asked, others=WORKERS - 1) == []


def test_the_soak_runs_under_the_deployments_own_limits() -> None:
    template = resolved()
    queue = template["Resources"]["Queue"]["Properties"]
    function = template["Resources"]["NotifierFunction"]["Properties"]
    assert queue["VisibilityTimeout"] == VISIBILITY_SECONDS
    assert queue["RedrivePolicy"]["maxReceiveCount"] == MAX_RECEIVES
    assert function["Environment"]["Variables"]["NOTIFIER_MAX_RECEIVES"] == str(MAX_RECEIVES)
