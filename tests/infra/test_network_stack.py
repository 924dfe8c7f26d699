"""What infra/network.yaml promises: who reaches what, by which names, from which addresses, and that there is room."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from functools import partial
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest

from cli.address_plan import Demand, needed, shortages, usable
from tests.infra import plain
from tests.infra.plain import ZONES, refusals, stack, template
from tests.infra.stack import ROOT, resolved, translated

THREE = {"ThirdZone": "zone-c"}
GIVEN_VPC = {"VpcId": "vpc-0a1b2c3d", "DatabaseSecurityGroupId": "sg-0a1b2c3d", "Nat": "nat-0a1b2c3d"}
EVERY_ENDPOINT = {"SecretsEndpoint": "secretsmanager", "LookupsEndpoint": "create", "QueueEndpoint": "create"}
GIVEN_ROLE = "arn:aws:iam::123456789012:role/team/notifier"
PRIVATE = ("PrivateSubnetA", "PrivateSubnetB", "PrivateSubnetC")
NOWHERE = "127.0.0.1/32"
# What the largest deployment that template.yaml takes asks of the subnets.
LARGEST = Demand(concurrency=1000, zones=2, endpoints=3)

of_type, outputs = partial(plain.of_type, "network"), partial(plain.outputs, "network")


# ---- Parameters ----


@pytest.mark.parametrize("key", template("network")["Parameters"])
def test_a_parameter_is_described_and_bounded(key: str) -> None:
    parameter = template("network")["Parameters"][key]
    assert parameter["Description"].endswith(".")
    assert parameter.keys() & {"AllowedPattern", "AllowedValues", "MinValue"}
    assert parameter["ConstraintDescription"]
    if "AllowedPattern" in parameter:
        assert re.fullmatch(parameter["AllowedPattern"], parameter["Default"])


def test_nothing_has_to_be_given() -> None:
    assert [key for key, part in template("network")["Parameters"].items() if "Default" not in part] == []
    assert refusals("network") == []


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("VpcId", "vpc-0a1b2c3d4e5f67890", "vpc-1"),
        ("InternetGatewayId", "igw-0a1b2c3d", "vpc-0a1b2c3d"),
        ("VpcCidr", "172.16.0.0/16", "8.8.0.0/16"),
        ("VpcCidr", "10.0.0.0/24", "10.0.0.0/25"),
        ("Cidr", "100.64.3.0/24", "100.64.3.0/25"),
        ("Cidr", "10.64.0.0/24", "10.64.0.16/24"),
        ("FirstZone", "us-gov-west-1a", "use1-az3"),
        ("Notifier", "a" * 38, "a" * 39),
        ("FunctionRoleArn", GIVEN_ROLE, "arn:aws:iam::123456789012:role/*"),
        ("SecretsPrefix", "team/notifier", "/notifier"),
        ("SecretsPrefix", "notifier", "*"),
        ("Nat", "nat-0a1b2c3d4e5f67890", "none"),
        ("DatabaseSecurityGroupId", "sg-0a1b2c3d", "default"),
        ("DatabaseCidr", "10.0.0.0/8", "0.0.0.0/0"),
        ("ApiCidr", "10.1.2.3/32", "10.1.2.3"),
        ("MoreDomains", "shop.internal,*.shop.internal", "shop.internal, *.shop.internal"),
        ("MoreDomains", "_api._tcp.shop.internal", "*"),
        ("MoreDomains", "api-1.example.org", "*api.example.org"),
    ],
)
def test_a_bad_value_is_refused_before_anything_is_deployed(key: str, good: str, bad: str) -> None:
    pattern = template("network")["Parameters"][key]["AllowedPattern"]
    assert re.fullmatch(pattern, good)
    assert not re.fullmatch(pattern, bad)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"Nat": "zonal"}, "InternetGatewayId"),
        ({"DatabaseSecurityGroupId": ""}, "where the database is"),
        ({"SecretsEndpoint": "ssm"}, "SecretsEndpoint"),
        ({"LookupsEndpoint": "create"}, "LookupsEndpoint"),
        ({"QueueEndpoint": "create"}, "QueueEndpoint"),
    ],
)
def test_what_does_not_go_together_is_refused_with_a_reason(given: dict[str, str], word: str) -> None:
    assert refusals("network", **GIVEN_VPC) == []
    [reason] = refusals("network", **{**GIVEN_VPC, **given})
    assert word in reason


# ---- Subnets and addresses ----


@pytest.mark.parametrize("given", [{}, THREE, GIVEN_VPC, {**GIVEN_VPC, **THREE}])
def test_each_subnet_of_the_function_has_a_zone_and_a_route_table_of_its_own(given: dict[str, str]) -> None:
    subnets = {key: part for key, part in of_type("EC2::Subnet", **given).items() if key in PRIVATE}
    assert [part["AvailabilityZone"] for part in subnets.values()] == list(ZONES[: len(subnets)])
    tables = {
        part["SubnetId"]: part["RouteTableId"] for part in of_type("EC2::SubnetRouteTableAssociation", **given).values()
    }
    assert len({tables[f"${{{key}}}"] for key in subnets}) == len(subnets) == (3 if "ThirdZone" in given else 2)
    assert outputs(**given)["SubnetIds"] == ",".join(f"${{{key}}}" for key in subnets)


@pytest.mark.parametrize("nat", ["regional", "zonal"])
def test_no_subnet_gives_out_public_addresses(nat: str) -> None:
    assert {part["MapPublicIpOnLaunch"] for part in of_type("EC2::Subnet", Nat=nat, **THREE).values()} == {False}


def test_zones_can_be_named() -> None:
    subnets = of_type("EC2::Subnet", FirstZone="eu-west-1b", SecondZone="eu-west-1c", ThirdZone="eu-west-1a")
    assert [part["AvailabilityZone"] for part in subnets.values()] == ["eu-west-1b", "eu-west-1c", "eu-west-1a"]


@pytest.mark.parametrize("cidr", ["10.64.0.0/24", "172.31.250.0/24"])
def test_the_subnets_lie_apart_in_the_range_and_have_room(cidr: str) -> None:
    subnets = {key: part["CidrBlock"] for key, part in of_type("EC2::Subnet", Cidr=cidr, Nat="zonal", **THREE).items()}
    ranges = [IPv4Network(block) for block in subnets.values()]
    assert len(ranges) == 6
    assert all(one.subnet_of(IPv4Network(cidr)) for one in ranges)
    assert not any(one.overlaps(other) for one in ranges for other in ranges if one is not other)
    free = {key: usable(block) for key, block in subnets.items() if key in PRIVATE}
    assert shortages(free, LARGEST) == []
    assert f"subnets of {min(free.values())} addresses" in template("network")["Parameters"]["Cidr"]["Description"]
    assert min(free.values()) >= 2 * needed(LARGEST)  # room for what comes


def test_the_largest_deployment_is_the_largest_that_the_function_takes() -> None:
    assert translated()["Parameters"]["MaximumConcurrency"]["MaxValue"] <= LARGEST.concurrency
    assert len(of_type("EC2::VPCEndpoint", **EVERY_ENDPOINT)) - len(of_type("EC2::VPCEndpoint")) == LARGEST.endpoints


def test_the_range_of_the_vpc_holds_that_of_the_notifier_with_room_for_others() -> None:
    [vpc] = of_type("EC2::VPC").values()
    own = IPv4Network(template("network")["Parameters"]["Cidr"]["Default"])
    assert own.subnet_of(IPv4Network(vpc["CidrBlock"]))
    assert IPv4Network(vpc["CidrBlock"]).num_addresses >= 8 * own.num_addresses
    assert (vpc["EnableDnsSupport"], vpc["EnableDnsHostnames"]) == (True, True)


def test_in_a_given_vpc_no_vpc_is_made_and_all_lies_in_that_one() -> None:
    for kind in ("EC2::VPC", "EC2::InternetGateway", "EC2::VPCGatewayAttachment"):
        assert of_type(kind, **GIVEN_VPC) == {}
    resources = stack("network", **GIVEN_VPC)["Resources"].values()
    assert {part["Properties"]["VpcId"] for part in resources if "VpcId" in part["Properties"]} == {GIVEN_VPC["VpcId"]}
    assert outputs(**GIVEN_VPC)["VpcId"] == GIVEN_VPC["VpcId"]


# ---- The way out ----


def ways_out(**given: object) -> list[str]:
    routes = of_type("EC2::Route", **given)
    assert {part["DestinationCidrBlock"] for part in routes.values()} == {
        "0.0.0.0/0"
    }  # by name, never by address range
    return [routes[f"WayOutOf{zone}"]["NatGatewayId"] for zone in "ABC" if f"WayOutOf{zone}" in routes]


@pytest.mark.parametrize("zones", [2, 3])
def test_one_regional_nat_gateway_serves_every_zone_from_the_fixed_address_of_each(zones: int) -> None:
    given = THREE if zones == 3 else {}
    [gateway] = of_type("EC2::NatGateway", **given).values()
    assert (gateway["AvailabilityMode"], gateway["ConnectivityType"], gateway["VpcId"]) == (
        "regional",
        "public",
        "${Vpc}",
    )
    addresses = {one["AvailabilityZone"]: one["AllocationIds"] for one in gateway["AvailabilityZoneAddresses"]}
    assert addresses == {
        f"${{PrivateSubnet{zone}.AvailabilityZone}}": [f"${{Address{zone}.AllocationId}}"] for zone in "ABC"[:zones]
    }
    assert ways_out(**given) == ["${RegionalNatGateway}"] * zones
    assert set(of_type("EC2::Subnet", **given)) <= set(PRIVATE)  # it needs no public subnet
    assert outputs(**given)["NatGatewayIds"] == "${RegionalNatGateway}"


@pytest.mark.parametrize("zones", [2, 3])
def test_zonal_nat_gateways_serve_their_own_zone(zones: int) -> None:
    given = {"Nat": "zonal", **(THREE if zones == 3 else {})}
    gateways = of_type("EC2::NatGateway", **given)
    subnets = of_type("EC2::Subnet", **given)
    assert len(gateways) == zones
    for zone in "ABC"[:zones]:
        assert gateways[f"Nat{zone}"]["SubnetId"] == f"${{PublicSubnet{zone}}}"
        assert gateways[f"Nat{zone}"]["AllocationId"] == f"${{Address{zone}.AllocationId}}"
        assert subnets[f"PublicSubnet{zone}"]["AvailabilityZone"] == f"${{PrivateSubnet{zone}.AvailabilityZone}}"
    assert ways_out(**given) == [f"${{Nat{zone}}}" for zone in "ABC"[:zones]]
    assert of_type("EC2::Route", **given)["PublicWayOut"]["GatewayId"] == "${InternetGateway}"
    assert outputs(**given)["NatGatewayIds"] == ",".join(f"${{Nat{zone}}}" for zone in "ABC"[:zones])


def test_a_given_vpc_has_its_own_internet_gateway() -> None:
    routes = of_type("EC2::Route", **{**GIVEN_VPC, "Nat": "zonal", "InternetGatewayId": "igw-0a1b2c3d"})
    assert routes["PublicWayOut"]["GatewayId"] == "igw-0a1b2c3d"


def test_a_given_nat_gateway_is_used_and_nothing_is_made() -> None:
    given = {"Nat": "nat-0a1b2c3d", **THREE}
    assert of_type("EC2::NatGateway", **given) == of_type("EC2::EIP", **given) == {}
    assert ways_out(**given) == ["nat-0a1b2c3d"] * 3
    assert outputs(**given)["NatGatewayIds"] == "nat-0a1b2c3d"
    assert "NatAddresses" not in outputs(**given)


@pytest.mark.parametrize("nat", ["regional", "zonal"])
def test_the_addresses_that_slack_sees_are_an_output(nat: str) -> None:
    assert outputs(Nat=nat)["NatAddresses"] == "${AddressA.PublicIp},${AddressB.PublicIp}"
    assert outputs(Nat=nat, **THREE)["NatAddresses"].endswith(",${AddressC.PublicIp}")
    assert len(of_type("EC2::EIP", Nat=nat, **THREE)) == 3


# ---- Who may talk to whom ----


def flows(**given: object) -> set[tuple[str, int]]:
    """Where the function may go."""
    group = of_type("EC2::SecurityGroup", **given)["FunctionSecurityGroup"]
    assert "SecurityGroupIngress" not in group
    alone = of_type("EC2::SecurityGroupEgress", **given).values()
    assert {rule["GroupId"] for rule in alone} <= {"${FunctionSecurityGroup}"}
    return {
        (rule.get("CidrIp") or rule["DestinationSecurityGroupId"], port(rule))
        for rule in [*group["SecurityGroupEgress"], *alone]
    }


def port(rule: Mapping[str, Any]) -> int:
    assert rule["IpProtocol"] == "tcp"
    assert rule["FromPort"] == rule["ToPort"]
    return int(rule["FromPort"])


HTTPS = ("0.0.0.0/0", 443)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {HTTPS, ("10.64.0.0/20", 3306), ("10.64.0.0/20", 8080)}),
        (
            {"DatabasePort": 3307, "DatabaseCidr": "10.1.0.0/16", "ApiPort": 80, "ApiCidr": "10.2.0.0/16"},
            {HTTPS, ("10.1.0.0/16", 3307), ("10.2.0.0/16", 80)},
        ),
        (
            {"DatabaseSecurityGroupId": "sg-0a1b2c3d", "ApiSecurityGroupId": "sg-1a1b2c3d"},
            {HTTPS, ("sg-0a1b2c3d", 3306), ("sg-1a1b2c3d", 8080)},
        ),
        (GIVEN_VPC, {HTTPS, ("sg-0a1b2c3d", 3306)}),
        ({**GIVEN_VPC, "HttpsEgress": "none"}, {(NOWHERE, 443), ("sg-0a1b2c3d", 3306)}),
    ],
)
def test_the_function_may_go_to_slack_the_database_and_the_api(
    given: dict[str, Any], expected: set[tuple[str, int]]
) -> None:
    assert flows(**given) == expected


def test_the_groups_that_are_given_let_the_function_in() -> None:
    assert of_type("EC2::SecurityGroupIngress") == {}
    rules = of_type(
        "EC2::SecurityGroupIngress",
        DatabaseSecurityGroupId="sg-0a1b2c3d",
        ApiSecurityGroupId="sg-1a1b2c3d",
        ApiPort=80,
    ).values()
    assert {rule["SourceSecurityGroupId"] for rule in rules} == {"${FunctionSecurityGroup}"}
    assert {(rule["GroupId"], port(rule)) for rule in rules} == {("sg-0a1b2c3d", 3306), ("sg-1a1b2c3d", 80)}


def test_endpoints_let_in_the_function_alone() -> None:
    assert "EndpointSecurityGroup" not in of_type("EC2::SecurityGroup")
    group = of_type("EC2::SecurityGroup", **EVERY_ENDPOINT)["EndpointSecurityGroup"]
    [rule] = group["SecurityGroupIngress"]
    assert (rule["SourceSecurityGroupId"], port(rule)) == ("${FunctionSecurityGroup}", 443)
    assert {rule["CidrIp"] for rule in group["SecurityGroupEgress"]} == {NOWHERE}


# ---- Endpoints ----


def endpoints(**given: object) -> dict[str, dict[str, Any]]:
    """By the last word of the service's name."""
    return {part["ServiceName"].rpartition(".")[2]: part for part in of_type("EC2::VPCEndpoint", **given).values()}


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, set()),
        ({"SecretsEndpoint": "secretsmanager"}, {"secretsmanager"}),
        ({"SecretsEndpoint": "ssm"}, {"ssm"}),
        ({"LookupsEndpoint": "create"}, {"data-servicediscovery"}),
        ({"QueueEndpoint": "create"}, {"sqs"}),
    ],
)
def test_the_free_endpoints_are_always_there_and_the_others_on_request(given: dict[str, str], names: set[str]) -> None:
    assert endpoints(**given).keys() == {"dynamodb", "s3"} | names


@pytest.mark.parametrize("given", [{}, THREE])
def test_gateway_endpoints_are_in_the_functions_route_tables_alone(given: dict[str, str]) -> None:
    tables = ["${RouteTableA}", "${RouteTableB}", *(["${RouteTableC}"] if given else [])]
    for name in ("dynamodb", "s3"):
        assert endpoints(**given)[name]["VpcEndpointType"] == "Gateway"
        assert endpoints(**given)[name]["RouteTableIds"] == tables


def test_interface_endpoints_answer_by_the_usual_name_in_every_zone() -> None:
    for name, part in endpoints(**EVERY_ENDPOINT, **THREE).items():
        if name not in ("dynamodb", "s3"):
            assert part["VpcEndpointType"] == "Interface"
            assert part["PrivateDnsEnabled"] is True
            assert part["SubnetIds"] == [f"${{{subnet}}}" for subnet in PRIVATE]
            assert part["SecurityGroupIds"] == ["${EndpointSecurityGroup}"]


@pytest.mark.parametrize("given", [[], [GIVEN_ROLE]])
@pytest.mark.parametrize("secrets", ["secretsmanager", "ssm"])
def test_an_endpoint_serves_the_functions_role_alone(secrets: str, given: list[str]) -> None:
    """A role that is given is served besides the one of the stack: both are in use while the notifier changes."""
    role = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/chat-FunctionRole-*"
    named = {
        "FunctionRole": "RoleName",
        "StateTable": "TableName",
        "Queue": "QueueName",
        "DeadLetterQueue": "QueueName",
    }
    for key, name in named.items():  # CloudFormation makes the name, of the stack's and this key
        assert name not in translated()["Resources"][key]["Properties"]
    chosen = {**EVERY_ENDPOINT, "SecretsEndpoint": secrets, "FunctionRoleArn": "".join(given)}
    for name, part in endpoints(**chosen, Notifier="chat").items():
        for statement in part["PolicyDocument"]["Statement"]:
            if name == "s3":
                assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", "s3:*", "*")
            else:
                assert statement["Effect"] == "Allow"
                assert statement["Condition"] == {"ArnLike": {"aws:PrincipalArn": [role, *given]}}


def rights(statements: list[dict[str, Any]], service: str) -> dict[str, set[str]]:
    """What is allowed of a service: resource -> actions."""
    found: dict[str, set[str]] = {}
    for statement in statements:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for resource in resources if statement["Effect"] == "Allow" else []:
            found.setdefault(resource, set()).update(one for one in actions if one.startswith(f"{service}:"))
    return {resource: actions for resource, actions in found.items() if actions}


def test_the_endpoints_allow_what_the_functions_own_role_does() -> None:
    """Or an event would fail with a refusal that is in no policy of the role."""
    [policy] = resolved(Polls="on")["Resources"]["FunctionRole"]["Properties"]["Policies"]
    role = policy["PolicyDocument"]["Statement"]
    # Lambda itself receives and deletes, outside the VPC.
    by_lambda = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    for service in ("dynamodb", "sqs"):
        allowed = rights(endpoints(**EVERY_ENDPOINT)[service]["PolicyDocument"]["Statement"], service)
        for resource, actions in rights(role, service).items():
            name = f"notifier-{resource[2:].removesuffix('.Arn}')}-*"
            [through] = [granted for pattern, granted in allowed.items() if pattern.endswith((f"/{name}", f":{name}"))]
            assert through == actions - by_lambda


def test_the_endpoint_for_secrets_knows_the_prefix_and_what_rds_manages() -> None:
    for store, names in (
        ("secretsmanager", ["secret:team/chat/*", "secret:rds!*"]),
        ("ssm", ["parameter/team/chat/*"]),
    ):
        policy = endpoints(SecretsEndpoint=store, SecretsPrefix="team/chat")[store]["PolicyDocument"]
        assert [one.split("AccountId}:")[1] for one in rights(policy["Statement"], store)] == names


# ---- Logs ----


def kinds(**given: object) -> set[str]:
    return {part["Type"] for part in stack("network", **given)["Resources"].values()}


@pytest.mark.parametrize("given", [{}, THREE, GIVEN_VPC])
def test_the_flows_of_every_subnet_of_the_function_are_written_down(given: dict[str, str]) -> None:
    logs = of_type("EC2::FlowLog", FlowLogs="REJECT", **given).values()
    subnets = [key for key in of_type("EC2::Subnet", **given) if key in PRIVATE]
    assert [log["ResourceId"] for log in logs] == [f"${{{key}}}" for key in subnets]
    assert {(log["ResourceType"], log["TrafficType"], log["LogGroupName"]) for log in logs} == {
        ("Subnet", "REJECT", "${FlowLog}")
    }


def test_questions_are_written_down_in_a_vpc_of_their_own() -> None:
    [log] = of_type("Route53Resolver::ResolverQueryLoggingConfigAssociation").values()
    assert log["ResourceId"] == "${Vpc}"
    assert not [kind for kind in kinds(**GIVEN_VPC) if "QueryLogging" in kind]
    assert not [kind for kind in kinds(QueryLogs="none") if "QueryLogging" in kind]


def test_logs_are_kept_for_as_long_as_asked() -> None:
    groups = of_type("Logs::LogGroup", LogRetentionDays=90)
    assert groups.keys() == {"QueryLog", "FlowLog"}
    assert {part["RetentionInDays"] for part in groups.values()} == {90}
    assert {"QueryLog", "FlowLog"} & of_type("Logs::LogGroup", FlowLogs="none", QueryLogs="none").keys() == set()


def test_the_log_of_flows_is_all_that_its_role_may_write() -> None:
    [role] = of_type("IAM::Role").values()
    [policy] = role["Policies"]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert statement["Resource"] == "${FlowLog.Arn}"
    assert "iam" not in str(kinds(FlowLogs="none")).lower()


# ---- What the function's stack takes ----


def test_the_outputs_fit_the_functions_parameters() -> None:
    found = outputs()
    for key in ("SubnetIds", "SecurityGroupId"):
        parameter = key if key.endswith("s") else f"{key}s"
        assert parameter in translated()["Parameters"]
        assert f"parameter {parameter}" in template("network")["Outputs"][key]["Description"]
    assert found["SecurityGroupId"] == "${FunctionSecurityGroup}"


# ---- The guide ----

GUIDES = "".join((ROOT / page).read_text("utf-8") for page in ("docs/network.md", "docs/alarms.md"))
DEPLOYS = [  # without what a command in `$(…)` adds to the parameters
    shlex.split(command.replace("\\\n", " ").partition(" $(")[0])
    for command in re.findall(r"^ *(aws cloudformation deploy (?:.*\\\n)*.*)$", GUIDES, re.MULTILINE)
]


@pytest.mark.parametrize("words", DEPLOYS, ids=lambda words: words[words.index("--stack-name") + 1])
def test_the_guides_commands_are_taken(words: list[str]) -> None:
    name = Path(words[words.index("--template-file") + 1]).stem
    given = dict(word.split("=", 1) for word in words[words.index("--parameter-overrides") + 1 :])
    parameters = template(name)["Parameters"]
    for key, value in given.items():
        assert re.fullmatch(parameters[key].get("AllowedPattern", ".*"), value), key
    assert refusals(name, **given) == []


def test_the_guides_have_a_command_for_each_stack() -> None:
    assert {Path(words[words.index("--template-file") + 1]).stem for words in DEPLOYS} == {
        "network",
        "database",
        "publisher",
        "alarms",
        "concurrency",
    }
