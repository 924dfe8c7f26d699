"""A network as EC2 describes it, read once by seven calls that change nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cli.language import say
from cli.operations.aws_errors import asking

# The calls, which are also the IAM actions that the caller needs.
ACTIONS: Final = (
    "ec2:DescribeSubnets",
    "ec2:DescribeRouteTables",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcEndpoints",
)

Described = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Network:
    """EC2's own descriptions: of the given subnets and groups, and of everything else in their VPCs."""

    subnets: Mapping[str, Described]
    groups: Mapping[str, Described]
    tables: Sequence[Described]
    gateways: Mapping[str, Described]
    acls: Sequence[Described]
    endpoints: Sequence[Described]
    attributes: Mapping[str, bool]

    @property
    def vpcs(self) -> set[str]:
        """Return the VPCs of the subnets."""
        return {str(subnet["VpcId"]) for subnet in self.subnets.values()}

    def table(self, subnet: Described) -> Described | None:
        """Return a subnet's route table: its own, else the main one of the VPC; None if there is none."""
        own = (table for table in self.tables if any(one.get("SubnetId") == subnet["SubnetId"] for one in _ties(table)))
        main = (
            table
            for table in self.tables
            if table["VpcId"] == subnet["VpcId"] and any(one.get("Main") for one in _ties(table))
        )
        return next(own, None) or next(main, None)

    def way_out(self, subnet: Described) -> Described | None:
        """Return a subnet's default route; None if there is none."""
        routes = (self.table(subnet) or {}).get("Routes", [])
        return next((route for route in routes if route.get("DestinationCidrBlock") == "0.0.0.0/0"), None)

    def acl(self, subnet: Described) -> Described | None:
        """Return a subnet's network ACL: its own, else the default one of the VPC."""
        own = (acl for acl in self.acls if any(one.get("SubnetId") == subnet["SubnetId"] for one in _ties(acl)))
        default = (acl for acl in self.acls if acl["VpcId"] == subnet["VpcId"] and acl.get("IsDefault"))
        return next(own, None) or next(default, None)


def read(ec2: Any, subnets: Sequence[str], groups: Sequence[str]) -> Network:
    """Read the network from EC2. Unknown ids are left out. Raises UnansweredError if EC2 does not answer."""
    with asking(say("read the network"), " and ".join(ACTIONS)):
        found = ec2.describe_subnets(Filters=[_filter("subnet-id", subnets)])["Subnets"]
        vpcs = sorted({subnet["VpcId"] for subnet in found}) or ["none"]
        within = [_filter("vpc-id", vpcs)]
        every = ec2.describe_subnets(Filters=within)["Subnets"]
        gateways = ec2.describe_nat_gateways(Filter=within)["NatGateways"]
        return Network(
            subnets={one["SubnetId"]: one for one in found},
            groups=_groups(ec2, within, groups),
            tables=ec2.describe_route_tables(Filters=within)["RouteTables"],
            gateways={one["NatGatewayId"]: {**one, "Subnet": _by_id(one.get("SubnetId"), every)} for one in gateways},
            acls=ec2.describe_network_acls(Filters=within)["NetworkAcls"],
            endpoints=ec2.describe_vpc_endpoints(Filters=within)["VpcEndpoints"],
            attributes=_attributes(ec2, vpcs[0]) if found else {},
        )


def _groups(ec2: Any, within: Sequence[Described], wanted: Sequence[str]) -> dict[str, Described]:
    """Return the groups of the VPC, which its endpoints use, and the given ones, which may be in another VPC."""
    found = ec2.describe_security_groups(Filters=within)["SecurityGroups"]
    named = ec2.describe_security_groups(Filters=[_filter("group-id", wanted)])["SecurityGroups"]
    return {one["GroupId"]: one for one in (*found, *named)}


def _attributes(ec2: Any, vpc: str) -> dict[str, bool]:
    names = ("enableDnsSupport", "enableDnsHostnames")
    answers = {name: ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name) for name in names}
    return {name: bool(answer[f"E{name[1:]}"]["Value"]) for name, answer in answers.items()}


def _by_id(wanted: str | None, subnets: Sequence[Described]) -> Described | None:
    return next((subnet for subnet in subnets if subnet["SubnetId"] == wanted), None)


def _ties(described: Described) -> Sequence[Described]:
    return described.get("Associations", [])  # type: ignore[no-any-return]


def _filter(name: str, values: Sequence[str]) -> dict[str, Any]:
    return {"Name": name, "Values": list(values)}
