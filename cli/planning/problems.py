"""Decides what in a network or in the parameters does not work for the function, and what to change.

Pure: works on what `network` has read.
"""

from __future__ import annotations

from collections.abc import Iterator

from cli import concurrency_plan
from cli.address_plan import Demand, shortages
from cli.planning import filters
from cli.planning.network import Described, Network
from cli.planning.request import Request
from handler.health.model import Check


def judge(network: Network, wishes: Request) -> Iterator[Check]:
    """Check subnets, addresses, routes, filters, DNS and endpoints; each check depends on those before it.

    Before these come parameters that contradict each other.
    """
    yield from _parameters(wishes)
    yield from _subnets(network, wishes)
    if not network.subnets:
        return
    yield _addresses(network, wishes)
    for subnet in network.subnets.values():
        yield _way_out(network, subnet)
        yield filters.acl(network, subnet)
    yield from filters.groups(network, wishes)
    yield _names(network)
    yield from filters.endpoints(network, wishes)


def _parameters(wishes: Request) -> Iterator[Check]:
    """Check polls and reserved concurrency. With direct intake, only events use the latter, so any number will do."""
    if wishes.polls and not wishes.queue:
        cause = "Polls=on, and there is no queue for what the polls find: nothing is polled"
        yield Check("polls", "failed", cause=cause, remedy="deploy with Intake=queue or queue-live, or with Polls=off")
    elif wishes.polls:
        yield Check("polls", "ok", "by the queue")
    if wishes.reserved and wishes.queue:
        problems = concurrency_plan.too_few_reserved(wishes.concurrency, wishes.reserved, polls=wishes.polls)
        if problems:
            yield Check("concurrency", "failed", cause="; ".join(problems), remedy="change the parameter")
        else:
            yield Check("concurrency", "ok", f"{wishes.concurrency} at a time, {wishes.reserved} reserved")


def _subnets(network: Network, wishes: Request) -> Iterator[Check]:
    if missing := [name for name in wishes.subnets if name not in network.subnets]:
        cause = f"there is no {', '.join(missing)} in this account and region"
        yield Check("subnets", "failed", cause=cause, remedy="check AWS_REGION and AWS_PROFILE, then the ids")
        return
    if len(network.vpcs) > 1:
        cause = f"they are in several VPCs: {', '.join(sorted(network.vpcs))}"
        yield Check(
            "subnets", "failed", cause=cause, remedy="name subnets of one VPC: the one that reaches the database"
        )
        return
    zones = sorted({str(subnet["AvailabilityZone"]) for subnet in network.subnets.values()})
    if len(zones) < 2:
        remedy = "name one more in another zone: with this one gone, nothing is posted"
        yield Check("subnets", "warning", cause=f"all are in {zones[0]}", remedy=remedy)
        return
    yield Check("subnets", "ok", f"{len(network.subnets)} in {', '.join(zones)}")


def _addresses(network: Network, wishes: Request) -> Check:
    free = {name: int(subnet["AvailableIpAddressCount"]) for name, subnet in network.subnets.items()}
    zones = len({subnet["AvailabilityZone"] for subnet in network.subnets.values()})
    if problems := shortages(free, Demand(wishes.concurrency, zones)):
        return Check("addresses", "failed", cause="; ".join(problems), remedy="name larger subnets, or empty these")
    return Check("addresses", "ok", ", ".join(f"{name}: {count} free" for name, count in free.items()))


def _way_out(network: Network, subnet: Described) -> Check:
    name, route = f"way out of {subnet['SubnetId']}", network.way_out(subnet)
    if route is None:
        return Check(
            name, "failed", cause="its route table has no route to 0.0.0.0/0", remedy="add one to a NAT gateway"
        )
    if route.get("State") == "blackhole":
        remedy = "the gateway behind it is gone: make another, and replace the route"
        return Check(name, "failed", cause="its route to 0.0.0.0/0 leads nowhere (blackhole)", remedy=remedy)
    if str(route.get("GatewayId", "")).startswith("igw-"):
        cause = "it is a public subnet: its route leads to an internet gateway, and a function has no public address"
        return Check(name, "failed", cause=cause, remedy="name a private subnet, whose route leads to a NAT gateway")
    gateway = route.get("NatGatewayId")
    if not gateway:
        cause = "its route leads to what cannot be followed from here, such as a transit gateway"
        return Check(
            name, "warning", cause=cause, remedy="see that Slack is reached there: `notifier doctor`, once deployed"
        )
    return _gateway(network, subnet, name, str(gateway))


def _gateway(network: Network, subnet: Described, name: str, gateway: str) -> Check:
    found = network.gateways.get(gateway)
    if found is None or found.get("State") != "available":
        state = found.get("State") if found else "not in this VPC"
        return Check(
            name, "failed", cause=f"{gateway} is {state}", remedy="wait for it, or make another and replace the route"
        )
    home = found.get("Subnet")
    if home is None:  # a regional one is in no subnet
        return Check(name, "ok", f"{gateway}, which is regional")
    onward = network.way_out(home)
    if not onward or not str(onward.get("GatewayId", "")).startswith("igw-"):
        cause = f"{gateway} is in {home['SubnetId']}, which has no route to an internet gateway"
        return Check(name, "failed", cause=cause, remedy="a NAT gateway belongs in a public subnet")
    if home["AvailabilityZone"] != subnet["AvailabilityZone"]:
        cause = f"{gateway} is in {home['AvailabilityZone']}, and the subnet in {subnet['AvailabilityZone']}"
        return Check(
            name, "warning", cause=cause, remedy="a gateway in each zone: else that zone's failure is this one's, too"
        )
    return Check(name, "ok", f"{gateway}, {home['AvailabilityZone']}")


def _names(network: Network) -> Check:
    if off := [name for name, on in network.attributes.items() if not on]:
        cause = f"the VPC has {', '.join(off)} switched off"
        return Check("names", "failed", cause=cause, remedy="switch it on: private zones and endpoints need both")
    return Check("names", "ok", "the VPC resolves and gives names")
