"""How many addresses a subnet needs, and what is said where it has fewer."""

from __future__ import annotations

import pytest

from cli.address_plan import Demand, needed, shortages, usable


@pytest.mark.parametrize(
    ("cidr", "addresses"), [("10.0.0.0/28", 11), ("10.0.0.32/27", 27), ("10.0.1.0/24", 251), ("10.0.0.0/16", 65531)]
)
def test_five_addresses_of_a_subnet_are_aws_own(cidr: str, addresses: int) -> None:
    assert usable(cidr) == addresses


@pytest.mark.parametrize(
    ("cidr", "word"),
    [
        ("10.0.0.0/29", "from /16 to /28"),
        ("10.0.0.0/8", "from /16 to /28"),
        ("10.0.0.1/24", "host bits"),
        ("10.0.0/24", "such as 10.0.0.0/26"),
        ("fd00::/64", "such as 10.0.0.0/26"),
        ("", "such as 10.0.0.0/26"),
    ],
)
def test_what_is_no_subnet_is_refused_with_a_reason(cidr: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        usable(cidr)


@pytest.mark.parametrize(
    ("demand", "addresses"),
    [
        (Demand(concurrency=5, zones=2), 1),
        (Demand(concurrency=1000, zones=2), 1),
        (Demand(concurrency=1301, zones=2), 2),  # the other zone's copies come here when it is lost
        (Demand(concurrency=1301, zones=3), 1),
        (Demand(concurrency=1301, zones=1), 2),
        (Demand(concurrency=5, zones=2, endpoints=4), 5),
        (Demand(concurrency=5, zones=2, tasks=10), 11),
        (Demand(concurrency=5, zones=3, tasks=11), 7),
        (Demand(concurrency=5, zones=2, balancers=2), 17),
        (Demand(concurrency=5, zones=3, tasks=4, endpoints=3, balancers=1), 14),
    ],
)
def test_each_subnet_can_take_over_what_another_zone_lost(demand: Demand, addresses: int) -> None:
    assert needed(demand) == addresses


def test_a_subnet_that_is_too_full_is_named_with_what_it_needs() -> None:
    demand = Demand(concurrency=5, zones=2, tasks=4, balancers=1)
    assert shortages({"subnet-a": 13, "subnet-b": 12}, demand) == [
        "subnet-b has 12 free addresses and needs 13: 1 for the function, 4 for tasks, 8 for load balancers"
    ]


@pytest.mark.parametrize(
    "change", [{"concurrency": 0}, {"zones": 0}, {"tasks": -1}, {"endpoints": -1}, {"balancers": -1}]
)
def test_a_demand_that_makes_no_sense_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="or more"):
        Demand(**{"concurrency": 5, "zones": 2, **change})
