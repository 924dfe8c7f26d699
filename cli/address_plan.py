"""Calculate how many IP addresses a subnet of the notifier needs, and whether it has them.

Pure arithmetic: a test compares it with `infra/network.yaml`, and it also works for existing subnets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network
from typing import Final

# AWS reserves five addresses in each subnet, and a subnet has a mask from /16 to /28:
# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
RESERVED: Final = 5
LARGEST, SMALLEST = 16, 28

# Lambda adds a network interface for a subnet and set of security groups after this many connections:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
CONNECTIONS_PER_INTERFACE: Final = 65_000

# The most connections that one execution environment has open: for each of ten records one to Slack, one to the API
# and two to AWS, and those to the databases.
CONNECTIONS_PER_ENVIRONMENT: Final = 50

# An Application Load Balancer needs a /27, and this many free addresses in it to scale:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
BALANCER_ADDRESSES: Final = 8


@dataclass(frozen=True)
class Demand:
    """What uses addresses in the subnets, with one subnet in each zone. Counts are totals over all zones.

    Raises ValueError if a number makes no sense.
    """

    concurrency: int  # the most execution environments of the function at a time
    zones: int
    tasks: int = 0  # the most Fargate tasks: during a deployment, twice the usual number
    endpoints: int = 0  # interface endpoints, each with an address in every zone
    balancers: int = 0

    def __post_init__(self) -> None:
        if self.concurrency < 1 or self.zones < 1:
            raise ValueError("concurrency and zones are 1 or more")
        if min(self.tasks, self.endpoints, self.balancers) < 0:
            raise ValueError("tasks, endpoints and balancers are 0 or more")


def needed(demand: Demand) -> int:
    """Return how many addresses each subnet needs so that the other zones can take over if one zone fails."""
    return sum(_parts(demand).values())


def usable(cidr: str) -> int:
    """Return how many addresses of a CIDR block, such as 10.0.0.0/26, are left after those that AWS reserves.

    Raises ValueError, with the reason, if it cannot be a subnet of a VPC.
    """
    try:
        network = IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"{cidr!r} is no range of addresses, such as 10.0.0.0/26: {error}") from None
    if not LARGEST <= network.prefixlen <= SMALLEST:
        raise ValueError(f"{cidr} is no subnet of a VPC: those are from /{LARGEST} to /{SMALLEST}")
    return network.num_addresses - RESERVED


def shortages(free: Mapping[str, int], demand: Demand) -> list[str]:
    """Return a sentence for each subnet with too few free addresses. `free` counts them by subnet."""
    need = needed(demand)
    parts = ", ".join(f"{count} for {name}" for name, count in _parts(demand).items() if count)
    return [
        f"{name} has {count} free addresses and needs {need}: {parts}" for name, count in free.items() if count < need
    ]


def _parts(demand: Demand) -> Mapping[str, int]:
    """Return how many addresses each part of the deployment uses in one subnet."""
    left = max(demand.zones - 1, 1)
    connections = _share(demand.concurrency, left) * CONNECTIONS_PER_ENVIRONMENT
    return {
        "the function": _share(connections, CONNECTIONS_PER_INTERFACE),
        "tasks": _share(demand.tasks, left),
        "interface endpoints": demand.endpoints,
        "load balancers": demand.balancers * BALANCER_ADDRESSES,
    }


def _share(total: int, parts: int) -> int:
    """Divide, and round up."""
    return -(-total // parts)
