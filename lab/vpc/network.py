"""Builds the network: a bridge for each segment, a link to each host, and the NAT."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.vpc.hosts import HOSTS, OUTSIDE, PRIVATE, SEGMENTS, Segment, address, hardware_address, neighbours
from lab.vpc.namespaces import Namespaces
from lab.vpc.programs import Programs

# The firewall of the VPC: only responses come in, and only HTTPS goes out.
NAT_RULES: Final = f"""
table ip nat {{
  chain leaving {{
    type nat hook postrouting priority srcnat
    oifname "{OUTSIDE.interface}" masquerade
  }}
  chain passing {{
    type filter hook forward priority filter
    policy drop
    ct state established,related accept
    iifname "{PRIVATE.interface}" oifname "{OUTSIDE.interface}" tcp dport 443 accept
  }}
}}
"""
FORWARD: Final = "echo 1 > /proc/sys/net/ipv4/ip_forward"


def build(holder: Namespaces, programs: Programs) -> None:
    """Create and connect all hosts. Raises VpcError."""
    env = programs.environment
    holder.run([programs["ip"], "-batch", "-"], stdin=_lines(_fabric()), env=env)
    for host in HOSTS:
        holder.run([programs["ip"], "-batch", "-"], host, stdin=_lines(_inside(host)), env=env)
    holder.run(["sh", "-c", FORWARD], "nat")
    holder.run([programs["nft"], "-f", "-"], "nat", stdin=NAT_RULES, env=env)


def _fabric() -> Iterator[str]:
    for host in HOSTS:
        yield f"netns add {host}"
    for segment in SEGMENTS:
        yield f"link add {segment.bridge} type bridge"
        yield f"link set {segment.bridge} up"
        for host, interface in segment.addresses.items():
            port = f"{segment.port}{host}"
            end = f"{segment.interface} address {hardware_address(interface.ip)} netns {host}"
            yield f"link add {port} type veth peer name {end}"
            yield f"link set {port} master {segment.bridge} up"


def _inside(host: str) -> Iterator[str]:
    yield "link set lo up"
    for segment in SEGMENTS:
        if host in segment.addresses:
            yield from _connection(host, segment)
    if host == "function":
        yield f"route add default via {address('nat')}"


def _connection(host: str, segment: Segment) -> Iterator[str]:
    """Yield the commands for one interface of a host.

    Neighbours are static entries without ARP, as in a VPC: packets to a host that is gone get no answer instead of a
    network error, and a host's first packet is as fast as the next.
    """
    interface = segment.interface
    yield f"addr add {segment.addresses[host]} dev {interface}"
    yield f"link set {interface} up"
    for neighbour in neighbours(host, segment):
        yield f"neighbour add {neighbour} lladdr {hardware_address(neighbour)} dev {interface}"
        if neighbour not in segment.addresses[host].network:
            yield f"route add {neighbour} dev {interface}"


def _lines(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
