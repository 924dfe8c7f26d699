"""What the templates in infra/discovery promise: each path alone, and the sample service beside each of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from handler.discovery.paths import PATHS as PATH_READERS
from handler.settings.parse import api
from lab.gateway.routes import DEFAULT, by_role
from tests.infra.plain import BALANCED, FILES, FOLDER, PATHS, PLAIN, REGISTERED, stack, template

# What only AWS knows: the names that it gives.
GIVEN_BY_AWS = {
    "${LoadBalancer.DNSName}": "internal-orders-1234567890.eu-west-1.elb.amazonaws.com",
    "${Api}": "a1b2c3d4e5",
    "${AWS::Region}": "eu-west-1",
    "${AWS::URLSuffix}": "amazonaws.com",
}
NAME = r"[a-z0-9-]+"
URIS = {
    "alb": rf"http://{NAME}\.eu-west-1\.elb\.amazonaws\.com",
    "nlb": rf"http://{NAME}\.eu-west-1\.elb\.amazonaws\.com",
    "cloudmap": rf"cloudmap://{NAME}(\.{NAME})+/{NAME}",
    "dns": rf"dns://{NAME}(\.{NAME})+:[0-9]+",
    "srv": rf"srv://{NAME}(\.{NAME})+",
    "apigateway": rf"https://{NAME}\.execute-api\.eu-west-1\.amazonaws\.com",
}
ARNS = {
    "TargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/orders/6d0ecf831eec9f09",
    "ServiceRegistryArn": "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-utcrh6wavdkggqtk",
}
# AWS gives these actions no resource to name.
ANY_RESOURCE = {
    "servicediscovery:DiscoverInstances",
    "servicediscovery:DiscoverInstancesRevision",
    "ecr:GetAuthorizationToken",
}
ANYWHERE, NOWHERE = "0.0.0.0/0", "127.0.0.1/32"

Flow = tuple[str, str, int]  # from, to, port


def of_type(name: str, kind: str, **given: object) -> dict[str, dict[str, Any]]:
    resources = stack(name, **given)["Resources"]
    return {key: part["Properties"] for key, part in resources.items() if part["Type"] == f"AWS::{kind}"}


def only(name: str, kind: str, **given: object) -> dict[str, Any]:
    [properties] = of_type(name, kind, **given).values()
    return properties


def outputs(name: str, **given: object) -> dict[str, Any]:
    return {key: output["Value"] for key, output in stack(name, **given)["Outputs"].items()}


def statements(name: str, **given: object) -> Iterator[dict[str, Any]]:
    """Every statement of every policy that a template writes, trust policies too."""

    def documents(node: Any) -> Iterator[dict[str, Any]]:
        match node:
            case dict():
                if "Statement" in node:
                    yield node
                for child in node.values():
                    yield from documents(child)
            case list():
                for child in node:
                    yield from documents(child)

    for document in documents(stack(name, **given)["Resources"]):
        yield from document["Statement"]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


every_file = pytest.mark.parametrize("name", FILES)
every_path = pytest.mark.parametrize("name", PATHS)

# ---- Every file ----


def test_every_template_is_tested_and_linted() -> None:
    assert sorted(path.stem for path in FOLDER.iterdir()) == sorted(FILES)
    assert {FOLDER / f"{name}.yaml" for name in FILES} <= set(PLAIN)


PARAMETERS = [(name, key) for name in FILES for key in template(name)["Parameters"]]


@pytest.mark.parametrize(("name", "key"), PARAMETERS)
def test_a_parameter_is_described_and_bounded(name: str, key: str) -> None:
    parameter = template(name)["Parameters"][key]
    assert parameter["Description"].endswith(".")
    if "AWS::" not in parameter["Type"]:  # CloudFormation itself looks those up in the account
        assert parameter.keys() & {"AllowedPattern", "AllowedValues", "MinValue"}
        assert parameter["ConstraintDescription"]
    if {"AllowedPattern", "Default"} <= parameter.keys():
        assert allowed(name, key, parameter["Default"])


def allowed(name: str, key: str, value: str) -> bool:
    """Whether CloudFormation takes the value."""
    return bool(re.fullmatch(template(name)["Parameters"][key]["AllowedPattern"], value))


@pytest.mark.parametrize(
    ("name", "key", "good", "bad"),
    [
        ("cloudmap", "Namespace", "shop.internal", "internal"),
        ("dns", "Namespace", "eu-1.shop.internal", "shop.internal."),
        ("srv", "ServiceName", "orders-2", "orders.v2"),
        ("apigateway", "ServiceName", "a", "-a"),
        ("apigateway", "RoleAttribute", "role", "role=x&a"),
        ("alb", "HealthPath", "/status/live", "health"),
        ("nlb", "HealthPath", "/", "/a b"),
        ("service", "Image", "a.example:5000/orders@sha256:0f", "orders 1"),
        ("service", "RepositoryArn", "arn:aws:ecr:eu-west-1:123456789012:repository/shop/api", "shop/api"),
        ("service", "TargetGroupArn", ARNS["TargetGroupArn"], ARNS["ServiceRegistryArn"]),
        ("service", "ServiceRegistryArn", ARNS["ServiceRegistryArn"], ARNS["TargetGroupArn"]),
        ("service", "HealthCommand", "curl -fs localhost:8080/health || exit 1", "true\nfalse"),
    ],
)
def test_a_bad_value_is_refused_before_anything_is_deployed(name: str, key: str, good: str, bad: str) -> None:
    assert allowed(name, key, good)
    assert not allowed(name, key, bad)


@every_path
def test_the_description_says_what_the_function_is_given(name: str) -> None:
    description = template(name)["Description"]
    scheme = URIS[name].partition("://")[0]
    assert f"parameter Apis takes default={scheme}://<" in description
    assert "output ApiUri" in description


@every_path
def test_the_function_takes_the_uri(name: str) -> None:
    uri = outputs(name)["ApiUri"]
    for unknown, known in GIVEN_BY_AWS.items():
        uri = uri.replace(unknown, known)
    assert re.fullmatch(URIS[name], uri), uri
    origin = api(PATH_READERS, "default", uri, {}).origin
    assert origin.sign == ("execute-api" if name == "apigateway" else "")


def test_the_uris_carry_the_parameters() -> None:
    given = {"Namespace": "eu.shop.internal", "ServiceName": "orders", "ApiPort": 9000}
    assert outputs("cloudmap", **given)["ApiUri"] == "cloudmap://eu.shop.internal/orders"
    assert outputs("dns", **given)["ApiUri"] == "dns://orders.eu.shop.internal:9000"
    assert outputs("srv", **given)["ApiUri"] == "srv://orders.eu.shop.internal"


# ---- Who may reach what ----


def ingress(name: str) -> set[Flow]:
    """Every way in. A rule that is for addresses instead of a group has no place here."""
    alone = of_type(name, "EC2::SecurityGroupIngress", ApiPort=9000).values()
    rules = [*rules_of(name, "SecurityGroupIngress"), *((rule["GroupId"][2:-1], rule) for rule in alone)]
    for _, rule in rules:
        assert not [word for word in rule if word.startswith("Cidr") or "PrefixList" in word], rule
    return {(rule["SourceSecurityGroupId"], group, port(rule)) for group, rule in rules}


def egress(name: str) -> set[Flow]:
    return {
        (group, rule.get("DestinationSecurityGroupId") or rule["CidrIp"], port(rule))
        for group, rule in rules_of(name, "SecurityGroupEgress")
    }


def rules_of(name: str, direction: str) -> list[tuple[str, dict[str, Any]]]:
    groups = of_type(name, "EC2::SecurityGroup", ApiPort=9000)
    assert all(group["SecurityGroupEgress"] for group in groups.values())  # AWS lets out everything where none is named
    return [(key, rule) for key, group in groups.items() for rule in group.get(direction, [])]


def port(rule: Mapping[str, Any]) -> int:
    assert rule["IpProtocol"] == "tcp"
    assert rule["FromPort"] == rule["ToPort"]
    return int(rule["FromPort"])


FUNCTION = "${FunctionSecurityGroupId}"
DIRECT: set[Flow] = {(FUNCTION, "ServiceSecurityGroup", 9000)}
BY_BALANCER: set[Flow] = {
    (FUNCTION, "LoadBalancerSecurityGroup", 80),
    ("${LoadBalancerSecurityGroup}", "ServiceSecurityGroup", 9000),
}


@pytest.mark.parametrize(
    ("name", "flows"),
    [
        ("alb", BY_BALANCER),
        ("nlb", BY_BALANCER),
        ("cloudmap", {*DIRECT, (FUNCTION, "EndpointSecurityGroup", 443)}),
        ("dns", DIRECT),
        ("srv", DIRECT),
        ("apigateway", {("${LinkSecurityGroup}", "ServiceSecurityGroup", 9000)}),
    ],
)
def test_the_function_is_let_in_and_nobody_else(name: str, flows: set[Flow]) -> None:
    assert ingress(name) == flows


@every_path
def test_ways_out_are_named(name: str) -> None:
    tasks = {("ServiceSecurityGroup", ANYWHERE, 443)}
    others = {
        "cloudmap": {("EndpointSecurityGroup", NOWHERE, 443)},
        "apigateway": {("LinkSecurityGroup", "${ServiceSecurityGroup}", 9000)},
        **{key: {("LoadBalancerSecurityGroup", "${ServiceSecurityGroup}", 9000)} for key in BALANCED},
    }
    assert egress(name) == tasks | others.get(name, set())


@every_path
def test_the_group_for_the_tasks_is_an_output(name: str) -> None:
    assert outputs(name)["ServiceSecurityGroupId"] == "${ServiceSecurityGroup}"


# ---- Load balancers ----


def attributes(pairs: list[dict[str, str]]) -> Mapping[str, str]:
    return {pair["Key"]: pair["Value"] for pair in pairs}


@pytest.mark.parametrize(("name", "kind", "protocol"), [("alb", "application", "HTTP"), ("nlb", "network", "TCP")])
def test_the_load_balancer_is_internal_and_sends_to_the_tasks(name: str, kind: str, protocol: str) -> None:
    balancer = only(name, "ElasticLoadBalancingV2::LoadBalancer")
    listener = only(name, "ElasticLoadBalancingV2::Listener")
    targets = only(name, "ElasticLoadBalancingV2::TargetGroup", ApiPort=9000)
    assert (balancer["Type"], balancer["Scheme"]) == (kind, "internal")
    assert balancer["Subnets"] == ["subnet-1", "subnet-2"]
    assert balancer["SecurityGroups"] == ["${LoadBalancerSecurityGroup}"]
    assert (listener["Protocol"], listener["Port"]) == (protocol, 80)
    assert listener["DefaultActions"] == [{"Type": "forward", "TargetGroupArn": "${TargetGroup}"}]
    assert (targets["TargetType"], targets["Protocol"], targets["Port"]) == ("ip", protocol, 9000)


@pytest.mark.parametrize("name", BALANCED)
def test_a_task_that_cannot_serve_is_taken_out_soon(name: str) -> None:
    targets = only(name, "ElasticLoadBalancingV2::TargetGroup", HealthPath="/live")
    assert (targets["HealthCheckProtocol"], targets["HealthCheckPath"]) == ("HTTP", "/live")
    assert targets["HealthCheckIntervalSeconds"] * targets["UnhealthyThresholdCount"] <= 20
    assert int(attributes(targets["TargetGroupAttributes"])["deregistration_delay.timeout_seconds"]) <= 30


def test_the_network_load_balancer_crosses_zones_and_ends_the_flows_of_tasks_that_left() -> None:
    balancer = only("nlb", "ElasticLoadBalancingV2::LoadBalancer")
    targets = only("nlb", "ElasticLoadBalancingV2::TargetGroup")
    assert attributes(balancer["LoadBalancerAttributes"])["load_balancing.cross_zone.enabled"] == "true"
    ended = attributes(targets["TargetGroupAttributes"])["deregistration_delay.connection_termination.enabled"]
    assert ended == "true"


# ---- Registries ----


@pytest.mark.parametrize(("name", "record"), [("cloudmap", "SRV"), ("dns", "A"), ("srv", "SRV"), ("apigateway", "SRV")])
def test_the_registry_holds_what_its_path_asks_for(name: str, record: str) -> None:
    registry = only(name, "ServiceDiscovery::Service", ServiceName="orders")
    assert registry["Name"] == "orders"
    assert registry["NamespaceId"] == "${PrivateNamespace}"
    assert registry["DnsConfig"]["RoutingPolicy"] == "MULTIVALUE"  # WEIGHTED answers with a single task
    [written] = registry["DnsConfig"]["DnsRecords"]
    assert written["Type"] == record == outputs(name)["RecordType"]
    assert written["TTL"] <= 15
    assert "HealthCheckCustomConfig" in registry  # without it ECS has nowhere to report health to
    assert "HealthCheckConfig" not in registry  # Route 53's checkers are on the internet


@pytest.mark.parametrize("name", REGISTERED)
def test_a_name_that_was_missing_is_forgotten_soon(name: str) -> None:
    namespace = only(name, "ServiceDiscovery::PrivateDnsNamespace")
    assert namespace["Vpc"] == "${VpcId}"
    assert namespace["Name"] == "shop.internal"
    assert 5 <= namespace["Properties"]["DnsProperties"]["SOA"]["TTL"] <= 15


def test_lookups_have_the_endpoint_that_answers_them() -> None:
    endpoint = only("cloudmap", "EC2::VPCEndpoint")
    assert endpoint["ServiceName"] == "com.amazonaws.${AWS::Region}.data-servicediscovery"
    assert endpoint["VpcEndpointType"] == "Interface"
    assert endpoint["PrivateDnsEnabled"] is True
    assert endpoint["SecurityGroupIds"] == ["${EndpointSecurityGroup}"]
    [statement] = endpoint["PolicyDocument"]["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": "${AWS::AccountId}"}}


def test_without_the_endpoint_nothing_of_it_is_left() -> None:
    deployed = stack("cloudmap", Endpoint="none")
    assert not {"LookupEndpoint", "EndpointSecurityGroup"} & deployed["Resources"].keys()
    assert "EndpointSecurityGroupId" not in deployed["Outputs"]
    assert {"Registry", "FunctionPolicy"} <= deployed["Resources"].keys()


# ---- API Gateway ----

INTEGRATED = {
    "ApiId": "${Api}",
    "IntegrationType": "HTTP_PROXY",
    "IntegrationMethod": "ANY",
    "ConnectionType": "VPC_LINK",
    "ConnectionId": "${VpcLink}",
    "PayloadFormatVersion": "1.0",  # the only one for what is no function
    "TimeoutInMillis": 10000,
}


@pytest.mark.parametrize("role_attribute", ["", "role"])
def test_every_route_asks_who_is_there(role_attribute: str) -> None:
    routes = of_type("apigateway", "ApiGatewayV2::Route", RoleAttribute=role_attribute)
    assert "$default" in {route["RouteKey"] for route in routes.values()}
    assert {route["AuthorizationType"] for route in routes.values()} == {"AWS_IAM"}


@pytest.mark.parametrize(
    ("role_attribute", "asked"),
    [
        ("", {"$default": ("${Registry.Arn}", None)}),
        (
            "duty",
            {
                "$default": ("${Registry.Arn}", None),
                "ANY /leader/{proxy+}": ("${Registry.Arn}?duty=leader", "/$request.path.proxy"),
                "ANY /follower/{proxy+}": ("${Registry.Arn}?duty=follower", "/$request.path.proxy"),
            },
        ),
    ],
)
def test_each_route_asks_the_registry_for_its_own_tasks(
    role_attribute: str, asked: Mapping[str, tuple[str, str | None]]
) -> None:
    routes = of_type("apigateway", "ApiGatewayV2::Route", RoleAttribute=role_attribute)
    integrations = of_type("apigateway", "ApiGatewayV2::Integration", RoleAttribute=role_attribute)
    found = {}
    for route in routes.values():
        integration = integrations.pop(route["Target"].removeprefix("integrations/${").removesuffix("}"))
        path = integration.get("RequestParameters", {}).get("overwrite:path")
        found[route["RouteKey"]] = (integration["IntegrationUri"], path)
        assert {key: integration[key] for key in INTEGRATED} == INTEGRATED
    assert found == asked
    assert not integrations  # each is reached by a route


def test_the_local_gateway_has_the_routes_of_the_template() -> None:
    routes = of_type("apigateway", "ApiGatewayV2::Route", RoleAttribute="role").values()
    patterns = {"$default": "*", "ANY /leader/{proxy+}": "/leader/?*", "ANY /follower/{proxy+}": "/follower/?*"}
    assert {patterns[route["RouteKey"]] for route in routes} == {route.pattern for route in by_role("role")}
    assert by_role("") == DEFAULT


def test_the_link_has_a_group_and_subnets_of_its_own() -> None:
    link = only("apigateway", "ApiGatewayV2::VpcLink")
    assert link["SecurityGroupIds"] == ["${LinkSecurityGroup}"]
    assert link["SubnetIds"] == ["subnet-1", "subnet-2"]


def test_the_stage_throttles_and_logs() -> None:
    stage = only("apigateway", "ApiGatewayV2::Stage", RateLimit=7, BurstLimit=9)
    assert stage["StageName"] == "$default"
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 7, "ThrottlingBurstLimit": 9}
    assert stage["AccessLogSettings"]["DestinationArn"] == "${AccessLog.Arn}"
    assert "$context.identity.userArn" in stage["AccessLogSettings"]["Format"]
    assert not re.search("authorization|signature|cookie", stage["AccessLogSettings"]["Format"], re.IGNORECASE)


# ---- Policies ----


def test_the_function_may_look_up_its_api_and_nothing_else() -> None:
    policy = only("cloudmap", "IAM::ManagedPolicy", ServiceName="orders")
    [statement] = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == "servicediscovery:DiscoverInstances"
    assert statement["Condition"] == {
        "StringEquals": {
            "servicediscovery:NamespaceName": "shop.internal",
            "servicediscovery:ServiceName": "orders",
        }
    }


def test_the_function_may_read_from_its_api_and_nothing_else() -> None:
    [statement] = only("apigateway", "IAM::ManagedPolicy")["PolicyDocument"]["Statement"]
    assert statement["Action"] == "execute-api:Invoke"
    api = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}"
    assert statement["Resource"] == f"{api}/$default/GET/*"


@pytest.mark.parametrize("name", ["cloudmap", "apigateway"])
def test_the_policy_for_the_function_is_an_output(name: str) -> None:
    assert outputs(name)["FunctionPolicyArn"] == "${FunctionPolicy}"


@pytest.mark.parametrize("name", ["cloudmap", "apigateway", "service"])
def test_every_permission_names_its_action_and_its_resource(name: str) -> None:
    found = list(statements(name, RepositoryArn="arn:aws:ecr:eu-west-1:123456789012:repository/api"))
    assert found
    for statement in found:
        assert not [action for action in listed(statement["Action"]) if "*" in action], statement
        if statement.get("Resource") == "*":
            assert set(listed(statement["Action"])) <= ANY_RESOURCE, statement
        if statement.get("Principal") == "*":
            assert statement["Condition"], statement


# ---- The sample service ----


def beside(name: str) -> dict[str, Any]:
    """The sample service with what a path puts out, by the outputs' own names."""
    given = {key: ARNS.get(key, value) for key, value in outputs(name, ApiPort=9000).items()}
    known = template("service")["Parameters"].keys()
    return only("service", "ECS::Service", **{key: value for key, value in given.items() if key in known})


@pytest.mark.parametrize("name", BALANCED)
def test_the_service_registers_with_the_load_balancer(name: str) -> None:
    service = beside(name)
    assert service["LoadBalancers"] == [
        {"TargetGroupArn": ARNS["TargetGroupArn"], "ContainerName": "api", "ContainerPort": 9000}
    ]
    assert "ServiceRegistries" not in service
    assert service["HealthCheckGracePeriodSeconds"] > 0


@pytest.mark.parametrize("name", REGISTERED)
def test_the_service_registers_with_the_registry(name: str) -> None:
    service = beside(name)
    [registry] = service["ServiceRegistries"]
    assert registry["RegistryArn"] == ARNS["ServiceRegistryArn"]
    where = {key: registry[key] for key in registry if key != "RegistryArn"}
    assert where == ({} if name == "dns" else {"ContainerName": "api", "ContainerPort": 9000})
    assert "LoadBalancers" not in service
    assert "HealthCheckGracePeriodSeconds" not in service  # ECS refuses it where no load balancer is


@every_path
def test_the_service_takes_the_group_and_the_port_of_its_path(name: str) -> None:
    network = beside(name)["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["SecurityGroups"] == ["${ServiceSecurityGroup}"]
    assert network["AssignPublicIp"] == "DISABLED"
    [container] = only("service", "ECS::TaskDefinition", **outputs(name, ApiPort=9000))["ContainerDefinitions"]
    assert container["PortMappings"] == [{"ContainerPort": 9000}]


def test_the_service_runs_without_any_path() -> None:
    service = only("service", "ECS::Service")
    assert not {"LoadBalancers", "ServiceRegistries"} & service.keys()


def test_a_deployment_that_fails_is_rolled_back() -> None:
    deployment = only("service", "ECS::Service")["DeploymentConfiguration"]
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert deployment["MinimumHealthyPercent"] == 100


def test_the_container_writes_nowhere_but_to_tmp_and_its_log() -> None:
    task = only("service", "ECS::TaskDefinition")
    [container] = task["ContainerDefinitions"]
    assert container["ReadonlyRootFilesystem"] is True
    assert container["MountPoints"] == [{"SourceVolume": "tmp", "ContainerPath": "/tmp"}]
    assert container["LogConfiguration"]["Options"]["awslogs-group"] == "${LogGroup}"
    assert "HealthCheck" not in container
    assert "TaskRoleArn" not in task


def test_a_health_command_becomes_the_health_that_ecs_reports() -> None:
    [container] = only("service", "ECS::TaskDefinition", HealthCommand="true")["ContainerDefinitions"]
    assert container["HealthCheck"]["Command"] == ["CMD-SHELL", "true"]


def test_the_execution_role_may_start_these_tasks_and_nothing_else() -> None:
    repository = "arn:aws:ecr:eu-west-1:123456789012:repository/api"

    def granted(**given: object) -> dict[str, Any]:
        [policy] = only("service", "IAM::Role", **given)["Policies"]
        return {part["Sid"]: part["Resource"] for part in policy["PolicyDocument"]["Statement"]}

    assert granted() == {"WriteLogs": "${LogGroup.Arn}"}
    assert granted(RepositoryArn=repository) == {
        "WriteLogs": "${LogGroup.Arn}",
        "ReadTheImage": repository,
        "LogInToTheRegistry": "*",
    }
    [trust] = only("service", "IAM::Role")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"}}
