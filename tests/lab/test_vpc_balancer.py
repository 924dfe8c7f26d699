"""The VPC's load balancers find out which targets are healthy, and send to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from lab.processes import wait_until
from lab.vpc import Vpc, VpcError
from lab.vpc.balancer import ALB_PORT, NLB_PORT, Balancer, running_balancer
from tests.plugins.vpc import ask, serving

WAIT_SECONDS = 20.0


@pytest.fixture(scope="module")
def sick(vpc: Vpc) -> Iterator[dict[str, Path]]:
    """Servers in task1 and task2, and for each the file that makes its health bad."""
    with ExitStack() as servers:
        yield {task: servers.enter_context(serving(vpc, task)) for task in ("task1", "task2")}


@pytest.fixture(scope="module")
def running(vpc: Vpc, sick: dict[str, Path]) -> Iterator[Balancer]:
    with running_balancer(vpc) as balancer:
        yield balancer


@pytest.fixture
def balancer(running: Balancer, sick: dict[str, Path]) -> Iterator[Balancer]:
    """Both balancers, with task1 and task2 as healthy targets."""
    running.set_targets("task1", "task2")
    see_healthy(running, "alb", "task1", "task2")
    see_healthy(running, "nlb", "task1", "task2")
    yield running
    for file in sick.values():
        file.unlink(missing_ok=True)


def see_healthy(balancer: Balancer, kind: str, *tasks: str) -> None:
    wait_until(lambda: balancer.healthy(kind) == {*tasks}, f"{tasks} to be healthy for the {kind}", WAIT_SECONDS)


def served(vpc: Vpc, port: int, times: int = 4) -> Counter[str]:
    answers = [ask(vpc, "function", vpc.address("balancer"), port) for _ in range(times)]
    return Counter(answer.split(" to ")[0] for answer in answers)


def test_the_alb_takes_its_targets_in_turn(vpc: Vpc, balancer: Balancer) -> None:
    assert served(vpc, ALB_PORT) == {"200 task1": 2, "200 task2": 2}


def test_the_nlb_serves_from_its_targets(vpc: Vpc, balancer: Balancer) -> None:
    assert served(vpc, NLB_PORT).keys() <= {"200 task1", "200 task2"}


def test_both_come_from_the_balancer(vpc: Vpc, balancer: Balancer) -> None:
    for port in (ALB_PORT, NLB_PORT):
        assert ask(vpc, "function", vpc.address("balancer"), port).endswith(f" to {vpc.address('balancer')}")


def test_a_bad_health_takes_a_task_out_of_the_alb_alone(vpc: Vpc, balancer: Balancer, sick: dict[str, Path]) -> None:
    sick["task1"].touch()
    see_healthy(balancer, "alb", "task2")
    assert served(vpc, ALB_PORT) == {"200 task2": 4}
    assert balancer.healthy("nlb") == {"task1", "task2"}
    sick["task1"].unlink()
    see_healthy(balancer, "alb", "task1", "task2")
    assert served(vpc, ALB_PORT) == {"200 task1": 2, "200 task2": 2}


def test_the_alb_sends_to_all_when_none_is_healthy(vpc: Vpc, balancer: Balancer, sick: dict[str, Path]) -> None:
    for file in sick.values():
        file.touch()
    see_healthy(balancer, "alb")
    assert served(vpc, ALB_PORT) == {"200 task1": 2, "200 task2": 2}


@pytest.mark.parametrize(("kind", "port"), [("alb", ALB_PORT), ("nlb", NLB_PORT)])
def test_a_task_that_does_not_listen_is_out(vpc: Vpc, balancer: Balancer, kind: str, port: int) -> None:
    balancer.set_targets("task1", "task3")
    see_healthy(balancer, kind, "task1")
    assert served(vpc, port) == {"200 task1": 4}


@pytest.mark.parametrize(("kind", "port"), [("alb", ALB_PORT), ("nlb", NLB_PORT)])
def test_a_task_that_is_silent_is_out(breakable_vpc: Vpc, balancer: Balancer, kind: str, port: int) -> None:
    breakable_vpc.cut("task2")
    see_healthy(balancer, kind, "task1")
    assert served(breakable_vpc, port) == {"200 task1": 4}


def test_an_nlb_sends_to_all_when_none_is_healthy(vpc: Vpc, balancer: Balancer) -> None:
    balancer.set_targets("task3")
    see_healthy(balancer, "nlb")
    with serving(vpc, "task3"):  # it answers before the checks have seen it, or after
        assert served(vpc, NLB_PORT) == {"200 task3": 4}


def test_a_task_that_refuses_is_a_bad_gateway(vpc: Vpc, balancer: Balancer) -> None:
    balancer.set_targets("task3")
    assert ask(vpc, "function", vpc.address("balancer"), ALB_PORT) == "502"
    see_healthy(balancer, "alb")
    assert ask(vpc, "function", vpc.address("balancer"), ALB_PORT) == "502"


def test_without_targets_there_is_no_service(vpc: Vpc, balancer: Balancer) -> None:
    balancer.set_targets()
    assert ask(vpc, "function", vpc.address("balancer"), ALB_PORT).startswith("503 ")
    with pytest.raises(VpcError, match="RemoteDisconnected|ConnectionResetError"):
        ask(vpc, "function", vpc.address("balancer"), NLB_PORT)


def test_the_addresses_are_those_of_the_listeners(vpc: Vpc, balancer: Balancer) -> None:
    assert balancer.alb == f"http://{vpc.address('balancer')}:{ALB_PORT}"
    assert balancer.nlb == (vpc.address("balancer"), NLB_PORT)
