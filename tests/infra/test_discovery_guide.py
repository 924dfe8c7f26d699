"""The commands of the guides: read by the SAM CLI, and run against a local AWS that creates the stacks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from handler.discovery.paths import PATHS as SCHEMES
from handler.settings import Settings
from lab.aws import Aws, running_aws
from tests.infra import guides
from tests.infra.plain import BALANCED, FILES, FOLDER, PATHS, REGISTERED

# What the local AWS has no resource for, or not as it has to be.
UNKNOWN_THERE = [
    (re.compile(r"\n  ServiceIngress:\n(?:    .*\n)+"), "\n"),
    (re.compile(r"\n  VpcLink:\n(?:    .*\n)+"), "\n"),
    (re.compile(r"!Ref VpcLink\b"), "link"),
    (re.compile(r"DesiredCount: !Ref DesiredCount"), "DesiredCount: 0"),  # it takes the number for a text
]
# The outputs of a path that are parameters of the service.
NEEDED = {
    **{name: {"TargetGroupArn", "ServiceSecurityGroupId", "ApiPort"} for name in BALANCED},
    **{name: {"ServiceRegistryArn", "RecordType", "ServiceSecurityGroupId", "ApiPort"} for name in REGISTERED},
}
# Those that need nothing but `sam`, and have a list or a lone value in each parameter.
LISTS = [one for one in guides.EXAMPLES if re.match(r"\S+/sam deploy --parameter-overrides[ \\\n]+'[^$]*$", one)]


@dataclass(frozen=True)
class Guide:
    """Runs the guide's examples for one path, in a VPC of its own."""

    aws: Aws
    folder: Path
    environment: Mapping[str, str]

    def run(self, sign: str, **variables: str) -> str:
        """Run the one example that has `sign` in it, and return what it printed."""
        [script] = [example for example in guides.EXAMPLES if sign in example]
        return guides.run(script, self.folder, {**self.aws.env, **self.environment, **variables})

    def deployed(self, sign: str, **variables: str) -> dict[str, str]:
        """The parameters with which that example deploys the function."""
        given = guides.parameters(self.run(sign, **variables))
        assert guides.refused(given) == set()
        return given

    def described(self, name: str) -> dict[str, Any]:
        found: list[dict[str, Any]] = self.aws.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        return found[0]


@pytest.fixture
def guide(name: str, tmp_path: Path) -> Iterator[Guide]:
    guides.install_sam(tmp_path)
    (tmp_path / "infra/discovery").mkdir(parents=True)
    for key in FILES:
        text = (FOLDER / f"{key}.yaml").read_text("utf-8")
        for unknown, known in UNKNOWN_THERE:
            text = unknown.sub(known, text)
        (tmp_path / f"infra/discovery/{key}.yaml").write_text(text, "utf-8")
    with running_aws(tmp_path) as aws:
        network = aws.create_network()
        [subnet] = aws.client("ec2").describe_subnets(SubnetIds=[network.subnets[0]])["Subnets"]
        environment = {
            "WAY": name,
            "VPC": subnet["VpcId"],
            "SUBNETS": ",".join(network.subnets),
            "FUNCTION_GROUP": network.security_group,
            "IMAGE": "example.org/orders:1",
        }
        yield Guide(aws, tmp_path, environment)


@pytest.mark.parametrize("name", PATHS)
def test_the_guide_deploys_a_path_with_its_service_and_its_policy(name: str, guide: Guide) -> None:
    guide.run('"infra/discovery/$WAY.yaml"')
    path = {output["OutputKey"]: output["OutputValue"] for output in guide.described(f"orders-{name}")["Outputs"]}
    guide.run("infra/discovery/service.yaml")
    service = guide.described("orders-service")
    taken = {given["ParameterKey"]: given["ParameterValue"] for given in service["Parameters"]}
    assert {key: taken[key] for key in path.keys() & taken.keys()} == {key: path[key] for key in NEEDED[name]}
    if "ServiceRegistryArn" in path:
        assert "shop.internal" in guide.run("list-namespaces")
    given = guide.deployed("found FunctionPolicyArn")
    assert given == {"Apis": f"default={path['ApiUri']}", "PolicyArns": path.get("FunctionPolicyArn", "")}
    assert guide.deployed("delete-stack")["PolicyArns"] == ""
    assert not guide.aws.client("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE"])["StackSummaries"]


@pytest.mark.parametrize("name", ["alb"])
def test_the_guide_uses_a_load_balancer_that_is_there(guide: Guide) -> None:
    guide.run('"infra/discovery/$WAY.yaml"')
    [balancer] = guide.aws.client("elbv2").describe_load_balancers()["LoadBalancers"]
    given = guide.deployed("describe-load-balancers", BALANCER=balancer["LoadBalancerName"])
    assert given == {"Apis": f"default=http://{balancer['DNSName']}"}
    [group] = guide.aws.client("ec2").describe_security_groups(GroupIds=balancer["SecurityGroups"])["SecurityGroups"]
    assert guide.environment["FUNCTION_GROUP"] in str(group["IpPermissions"])


@pytest.mark.parametrize("name", ["cloudmap"])
def test_a_task_of_the_guide_registers_as_the_leader(guide: Guide) -> None:
    guide.run('"infra/discovery/$WAY.yaml"')
    path = {output["OutputKey"]: output["OutputValue"] for output in guide.described("orders-cloudmap")["Outputs"]}
    guide.run("role=leader,term", REGISTRY=path["ServiceRegistryArn"], TASK="t1", ADDRESS="10.0.0.9")
    registry = guide.aws.client("servicediscovery")
    [instance] = registry.list_instances(ServiceId=path["ServiceRegistryArn"].rpartition("/")[2])["Instances"]
    assert instance["Attributes"]["role"] == "leader"


@pytest.mark.parametrize("name", ["cloudmap"])
def test_the_guide_registers_an_instance_by_hand_and_removes_it(guide: Guide) -> None:
    guide.run('"infra/discovery/$WAY.yaml"')
    path = {output["OutputKey"]: output["OutputValue"] for output in guide.described("orders-cloudmap")["Outputs"]}
    service = path["ServiceRegistryArn"].rpartition("/")[2]
    [script] = [example for example in guides.EXAMPLES if "machine-1" in example]
    registered, reported, removed = re.findall(r"^aws(?:\\\n|.)+", script, re.MULTILINE)
    registry = guide.aws.client("servicediscovery")

    def run(command: str) -> list[Any]:
        guides.run(command, guide.folder, {**guide.aws.env, "SERVICE": service})
        return list(registry.list_instances(ServiceId=service)["Instances"])

    [instance] = run(registered)
    assert instance["Attributes"]["zone"] == "b"
    assert len(run(reported)) == 1
    assert registry.get_instances_health_status(ServiceId=service)["Status"] == {"machine-1": "UNHEALTHY"}
    assert run(removed) == []


@pytest.mark.parametrize("name", ["apigateway"])
def test_the_guide_adds_routes_by_role_to_an_api_that_is_there(guide: Guide) -> None:
    guide.run('"infra/discovery/$WAY.yaml"')
    before = {output["OutputKey"]: output["OutputValue"] for output in guide.described("orders-apigateway")["Outputs"]}
    guide.run("RoleAttribute=role")
    after = {output["OutputKey"]: output["OutputValue"] for output in guide.described("orders-apigateway")["Outputs"]}
    assert after == before
    gateway = guide.aws.client("apigatewayv2")
    [api] = gateway.get_apis()["Items"]
    integrations = gateway.get_integrations(ApiId=api["ApiId"])["Items"]
    asked = {one["IntegrationId"]: one["IntegrationUri"] for one in integrations}
    found = {
        route["RouteKey"]: asked[route["Target"].removeprefix("integrations/")]
        for route in gateway.get_routes(ApiId=api["ApiId"])["Items"]
    }
    registry = after["ServiceRegistryArn"]
    assert found == {
        "$default": registry,
        "ANY /leader/{proxy+}": f"{registry}?role=leader",
        "ANY /follower/{proxy+}": f"{registry}?role=follower",
    }


@pytest.mark.parametrize("example", LISTS, ids=range(len(LISTS)))
def test_sam_takes_a_list_whole_and_the_mistake_of_leaving_out_its_quotes_is_refused(
    example: str, tmp_path: Path
) -> None:
    guides.install_sam(tmp_path)
    given = guides.parameters(guides.run(example, tmp_path, {}))
    assert guides.refused(given) == set()
    queues = {"NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/dead", "NOTIFIER_STATE_TABLE": "state"}
    read = {f"NOTIFIER_{name.upper()}": value for name, value in given.items()}
    settings = Settings.from_environment({**queues, **read}, SCHEMES)
    assert len(settings.apis) + len(settings.databases) == example.count("://")
    cut = guides.parameters(guides.run(re.sub(r'(?<==)"|"(?=\')', "", example), tmp_path, {}))
    lists = {name for name, value in given.items() if " " in value}
    assert lists <= guides.refused(cut)


def test_the_guides_have_lists_of_apis_and_of_databases() -> None:
    assert sum(", " in one for one in LISTS) >= 3
    assert any("Databases=" in one for one in LISTS)
