"""A network is looked at before anything is deployed into it: a good one passes, and what is broken is named."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from cli.main import main
from cli.planning import network
from cli.planning.problems import judge
from cli.planning.request import Request
from handler.health.model import Check
from lab.aws import REGION, Aws, running_aws
from lab.sam import ROOT

ANYWHERE: Final = "0.0.0.0/0"
PORTS: Final = {"database default": 3306, "API default": 8080}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    with running_aws(tmp_path_factory.mktemp("aws")) as aws:
        yield aws


@dataclass
class Vpc:
    """A VPC with what the notifier needs: two private subnets, a NAT gateway in each zone, and a narrow group."""

    ec2: Any
    vpc: str = ""
    private: list[str] = field(default_factory=list)
    public: list[str] = field(default_factory=list)
    gateways: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    group: str = ""

    @classmethod
    def made(cls, ec2: Any) -> Vpc:
        self = cls(ec2)
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        for name in ("EnableDnsSupport", "EnableDnsHostnames"):
            ec2.modify_vpc_attribute(VpcId=self.vpc, **{name: {"Value": True}})
        internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=self.vpc)
        outer = self.table("GatewayId", internet)
        for number, zone in enumerate(("a", "b")):
            public, private = (self.subnet(f"{REGION}{zone}", f"10.0.{n}.0/24") for n in (number, 10 + number))
            ec2.associate_route_table(RouteTableId=outer, SubnetId=public)
            address = ec2.allocate_address(Domain="vpc")["AllocationId"]
            gateway = ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
            table = self.table("NatGatewayId", gateway)
            ec2.associate_route_table(RouteTableId=table, SubnetId=private)
            self.private.append(private)
            self.public.append(public)
            self.gateways.append(gateway)
            self.tables.append(table)
        self.group = self.narrow_group(443, 3306, 8080)
        return self

    def subnet(self, zone: str, block: str) -> str:
        made = self.ec2.create_subnet(VpcId=self.vpc, AvailabilityZone=zone, CidrBlock=block)
        return str(made["Subnet"]["SubnetId"])

    def table(self, kind: str, target: str) -> str:
        table = str(self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"])
        self.ec2.create_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, **{kind: target})
        return table

    def narrow_group(self, *ports: int) -> str:
        name = f"function-{'-'.join(map(str, ports))}"
        group = str(self.ec2.create_security_group(GroupName=name, Description="d", VpcId=self.vpc)["GroupId"])
        anywhere = [{"CidrIp": ANYWHERE}]
        every = [{"IpProtocol": "-1", "IpRanges": anywhere}]
        self.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=every)
        rules = [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": anywhere} for port in ports]
        self.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=rules)
        return group

    def looked_at(self, **wishes: Any) -> dict[str, Check]:
        given = {"subnets": tuple(self.private), "groups": (self.group,), "ports": PORTS, **wishes}
        wanted = Request(**given)
        return {check.name: check for check in judge(network.read(self.ec2, wanted.subnets, wanted.groups), wanted)}


@pytest.fixture
def vpc(aws: Aws) -> Vpc:
    return Vpc.made(aws.client("ec2"))


def unwell(found: dict[str, Check]) -> dict[str, Check]:
    return {name: check for name, check in found.items() if check.state in ("failed", "warning")}


def test_a_network_that_will_do_is_found_well(vpc: Vpc) -> None:
    found = vpc.looked_at()
    assert unwell(found) == {}
    assert found["subnets"].seen == f"2 in {REGION}a, {REGION}b"
    assert vpc.gateways[0] in found[f"way out of {vpc.private[0]}"].seen
    assert f"let in 3306 from {vpc.group}" in found["way in to database default"].remedy


def route(vpc: Vpc, **target: str) -> None:
    vpc.ec2.replace_route(RouteTableId=vpc.tables[0], DestinationCidrBlock=ANYWHERE, **target)


def no_route(vpc: Vpc) -> dict[str, Any]:
    vpc.ec2.delete_route(RouteTableId=vpc.tables[0], DestinationCidrBlock=ANYWHERE)
    return {}


def public_subnet(vpc: Vpc) -> dict[str, Any]:
    return {"subnets": (vpc.public[0], vpc.private[1])}


def cross_zone(vpc: Vpc) -> dict[str, Any]:
    route(vpc, NatGatewayId=vpc.gateways[1])
    return {}


def gateway_gone(vpc: Vpc) -> dict[str, Any]:
    vpc.ec2.delete_nat_gateway(NatGatewayId=vpc.gateways[0])
    return {}


def gateway_in_private(vpc: Vpc) -> dict[str, Any]:
    address = vpc.ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = vpc.ec2.create_nat_gateway(SubnetId=vpc.private[0], AllocationId=address)
    route(vpc, NatGatewayId=made["NatGateway"]["NatGatewayId"])
    return {}


def one_zone(vpc: Vpc) -> dict[str, Any]:
    return {"subnets": (vpc.private[0],)}


def no_subnet(vpc: Vpc) -> dict[str, Any]:
    return {"subnets": (vpc.private[0], "subnet-0123456789abcdef0")}


def two_vpcs(vpc: Vpc) -> dict[str, Any]:
    return {"subnets": (vpc.private[0], Vpc.made(vpc.ec2).private[1])}


def too_small(vpc: Vpc) -> dict[str, Any]:
    return {"concurrency": 1_000_000}


def no_group(vpc: Vpc) -> dict[str, Any]:
    return {"groups": ("sg-0123456789abcdef0",)}


def foreign_group(vpc: Vpc) -> dict[str, Any]:
    return {"groups": (Vpc.made(vpc.ec2).group,)}


def closed_port(vpc: Vpc) -> dict[str, Any]:
    return {"groups": (vpc.narrow_group(443, 8080),)}


def open_group(vpc: Vpc) -> dict[str, Any]:
    made = vpc.ec2.create_security_group(GroupName="open", Description="d", VpcId=vpc.vpc)
    return {"groups": (made["GroupId"],)}


def no_names(vpc: Vpc) -> dict[str, Any]:
    vpc.ec2.modify_vpc_attribute(VpcId=vpc.vpc, EnableDnsHostnames={"Value": False})
    return {}


def strict_acl(vpc: Vpc) -> dict[str, Any]:
    [acl] = vpc.ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [vpc.vpc]}])["NetworkAcls"]
    vpc.ec2.create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"], RuleNumber=50, Protocol="6", RuleAction="deny", Egress=False,
        CidrBlock=ANYWHERE, PortRange={"From": 1024, "To": 65535},
    )  # fmt: skip
    return {}


CASES: Final[dict[str, tuple[Callable[[Vpc], dict[str, Any]], str, str, str]]] = {
    "no route": (no_route, "way out of {0}", "failed", "no route to 0.0.0.0/0"),
    "a public subnet": (public_subnet, "way out of {public}", "failed", "public subnet"),
    "across zones": (cross_zone, "way out of {0}", "warning", f"in {REGION}b, and the subnet in {REGION}a"),
    "a gateway that is gone": (gateway_gone, "way out of {0}", "failed", "deleted|not in this VPC"),
    "a gateway in a private subnet": (
        gateway_in_private,
        "way out of {0}",
        "failed",
        "no route to an internet gateway",
    ),
    "one zone": (one_zone, "subnets", "warning", f"all are in {REGION}a"),
    "no such subnet": (no_subnet, "subnets", "failed", "no subnet-0123456789abcdef0"),
    "two VPCs": (two_vpcs, "subnets", "failed", "several VPCs"),
    "too few addresses": (too_small, "addresses", "failed", "free addresses and needs"),
    "no such group": (no_group, "security groups", "failed", "no sg-0123456789abcdef0"),
    "a group of another VPC": (foreign_group, "security groups", "failed", "another VPC"),
    "a closed port": (closed_port, "security groups", "failed", "3306 \\(database default\\)"),
    "a group that is open": (open_group, "security groups", "warning", "every port"),
    "names switched off": (no_names, "names", "failed", "enableDnsHostnames"),
    "an ACL": (strict_acl, "network ACL of {0}", "failed", "answers back in"),
}


@pytest.mark.parametrize("what", CASES)
def test_what_will_not_do_is_named(vpc: Vpc, what: str) -> None:
    broken, name, state, cause = CASES[what]
    name = name.format(*vpc.private, public=vpc.public[0])
    found = unwell(vpc.looked_at(**broken(vpc)))
    others = {one for one in found if not one.startswith(name.split(" subnet-")[0])}
    assert found[name].state == state
    assert re.search(cause, found[name].cause)
    assert found[name].remedy
    assert others == set()


def test_a_route_into_nothing_is_told_as_such(vpc: Vpc) -> None:
    """EC2 marks it where what was behind it is gone; the local one does not."""
    wanted = Request(tuple(vpc.private), (vpc.group,), ports=PORTS)
    found = network.read(vpc.ec2, wanted.subnets, wanted.groups)
    gone = [
        {**table, "Routes": [{**one, "State": "blackhole"} for one in table["Routes"]]}
        if table["RouteTableId"] == vpc.tables[0]
        else table
        for table in found.tables
    ]
    checks = {check.name: check for check in judge(replace(found, tables=gone), wanted)}
    assert [(name, "blackhole" in check.cause) for name, check in unwell(checks).items()] == [
        (f"way out of {vpc.private[0]}", True)
    ]


def endpoint(service: str, *groups: str, **more: Any) -> dict[str, Any]:
    """As EC2 describes one; the local one leaves out whether it has taken over the service's name."""
    name = f"com.amazonaws.{REGION}.{service}"
    return {"ServiceName": name, "VpcEndpointType": "Interface", "Groups": [{"GroupId": one} for one in groups], **more}


@pytest.mark.parametrize(
    ("rule", "named", "state"),
    [
        ({}, True, "failed"),
        ({"IpRanges": [{"CidrIp": "10.0.0.0/16"}]}, True, "ok"),
        ({"IpRanges": [{"CidrIp": "10.0.10.0/24"}]}, True, "failed"),  # one of the two subnets
        ({"UserIdGroupPairs": "the function's"}, True, "ok"),
        ({"UserIdGroupPairs": "another's"}, True, "failed"),
        ({}, False, None),
    ],
)
def test_an_endpoint_that_has_a_services_name_lets_the_function_in(
    vpc: Vpc, rule: dict[str, Any], named: bool, state: str | None
) -> None:
    wanted = Request(tuple(vpc.private), (vpc.group,), ports=PORTS)
    found = network.read(vpc.ec2, wanted.subnets, wanted.groups)
    pairs = {"the function's": [{"GroupId": vpc.group}], "another's": [{"GroupId": "sg-x"}]}
    rule = {**rule, "UserIdGroupPairs": pairs.get(rule.get("UserIdGroupPairs", ""), [])}
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, **rule}
    own = {"GroupId": "sg-e", "VpcId": vpc.vpc, "IpPermissions": [permission]}
    taken = replace(
        found,
        groups={**found.groups, "sg-e": own},
        endpoints=[endpoint("secretsmanager", "sg-e", PrivateDnsEnabled=named)],
    )
    checks = {check.name: check.state for check in judge(taken, wanted)}
    assert checks.get("endpoint secretsmanager") == state


def test_a_gateway_endpoint_belongs_into_the_route_tables(vpc: Vpc) -> None:
    wanted = Request(tuple(vpc.private), (vpc.group,), ports=PORTS)
    found = network.read(vpc.ec2, wanted.subnets, wanted.groups)
    states = []
    for tables in (vpc.tables, vpc.tables[:1]):
        there = endpoint("dynamodb", VpcEndpointType="Gateway", RouteTableIds=tables)
        checks = {check.name: check for check in judge(replace(found, endpoints=[there]), wanted)}
        states.append((checks["endpoint dynamodb"].state, vpc.tables[1] in checks["endpoint dynamodb"].cause))
    assert states == [("ok", False), ("skipped", True)]


def test_it_only_reads_and_the_page_says_what(vpc: Vpc, monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    original = type(vpc.ec2)._make_api_call  # type: ignore[attr-defined]

    def noted(self: Any, name: str, arguments: Any) -> Any:
        called.append(f"ec2:{name}")
        return original(self, name, arguments)

    monkeypatch.setattr(type(vpc.ec2), "_make_api_call", noted)
    vpc.looked_at()
    assert set(called) == set(network.ACTIONS)
    page = (ROOT / "docs/doctor.md").read_text("utf-8")
    assert all(f"`{action}`" in page for action in network.ACTIONS)


def test_the_command_takes_what_sam_will_take(
    vpc: Vpc, aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    values = {"SubnetIds": ",".join(vpc.private), "Databases": "default=mysql://db.internal/shop"}
    written = " ".join(f'{name}=\\"{value}\\"' for name, value in values.items())
    Path("samconfig.toml").write_text(f'[prod.deploy.parameters]\nparameter_overrides = "{written}"\n')
    command = ["doctor", "--plan", "--config-env", "prod"]
    missing = CliRunner().invoke(main, command)
    assert (missing.exit_code, "SecurityGroupIds is not known" in missing.output) == (2, True)
    ran = CliRunner().invoke(main, [*command, "--security-groups", vpc.group, "--json"])
    assert ran.exit_code == 0, ran.output
    assert {one["name"] for one in json.loads(ran.stdout)["checks"]} >= {
        "subnets",
        "names",
        "way in to database default",
    }
    closed = CliRunner().invoke(main, [*command, "--security-groups", vpc.narrow_group(443)])
    assert closed.exit_code == 1
    assert "✗ security groups" in closed.output


def test_an_override_that_sam_would_drop_is_told_before_anything_is_deployed(
    vpc: Vpc, aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in aws.env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    Path("template.yaml").write_text((ROOT / "template.yaml").read_text("utf-8"), "utf-8")
    command = ["doctor", "--plan", "--config-env", "prod", "--security-groups", vpc.group]
    results = []
    for subnets, more in (("SubnetIds", "Stage"), ("SubnetIds", "Stages"), ("SubnetId", "Stage")):
        written = f"{subnets}={','.join(vpc.private)} {more}=prod"
        Path("samconfig.toml").write_text(f'[prod.deploy.parameters]\nparameter_overrides = "{written}"\n')
        results.append(CliRunner().invoke(main, command))
    well, unknown, missing = results
    assert [one.exit_code for one in results] == [0, 1, 2]
    assert "✓ parameters" in well.output
    assert "✗ parameter Stages" in unknown.output
    assert "nearest: Stage" in unknown.output
    assert "SubnetIds is not known" in missing.output
    assert "no parameter SubnetId," in missing.output
