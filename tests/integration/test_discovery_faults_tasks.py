"""Tasks that end, hang, vanish or are replaced, while events come: each reaches Slack as long as one task lives."""

from __future__ import annotations

import os
import signal

import pytest

from handler.adapters.http.load_balancing import FAILOVER_SECONDS
from handler.discovery.outliers import EJECT_SECONDS, JITTER, MAX_BAD_RESPONSES
from lab.vpc.cloud import API_PORT, PrivateCloud
from tests.discovery_kit import CLOUDMAP, PATHS, Start, Wire, list_tasks, look_ups

# So many that a task which is in the order is never missed: each comes first for half of the events.
MANY = 20
OURSELVES = ";identity=X-Service:shop"
FIRST_EJECTION = EJECT_SECONDS * (1 + JITTER)


def test_both_tasks_of_a_service_are_asked(breakable_cloud: PrivateCloud, start: Start, wire: Wire) -> None:
    list_tasks(breakable_cloud, "task1", "task2")
    for path in PATHS:
        environment = start(path)
        environment.deliver(MANY)
        assert environment.said == {"refresh": 1, "fresh": 1}
    assert wire.requests("task1") + wire.requests("task2") == MANY * len(PATHS)
    assert wire.connections("task1") == wire.connections("task2") == len(PATHS)


@pytest.mark.parametrize("path", PATHS)
def test_a_task_that_ended_is_tried_once_more(
    breakable_cloud: PrivateCloud, start: Start, wire: Wire, path: str
) -> None:
    with breakable_cloud.task("task3") as ended:
        list_tasks(breakable_cloud, "task1", "task3")
        environment = start(path)
        environment.deliver(MANY)
        asked = {task: wire.requests(task) for task in ("task1", "task3")}
        assert all(asked.values())
        ended.process.kill()
        environment.deliver(MANY)
        assert environment.said["ejection"] == 1
        assert wire.connections("task3") == 2  # the one that it took, and the one that nobody took any more
        assert wire.requests("task1") == asked["task1"] + MANY


def test_a_task_that_ends_in_the_middle_of_an_answer_costs_the_event_nothing(
    breakable_cloud: PrivateCloud, start: Start, wire: Wire
) -> None:
    list_tasks(breakable_cloud, "task1", "task2")
    environment = start(CLOUDMAP)
    environment.deliver(MANY)
    breakable_cloud.tasks["task2"].fault("/customers/*", "truncated")
    before = wire.requests("task2")
    environment.deliver(MANY)
    assert environment.said["ejection"] == 1
    assert wire.requests("task2") == before + MAX_BAD_RESPONSES


def test_a_task_that_hangs_is_left_after_its_third_silence(
    breakable_cloud: PrivateCloud, start: Start, wire: Wire
) -> None:
    """The kernel takes connections for a stopped process, so that nothing but silence tells."""
    list_tasks(breakable_cloud, "task1", "task2")
    environment = start(CLOUDMAP)
    environment.deliver(MANY)
    before = wire.requests("task2")
    os.kill(breakable_cloud.tasks["task2"].process.pid, signal.SIGSTOP)
    environment.deliver(MANY)
    assert environment.said["ejection"] == 1
    assert wire.requests("task2") == before + MAX_BAD_RESPONSES


def test_a_silent_address_is_tried_once_in_each_time_of_ejection(
    breakable_cloud: PrivateCloud, start: Start, wire: Wire
) -> None:
    assert FAILOVER_SECONDS < 1  # else TCP would ask again within one attempt, and the count below say nothing
    list_tasks(breakable_cloud, "task1", "task2")
    breakable_cloud.vpc.cut("task2")
    environment = start(CLOUDMAP)
    environment.deliver(MANY)
    assert (environment.said["ejection"], wire.connections("task2")) == (1, 1)
    environment.later(FIRST_EJECTION)
    environment.deliver(MANY)
    assert (environment.said["ejection"], wire.connections("task2")) == (2, 2)
    breakable_cloud.vpc.heal("task2")
    environment.later(2 * FIRST_EJECTION)
    environment.deliver(MANY)
    assert (environment.said["ejection"], wire.connections("task2")) == (2, 3)
    assert wire.requests("task2")


@pytest.mark.parametrize(("share", "served"), [(0.4, True), (2.0, False)])
def test_a_connection_is_given_its_share_of_time_and_no_more(
    breakable_cloud: PrivateCloud, start: Start, wire: Wire, share: float, served: bool
) -> None:
    """A way there and back that takes this share of FAILOVER_SECONDS."""
    list_tasks(breakable_cloud, "task1", "task2")
    breakable_cloud.vpc.delay("task2", share * FAILOVER_SECONDS / 2 * 1000)
    environment = start(CLOUDMAP)
    environment.deliver(MANY)
    assert environment.said["ejection"] == (0 if served else 1)
    assert bool(wire.requests("task2")) is served


def test_a_task_cut_off_behind_a_kept_connection_is_left_too(
    breakable_cloud: PrivateCloud, start: Start, wire: Wire
) -> None:
    list_tasks(breakable_cloud, "task1", "task2")
    environment = start(CLOUDMAP)
    environment.deliver(MANY)
    breakable_cloud.vpc.cut("task2")
    environment.deliver(MANY)
    # The first that was kept, and one anew, which met silence at once.
    assert (environment.said["ejection"], wire.connections("task2")) == (1, 2)


def test_an_address_that_went_to_another_service_is_left_at_its_first_answer(
    breakable_cloud: PrivateCloud, start: Start
) -> None:
    list_tasks(breakable_cloud, "task1", "task3")
    environment = start(CLOUDMAP + OURSELVES)
    with breakable_cloud.task("task3"):
        environment.deliver(MANY)
    assert environment.said["ejection"] == 0
    with breakable_cloud.task("task3", service="other") as other:
        environment.deliver(MANY)
        assert environment.said["ejection"] == 1
        assert len(other.requests()) == 1


def test_another_service_everywhere_is_said_with_path_and_instance(breakable_cloud: PrivateCloud, start: Start) -> None:
    list_tasks(breakable_cloud, "task3")
    environment = start(CLOUDMAP + OURSELVES)
    with breakable_cloud.task("task3", service="other") as other:
        line = environment.fail()
        assert line["code"] == "API_WRONG_SERVICE"
        assert f"({CLOUDMAP}, task3 at {breakable_cloud.vpc.address('task3')}:{API_PORT})" in line["detail"]
        assert len(other.requests()) == 1
    with breakable_cloud.task("task3"):
        environment.deliver()


def test_where_every_task_refuses_each_is_tried_once(breakable_cloud: PrivateCloud, start: Start, wire: Wire) -> None:
    list_tasks(breakable_cloud, "task1", "task2")
    environment = start(CLOUDMAP)
    for task in ("task1", "task2"):
        breakable_cloud.vpc.refuse(task, API_PORT)
    line = environment.fail()
    assert line["code"] == "API_UNAVAILABLE"
    assert f"({CLOUDMAP}, task" in line["detail"]
    assert f":{API_PORT})" in line["detail"]
    assert (wire.connections("task1"), wire.connections("task2")) == (1, 1)
    assert environment.said["ejection"] == 2
    assert look_ups(breakable_cloud) <= 2
    for task in ("task1", "task2"):
        breakable_cloud.vpc.accept(task, API_PORT)
    environment.deliver(MANY)  # at once: where all are ejected, the evidence is doubted
    assert environment.said["panic"]


def test_where_every_task_is_silent_each_is_tried_once(breakable_cloud: PrivateCloud, start: Start) -> None:
    list_tasks(breakable_cloud, "task1", "task2")
    environment = start(CLOUDMAP)
    for task in ("task1", "task2"):
        breakable_cloud.vpc.cut(task)
    line = environment.fail()
    assert line["code"] == "API_TIMEOUT"
    assert f"({CLOUDMAP}, task" in line["detail"]
    assert environment.said["ejection"] == 2
    assert look_ups(breakable_cloud) <= 2
