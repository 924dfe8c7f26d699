"""Cloud Map that is slow, full, down or forbidden, services without tasks, and a leader that changes."""

from __future__ import annotations

from typing import Any

import pytest

from handler.discovery.cache import AGES
from handler.discovery.cloudmap import CONNECT_SECONDS, READ_SECONDS
from handler.errors import CODES
from lab.vpc.cloud import API_PORT, PrivateCloud
from tests.discovery_kit import (
    CLOUDMAP,
    FRESH,
    GAP,
    LOOK_UP,
    MARGIN,
    OUTAGE,
    PATHS,
    SURE_OUTAGE,
    Environment,
    Start,
    Wire,
    list_tasks,
    look_ups,
)

MANY = 20
OVERLAP_SECONDS = 30.0  # of what an instance was found by, and what it is found by now (lab/cloudmap/model.py)
STEPS = 4
OUTAGES: list[Any] = [
    pytest.param("latency", {"seconds": 2 * (CONNECT_SECONDS + READ_SECONDS)}, "API_UNRESOLVED", id="slow"),
    pytest.param("throttle", {}, "API_UNRESOLVED", id="throttled"),
    pytest.param("refuse", {}, "API_UNRESOLVED", id="down"),
    pytest.param("denied", {}, "API_LOOKUP_DENIED", id="denied"),
]


@pytest.fixture
def environment(breakable_cloud: PrivateCloud, start: Start) -> Environment:
    """One that has the list of two tasks from Cloud Map, and was used a moment ago."""
    list_tasks(breakable_cloud, "task1", "task2")
    environment = start(CLOUDMAP)
    environment.deliver()
    breakable_cloud.cloudmap.reset_calls()
    environment.said.clear()
    return environment


def outlast(environment: Environment, seconds: float, steps: int = STEPS) -> None:
    """Deliver events for so long."""
    for _ in range(steps):
        environment.later(seconds / steps)
        environment.deliver()


@pytest.mark.parametrize(("kind", "arguments", "code"), OUTAGES)
def test_a_registry_that_fails_from_the_start_is_named_and_asked_again(
    breakable_cloud: PrivateCloud, start: Start, kind: str, arguments: dict[str, Any], code: str
) -> None:
    list_tasks(breakable_cloud, "task1")
    breakable_cloud.cloudmap.fault(kind, operation=LOOK_UP, **arguments)
    environment = start(CLOUDMAP)
    line = environment.fail()
    assert (line["code"], CODES[code].retry) == (code, True)
    assert f"({CLOUDMAP})" in line["detail"]
    assert look_ups(breakable_cloud) <= 2
    assert environment.said == {"refresh_failed": 1}
    breakable_cloud.cloudmap.clear()
    environment.later(AGES.retry_delay)
    environment.deliver()


@pytest.mark.parametrize(("kind", "arguments", "code"), OUTAGES)
def test_what_is_known_outlasts_a_registry_by_a_quarter_of_an_hour(
    breakable_cloud: PrivateCloud, environment: Environment, kind: str, arguments: dict[str, Any], code: str
) -> None:
    breakable_cloud.cloudmap.fault(kind, operation=LOOK_UP, **arguments)
    outlast(environment, SURE_OUTAGE - MARGIN)
    assert environment.said["last_known_good"]
    assert environment.said["refresh_failed"] == STEPS
    assert not environment.said["refresh"]
    environment.later(OUTAGE - SURE_OUTAGE + MARGIN)
    line = environment.fail()
    assert (line["code"], CODES[code].retry) == (code, True)
    assert f"({CLOUDMAP})" in line["detail"]
    breakable_cloud.cloudmap.clear()
    environment.later(FRESH)
    environment.deliver(MANY)


def test_a_registry_that_is_back_within_ten_minutes_was_not_missed(
    breakable_cloud: PrivateCloud, environment: Environment
) -> None:
    breakable_cloud.cloudmap.fault("refuse")
    outlast(environment, 600, steps=40)
    assert environment.said["last_known_good"]
    list_tasks(breakable_cloud, "task2")
    breakable_cloud.cloudmap.clear()
    environment.later(FRESH)
    environment.deliver(2)  # the first one finds out
    assert environment.said["refresh"] == 1


def test_a_task_that_fails_while_the_registry_is_down_is_left(
    breakable_cloud: PrivateCloud, environment: Environment, wire: Wire
) -> None:
    breakable_cloud.cloudmap.fault("refuse")
    breakable_cloud.vpc.refuse("task2", API_PORT)
    environment.deliver(MANY)
    assert environment.said["ejection"] == 1
    assert wire.connections("task2") == 1


def test_a_warm_environment_asks_once_in_each_soft_time(
    breakable_cloud: PrivateCloud, environment: Environment
) -> None:
    """Five minutes with 60 events, of which each third one makes a look-up."""
    for _ in range(60):
        environment.later(FRESH / 3)
        environment.deliver()
    assert look_ups(breakable_cloud) == 20
    assert environment.said["refresh"] == 20


@pytest.mark.parametrize("path", PATHS)
def test_where_no_task_is_left_the_error_says_so_until_one_is_back(
    breakable_cloud: PrivateCloud, start: Start, path: str
) -> None:
    list_tasks(breakable_cloud, "task1", "task2")
    environment = start(path)
    environment.deliver()
    environment.later(2 * AGES.min_interval)  # nothing is looked up twice at once
    for task in ("task1", "task2"):
        breakable_cloud.vpc.refuse(task, API_PORT)
    list_tasks(breakable_cloud)
    breakable_cloud.cloudmap.reset_calls()
    assert environment.fail()["code"] == "API_UNAVAILABLE"  # a deployment may leave a gap, which is not believed yet
    assert look_ups(breakable_cloud) <= 2
    environment.later(GAP)
    breakable_cloud.cloudmap.reset_calls()
    for one in (environment, start(path)):
        line = one.fail()
        assert (line["code"], CODES["API_NO_INSTANCE"].retry) == ("API_NO_INSTANCE", True)
        assert f"({path})" in line["detail"]
        assert one.said["empty"]
    assert look_ups(breakable_cloud) <= 4  # two environments
    for task in ("task1", "task2"):
        breakable_cloud.vpc.accept(task, API_PORT)
    list_tasks(breakable_cloud, "task2")
    environment.later(AGES.retry_delay)
    environment.deliver()


@pytest.mark.parametrize("path", PATHS)
def test_tasks_that_all_change_are_found_by_the_event_that_meets_it(
    breakable_cloud: PrivateCloud, start: Start, path: str
) -> None:
    list_tasks(breakable_cloud, "task1")
    environment = start(path)
    environment.deliver()
    environment.later(2 * AGES.min_interval)
    breakable_cloud.vpc.refuse("task1", API_PORT)
    list_tasks(breakable_cloud, "task2")
    breakable_cloud.cloudmap.reset_calls()
    environment.deliver(MANY)
    assert environment.said["ejection"] == 1
    assert look_ups(breakable_cloud) == (1 if path == CLOUDMAP else 0)


def test_a_leader_is_asked_alone(breakable_cloud: PrivateCloud, start: Start, wire: Wire) -> None:
    breakable_cloud.register("task1", role="leader")
    breakable_cloud.register("task2", role="follower")
    start(f"{CLOUDMAP}?role=leader").deliver(MANY)
    assert (wire.requests("task1"), wire.requests("task2")) == (MANY, 0)


def test_of_two_leaders_the_one_of_the_later_term_is_asked(
    breakable_cloud: PrivateCloud, start: Start, wire: Wire
) -> None:
    breakable_cloud.register("task1", role="leader", term="9")
    breakable_cloud.register("task2", role="follower", term="9")
    environment = start(f"{CLOUDMAP}?role=leader")
    environment.deliver(MANY)
    breakable_cloud.register("task1", role="follower", term="10")
    breakable_cloud.register("task2", role="leader", term="10")
    environment.later(FRESH)
    environment.deliver()  # finds out, beside the old list
    before = wire.requests("task1")
    environment.deliver(MANY)
    environment.later(OVERLAP_SECONDS - FRESH)
    environment.deliver(MANY)
    assert wire.requests("task1") == before
    assert wire.requests("task1") + wire.requests("task2") == 3 * MANY + 1


def test_of_two_leaders_without_a_term_both_are_asked_for_half_a_minute(
    breakable_cloud: PrivateCloud, start: Start, wire: Wire
) -> None:
    breakable_cloud.register("task1", role="leader")
    breakable_cloud.register("task2", role="follower")
    environment = start(f"{CLOUDMAP}?role=leader")
    environment.deliver(MANY)
    breakable_cloud.register("task1", role="follower")
    breakable_cloud.register("task2", role="leader")
    environment.later(FRESH)
    environment.deliver(MANY)
    before = wire.requests("task1")
    assert before > MANY
    assert wire.requests("task2")
    environment.later(OVERLAP_SECONDS)
    environment.deliver()
    asked = wire.requests("task1")
    environment.deliver(MANY)
    assert wire.requests("task1") == asked <= before + 1
