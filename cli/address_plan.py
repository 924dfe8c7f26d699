"""How many addresses a subnet of the notifier needs, and whether it has them.

Pure arithmetic: `infra/network.yaml` is held against it by a test, and subnets that exist already can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Final

# Five addresses of each subnet are AWS's own, and a subnet has a mask from /16 to /28:
# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
RESERVED: Final = 5
LARGEST, SMALLEST = 16, 28

# Lambda makes one network interface for a subnet and a set of security groups, and another at this many connections:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
CONNECTIONS_PER_INTERFACE: Final = 65_000

# More than one running copy of the function has open: for each of ten records a connection to Slack, one to the API and
# two to AWS, and the databases'.
CONNECTIONS_PER_ENVIRONMENT: Final = 50

# An Application Load Balancer wants a /27 and so many free addresses, to grow into:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
BALANCER_ADDRESSES: Final = 8


@dataclass(frozen=True)
class Demand:
    """What takes addresses in the subnets, one subnet for each zone. The counts are those of all zones together.

    Raises ValueError where a number makes no sense.
    """

    concurrency: int  # running copies of the function, at most
    zones: int
    tasks: int = 0  # of Fargate, at most: during a deployment twice the usual
    endpoints: int = 0  # interface endpoints, each with an address in every zone
    balancers: int = 0

    def __post_init__(self) -> None:
        if self.concurrency < 1 or self.zones < 1:
            raise ValueError("concurrency and zones are 1 or more")
        if min(self.tasks, self.endpoints, self.balancers) < 0:
            raise ValueError("tasks, endpoints and balancers are 0 or more")


def needed(demand: Demand) -> int:
    """Addresses in each subnet, such that the others can take over what one zone lost."""
    return sum(_parts(demand).values())


def usable(cidr: str) -> int:
    """Addresses of an empty subnet, such as 10.0.0.0/26, that are not AWS's own.

    Raises ValueError for what is no subnet of a VPC, and says what instead.
    """
    try:
        network = IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"{cidr!r} is no range of addresses, such as 10.0.0.0/26: {error}") from None
    if not LARGEST <= network.prefixlen <= SMALLEST:
        raise ValueError(f"{cidr} is no subnet of a VPC: those are from /{LARGEST} to /{SMALLEST}")
    return network.num_addresses - RESERVED


def shortages(free: Mapping[str, int], demand: Demand) -> list[str]:
    """A sentence for each subnet, by name, whose free addresses do not do. Empty if all fits."""
    need = needed(demand)
    parts = ", ".join(f"{count} for {name}" for name, count in _parts(demand).items() if count)
    return [
        f"{name} has {count} free addresses and needs {need}: {parts}" for name, count in free.items() if count < need
    ]


def _parts(demand: Demand) -> Mapping[str, int]:
    """What each subnet's addresses are for."""
    left = max(demand.zones - 1, 1)
    connections = _share(demand.concurrency, left) * CONNECTIONS_PER_ENVIRONMENT
    return {
        "the function": _share(connections, CONNECTIONS_PER_INTERFACE),
        "tasks": _share(demand.tasks, left),
        "interface endpoints": demand.endpoints,
        "load balancers": demand.balancers * BALANCER_ADDRESSES,
    }


def _share(total: int, parts: int) -> int:
    """Rounded up."""
    return -(-total // parts)
