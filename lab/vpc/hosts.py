"""The hosts inside and outside the VPC: names, addresses, and the names of network interfaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from typing import Final

# From the documentation ranges (RFC 5737): the source address of what leaves the VPC.
PUBLIC_ADDRESS: Final = "198.51.100.1"


@dataclass(frozen=True, slots=True)
class Segment:
    """Hosts that reach each other directly: their addresses with the subnet, and the name of their bridge.

    `port` is the prefix of the bridge's interfaces, since a host may be in two segments.
    """

    bridge: str
    port: str
    interface: str
    addresses: Mapping[str, IPv4Interface]


PRIVATE: Final = Segment(
    "private",
    "p-",
    "eth0",
    {
        name: IPv4Interface(f"10.77.1.{number}/24")
        for name, number in {
            "nat": 1,
            "dns": 2,
            "task1": 11,
            "task2": 12,
            "task3": 13,
            "task4": 14,
            "database": 20,
            "balancer": 30,
            "function": 40,
            "gateway": 50,
        }.items()
    },
)
OUTSIDE: Final = Segment(
    "outside",
    "o-",
    "wan",
    {
        "nat": IPv4Interface(f"{PUBLIC_ADDRESS}/24"),
        "slack": IPv4Interface("198.51.100.10/24"),
        "registry": IPv4Interface("203.0.113.10/24"),
        "aws": IPv4Interface("203.0.113.20/24"),
        "gateway": IPv4Interface("203.0.113.30/24"),
    },
)
SEGMENTS: Final = (PRIVATE, OUTSIDE)
SPARE: Final = IPv4Interface("10.77.1.99/24")  # no host has it
# Two hosts are in both segments. `nat` has its inner address here, `gateway` its outer one; the inner one is its VPC
# link.
_SEGMENTS: Final = {host: segment for segment in (OUTSIDE, PRIVATE) for host in segment.addresses} | {
    "gateway": OUTSIDE
}
HOSTS: Final = tuple(_SEGMENTS)


def segment(host: str) -> Segment:
    """Return the segment of a host; of the two hosts in both, `nat` is private and `gateway` outside.

    Raises KeyError.
    """
    return _SEGMENTS[host]


def address(host: str) -> str:
    """Return the address of a host, or of `spare`; for `nat` the inner one. Raises KeyError."""
    return str((SPARE if host == "spare" else segment(host).addresses[host]).ip)


def hardware_address(address: IPv4Address) -> str:
    """Return the Ethernet address for an IP address."""
    return ":".join(f"{octet:02x}" for octet in (2, 0, *address.packed))


def neighbours(host: str, segment: Segment) -> Iterator[IPv4Address]:
    """Return the addresses that a host can send to in this segment, including unused ones."""
    yield from (interface.ip for name, interface in segment.addresses.items() if name != host)
    if segment is PRIVATE:
        yield SPARE.ip
