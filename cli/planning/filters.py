"""Checks what filters the function's packets: network ACLs, security groups, endpoints."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from cli.planning.network import Described, Network
from cli.planning.request import HTTPS, Request
from handler.health.model import Check

ANYWHERE: Final = "0.0.0.0/0"
# An ephemeral port, to which answers come back:
# https://docs.aws.amazon.com/vpc/latest/userguide/custom-network-acl.html#nacl-ephemeral-ports
EPHEMERAL: Final = 40_000
_TCP: Final = ("6", "tcp")
_ALL: Final = "-1"


def acl(network: Network, subnet: Described) -> Check:
    """Check that a subnet's network ACL allows 443 out, and answers in."""
    name, found = f"network ACL of {subnet['SubnetId']}", network.acl(subnet)
    entries = sorted(found["Entries"], key=lambda entry: int(entry["RuleNumber"])) if found else []
    wanted = ((True, HTTPS, "443 out to anywhere"), (False, EPHEMERAL, "answers back in (1024-65535)"))
    if blocked := [words for egress, port, words in wanted if not _passes(entries, egress, port)]:
        return Check(
            name,
            "failed",
            cause=f"it blocks {' and '.join(blocked)}",
            remedy="allow it: ACLs do not remember who began",
        )
    return Check(name, "ok", "443 out, answers in")


def _passes(entries: list[Described], egress: bool, port: int) -> bool:
    for entry in entries:
        if entry["Egress"] == egress and entry.get("CidrBlock") == ANYWHERE and _covers(entry, port):
            return bool(entry["RuleAction"] == "allow")
    return False


def _covers(entry: Described, port: int) -> bool:
    if entry["Protocol"] == _ALL:
        return True
    ports = entry.get("PortRange", {})
    return entry["Protocol"] in _TCP and ports.get("From", 0) <= port <= ports.get("To", 65_535)


def groups(network: Network, wishes: Request) -> Iterator[Check]:
    """Check that the function's security groups exist, and allow exactly the outgoing traffic that it needs."""
    name = "security groups"
    found = [network.groups[group] for group in wishes.groups if group in network.groups]
    if missing := [group for group in wishes.groups if group not in network.groups]:
        yield Check(name, "failed", cause=f"there is no {', '.join(missing)}", remedy="check the ids, and the region")
        return
    if strangers := [str(group["GroupId"]) for group in found if group["VpcId"] not in network.vpcs]:
        yield Check(
            name, "failed", cause=f"{', '.join(strangers)} is in another VPC", remedy="name groups of the subnets' VPC"
        )
        return
    rules = [rule for group in found for rule in group.get("IpPermissionsEgress", [])]
    wanted = {"Slack and AWS": HTTPS, **wishes.ports}
    closed = [f"{port} ({what})" for what, port in wanted.items() if not any(_opens(rule, port) for rule in rules)]
    if closed:
        yield Check(
            name, "failed", cause=f"they let out to no {', '.join(closed)}", remedy="add a rule for outbound TCP"
        )
    elif any(rule["IpProtocol"] == _ALL for rule in rules):
        remedy = f"narrow it to {', '.join(map(str, sorted(set(wanted.values()))))}: docs/network.md"
        yield Check(name, "warning", cause="they let out to every port", remedy=remedy)
    else:
        yield Check(name, "ok", f"out to {', '.join(map(str, sorted(set(wanted.values()))))}")
    who = ", ".join(wishes.groups)
    for what, port in wishes.ports.items():
        remedy = f"its own group has to let in {port} from {who}"
        yield Check(f"way in to {what}", "skipped", cause="its security group is not known here", remedy=remedy)


def _opens(rule: Described, port: int) -> bool:
    if rule["IpProtocol"] == _ALL:
        return True
    return rule["IpProtocol"] in _TCP and rule.get("FromPort", 0) <= port <= rule.get("ToPort", 65_535)


def endpoints(network: Network, wishes: Request) -> Iterator[Check]:
    """Check the endpoints. One with private DNS serves the whole VPC, so it must accept the function's traffic."""
    for endpoint in network.endpoints:
        name = f"endpoint {str(endpoint['ServiceName']).rpartition('.')[2]}"
        if endpoint.get("VpcEndpointType", "Gateway") == "Gateway":
            yield _gateway_endpoint(network, endpoint, name)
        elif endpoint.get("PrivateDnsEnabled"):
            yield _interface_endpoint(network, wishes, endpoint, name)


def _gateway_endpoint(network: Network, endpoint: Described, name: str) -> Check:
    tables = {str((network.table(subnet) or {}).get("RouteTableId")) for subnet in network.subnets.values()}
    without = tables - set(endpoint.get("RouteTableIds", []))
    if without:
        cause = f"it is not in {', '.join(sorted(without))}"
        return Check(
            name, "skipped", cause=cause, remedy="add those tables to it: it costs nothing, and spares the NAT gateway"
        )
    return Check(name, "ok", "in the subnets' route tables; its policy has to let the function's role in")


def _interface_endpoint(network: Network, wishes: Request, endpoint: Described, name: str) -> Check:
    own = [network.groups[one["GroupId"]] for one in endpoint.get("Groups", []) if one["GroupId"] in network.groups]
    rules = [rule for group in own for rule in group.get("IpPermissions", []) if _opens(rule, HTTPS)]
    if any(_lets_in(network, wishes, rule) for rule in rules):
        return Check(name, "ok", "it lets the function in; so does its policy have to")
    cause = "it answers for the service's name in the whole VPC, and its security group does not let the function in"
    remedy = f"let in 443 from {', '.join(wishes.groups)}"
    return Check(name, "failed", cause=cause, remedy=remedy)


def _lets_in(network: Network, wishes: Request, rule: Described) -> bool:
    if any(pair.get("GroupId") in wishes.groups for pair in rule.get("UserIdGroupPairs", [])):
        return True
    ranges = [ip_network(one["CidrIp"]) for one in rule.get("IpRanges", [])]
    homes = [ip_network(subnet["CidrBlock"]) for subnet in network.subnets.values()]
    return bool(ranges) and all(any(home.subnet_of(one) for one in ranges) for home in homes)  # type: ignore[arg-type]
