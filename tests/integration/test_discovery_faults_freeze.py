"""An environment that is frozen for an hour, through which its monotonic clock stands still."""

from __future__ import annotations

import pytest

from lab.vpc.cloud import PrivateCloud
from tests.discovery_kit import CLOUDMAP, PATHS, Environment, Start, Wire, list_tasks, look_ups

HOUR_SECONDS = 3600.0


def sleep_an_hour(environment: Environment, *tasks: str) -> None:
    """Freeze it, let these tasks be there when it goes on, and count its look-ups from then."""
    environment.function.freeze()
    list_tasks(environment.cloud, *tasks)
    environment.cloud.cloudmap.advance(HOUR_SECONDS)
    environment.cloud.cloudmap.reset_calls()
    environment.function.thaw()
    environment.function.shift(wall=HOUR_SECONDS)
    environment.said.clear()


@pytest.mark.parametrize("path", PATHS)
def test_the_list_is_asked_for_anew_before_it_is_used(
    breakable_cloud: PrivateCloud, start: Start, wire: Wire, path: str
) -> None:
    """The old address is silent by now: who tried it would have left an ejection."""
    list_tasks(breakable_cloud, "task1")
    environment = start(path)
    environment.deliver(2)
    breakable_cloud.vpc.cut("task1")
    sleep_an_hour(environment, "task2")
    environment.deliver()
    assert environment.said == {"refresh": 1, "fresh": 1}
    assert (wire.connections("task1"), wire.connections("task2")) == (1, 1)
    assert wire.requests("task1") == 2
    assert look_ups(breakable_cloud) == (1 if path == CLOUDMAP else 0)


def test_connections_are_opened_anew(breakable_cloud: PrivateCloud, start: Start, wire: Wire) -> None:
    list_tasks(breakable_cloud, "task1")
    environment = start(CLOUDMAP)
    environment.deliver(2)
    assert wire.connections("task1") == 1
    sleep_an_hour(environment, "task1")
    environment.deliver(2)
    assert wire.connections("task1") == 2


def test_a_list_of_an_hour_ago_does_not_serve_where_the_registry_is_down(
    breakable_cloud: PrivateCloud, start: Start, wire: Wire
) -> None:
    list_tasks(breakable_cloud, "task1")
    environment = start(CLOUDMAP)
    environment.deliver()
    sleep_an_hour(environment, "task1")
    breakable_cloud.cloudmap.fault("refuse")
    assert environment.fail()["code"] == "API_UNRESOLVED"
    assert wire.requests("task1") == 1
    breakable_cloud.cloudmap.clear()
    environment.later(5)
    environment.deliver()


def test_what_was_held_against_a_task_is_over(breakable_cloud: PrivateCloud, start: Start, wire: Wire) -> None:
    list_tasks(breakable_cloud, "task1", "task2")
    breakable_cloud.vpc.cut("task2")
    environment = start(CLOUDMAP)
    environment.deliver(20)
    assert environment.said["ejection"] == 1
    breakable_cloud.vpc.heal("task2")
    sleep_an_hour(environment, "task1", "task2")
    environment.deliver(20)
    assert wire.requests("task2")
