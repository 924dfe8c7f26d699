"""What each role and each managed policy of all templates may do and may not do, who may take it, and its boundary."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from tests.infra import plain
from tests.infra.iam import Request, Statement, allows, trusts
from tests.infra.stack import IMAGE_TEMPLATE, ROOT, TEMPLATE, resolved, translated

ACCOUNT: Final = "${AWS::AccountId}"
HERE: Final = f"${{AWS::Region}}:{ACCOUNT}"
TOPIC: Final = "${import:notifier-TopicArn}"
OTHER_TOPIC: Final = f"arn:${{AWS::Partition}}:sns:{HERE}:billing"
KEY: Final = "arn:aws:kms:eu-west-1:123456789012:key/6c031cf6-1459-4ced-a1e7-af369d70cecd"
OTHER_KEY: Final = "arn:aws:kms:eu-west-1:123456789012:key/00000000-1459-4ced-a1e7-af369d70cecd"
SECRET: Final = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-6d0e-AbCdEf"
REPOSITORY: Final = "arn:aws:ecr:eu-west-1:123456789012:repository/orders"
EVENTS: Final = "arn:aws:sns:eu-west-1:123456789012:notifier-events"
FUNCTION: Final = f"arn:${{AWS::Partition}}:lambda:{HERE}:function:notifier"
TABLE: Final = "${StateTable.Arn}"


def secret(name: str) -> str:
    return f"arn:${{AWS::Partition}}:secretsmanager:{HERE}:secret:{name}"


def parameter(name: str, service: str = "ssm") -> str:
    return f"arn:${{AWS::Partition}}:{service}:{HERE}:parameter/{name}"


def via(service: str, region: str = "${AWS::Region}") -> Mapping[str, str]:
    return {"kms:ViaService": f"{service}.{region}.${{AWS::URLSuffix}}"}


# "template/resource parameters" -> (what it may, what it may not). A bare text is an action on the resource before it.
Asked = tuple[list[Request], list[Request]]
MAY: Final[Mapping[tuple[str, str], Asked]] = {
    ("alarms/CanaryRole", ""): (
        [Request("sns:Publish", TOPIC), Request("sqs:SendMessage", "${CanaryDeadLetterQueue.Arn}")],
        [
            Request("sns:Publish", OTHER_TOPIC),
            Request("sns:Publish", "${AlarmTopic}"),
            Request("sns:Subscribe", TOPIC),
            Request("sqs:SendMessage", "${import:notifier-QueueName}"),
            Request("sqs:ReceiveMessage", "${CanaryDeadLetterQueue.Arn}"),
            Request("kms:Decrypt", KEY, via("sns")),
            Request("kms:GenerateDataKey", KEY, via("sns")),
        ],
    ),
    ("alarms/CanaryRole", f"TopicArn={EVENTS} TopicKeyArn={KEY}"): (
        [
            Request("sns:Publish", EVENTS),
            Request("kms:GenerateDataKey", KEY, via("sns")),
            Request("kms:Decrypt", KEY, via("sns")),
        ],
        [
            Request("sns:Publish", TOPIC),
            Request("kms:GenerateDataKey", OTHER_KEY, via("sns")),
            Request("kms:Decrypt", KEY),
            Request("kms:Decrypt", KEY, via("secretsmanager")),
            Request("kms:Encrypt", KEY, via("sns")),
            Request("kms:ScheduleKeyDeletion", KEY, via("sns")),
        ],
    ),
    ("network/FlowLogRole", ""): (
        [Request("logs:CreateLogStream", "${FlowLog.Arn}"), Request("logs:PutLogEvents", "${FlowLog.Arn}")],
        [Request("logs:PutLogEvents", "${QueryLog.Arn}"), Request("logs:DeleteLogGroup", "${FlowLog.Arn}")],
    ),
    ("service/ExecutionRole", ""): (
        [Request("logs:CreateLogStream", "${LogGroup.Arn}"), Request("logs:PutLogEvents", "${LogGroup.Arn}")],
        [Request("ecr:BatchGetImage", REPOSITORY), Request("ecr:GetAuthorizationToken", "*")],
    ),
    ("service/ExecutionRole", f"RepositoryArn={REPOSITORY}"): (
        [
            Request("ecr:BatchGetImage", REPOSITORY),
            Request("ecr:GetDownloadUrlForLayer", REPOSITORY),
            Request("ecr:GetAuthorizationToken", "*"),
        ],
        [
            Request("ecr:BatchGetImage", f"{REPOSITORY}-private"),
            Request("ecr:PutImage", REPOSITORY),
            Request("secretsmanager:GetSecretValue", SECRET),
        ],
    ),
    ("template/TickRole", "Polls=on"): (
        [
            Request("lambda:InvokeFunction", "${NotifierFunction.Arn}"),
            Request("sqs:SendMessage", "${TickDeadLetterQueue.Arn}"),
        ],
        [
            Request("lambda:InvokeFunction", FUNCTION),
            Request("lambda:UpdateFunctionCode", "${NotifierFunction.Arn}"),
            Request("sqs:SendMessage", "${Queue.Arn}"),
            Request("sqs:SendMessage", "${DeadLetterQueue.Arn}"),
        ],
    ),
    ("template/FunctionRole", "Secrets=secretsmanager:team/chat"): (
        [
            Request("logs:PutLogEvents", "${FunctionLogGroup.Arn}"),
            Request("secretsmanager:GetSecretValue", secret("team/chat/slack-AbCdEf")),
            Request("sqs:SendMessage", "${DeadLetterQueue.Arn}"),
            Request("sqs:ReceiveMessage", "${Queue.Arn}"),
            Request("sqs:ChangeMessageVisibility", "${Queue.Arn}"),
            Request("dynamodb:PutItem", TABLE),
            Request("dynamodb:Query", TABLE),
            Request("ec2:CreateNetworkInterface", "*"),
            Request("xray:PutTraceSegments", "*"),
        ],
        [
            Request("secretsmanager:GetSecretValue", secret("team/chatter/slack-AbCdEf")),
            Request("secretsmanager:GetSecretValue", SECRET),
            Request("secretsmanager:PutSecretValue", secret("team/chat/slack-AbCdEf")),
            Request("ssm:GetParameter", parameter("team/chat/slack")),
            Request("sqs:ReceiveMessage", "${DeadLetterQueue.Arn}"),
            Request("sqs:SendMessage", "${Queue.Arn}"),
            Request("sqs:PurgeQueue", "${Queue.Arn}"),
            Request("sns:Publish", "${Topic}"),
            Request("dynamodb:BatchGetItem", TABLE),
            Request("dynamodb:DeleteItem", TABLE),
            Request("dynamodb:Query", f"{TABLE}-other"),
            Request("ec2:CreateNetworkInterface", "*", {"lambda:SourceFunctionArn": FUNCTION}),
            Request("ec2:RunInstances", "*"),
        ],
    ),
    ("template/FunctionRole", "Secrets=ssm:team/chat Intake=direct"): (
        [Request("ssm:GetParameter", parameter("team/chat/slack")), Request("dynamodb:PutItem", TABLE)],
        [
            Request("secretsmanager:GetSecretValue", secret("team/chat/slack-AbCdEf")),
            Request("ssm:PutParameter", parameter("team/chat/slack")),
            Request("sqs:ReceiveMessage", "${Queue.Arn}"),
        ],
    ),
    ("template/FunctionRole", "Polls=on"): (
        [Request("dynamodb:BatchGetItem", TABLE), Request("sqs:SendMessage", "${Queue.Arn}")],
        [Request("dynamodb:BatchGetItem", f"{TABLE}-other"), Request("dynamodb:UpdateItem", TABLE)],
    ),
    ("publisher/PublisherPolicy", ""): (
        [Request("sns:Publish", TOPIC)],
        [Request("sns:Publish", OTHER_TOPIC), Request("sns:Subscribe", TOPIC), Request("kms:Decrypt", KEY, via("sns"))],
    ),
    # The notifier's stack was given a topic with a key of its own.
    ("publisher/PublisherPolicy", f"TopicKeyArn={KEY}"): (
        [
            Request("sns:Publish", TOPIC),
            Request("kms:GenerateDataKey", KEY, via("sns")),
            Request("kms:Decrypt", KEY, via("sns")),
        ],
        [Request("kms:GenerateDataKey", OTHER_KEY, via("sns")), Request("kms:Decrypt", KEY, via("sqs"))],
    ),
    ("publisher/PublisherPolicy", f"Topic={EVENTS} TopicKeyArn={KEY}"): (
        [Request("sns:Publish", EVENTS), Request("kms:GenerateDataKey", KEY, via("sns", "eu-west-1"))],
        [Request("sns:Publish", TOPIC), Request("kms:Encrypt", KEY, via("sns", "eu-west-1"))],
    ),
    ("publisher/PublisherPolicy", "Topic=create AccountIds=111111111111"): (
        [Request("sns:Publish", "${NewTopic}"), Request("kms:GenerateDataKey", "${Key.Arn}", via("sns"))],
        [
            Request("sns:Publish", TOPIC),
            Request("kms:Decrypt", "${Key.Arn}"),
            Request("kms:PutKeyPolicy", "${Key.Arn}"),
        ],
    ),
    ("database/Policy", f"SecretArn={SECRET} SecretKeyArn={KEY}"): (
        [
            Request("secretsmanager:GetSecretValue", SECRET),
            Request("kms:Decrypt", KEY, {**via("secretsmanager"), "kms:EncryptionContext:SecretARN": SECRET}),
        ],
        [
            Request("secretsmanager:GetSecretValue", secret("other-AbCdEf")),
            Request("kms:Decrypt", KEY, via("secretsmanager")),
        ],
    ),
    ("database/Policy", "DatabaseResourceId=db-A1 DatabaseUser=reader"): (
        [Request("rds-db:connect", f"arn:${{AWS::Partition}}:rds-db:{HERE}:dbuser:db-A1/reader")],
        [Request("rds-db:connect", f"arn:${{AWS::Partition}}:rds-db:{HERE}:dbuser:db-A1/admin")],
    ),
    ("cloudmap/FunctionPolicy", "ServiceName=orders"): (
        [
            Request(
                "servicediscovery:DiscoverInstances",
                "*",
                {"servicediscovery:NamespaceName": "shop.internal", "servicediscovery:ServiceName": "orders"},
            )
        ],
        [
            Request("servicediscovery:DiscoverInstances", "*"),
            Request(
                "servicediscovery:DiscoverInstances",
                "*",
                {"servicediscovery:NamespaceName": "shop.internal", "servicediscovery:ServiceName": "billing"},
            ),
            Request("servicediscovery:RegisterInstance", "*"),
        ],
    ),
    ("apigateway/FunctionPolicy", ""): (
        [Request("execute-api:Invoke", f"arn:${{AWS::Partition}}:execute-api:{HERE}:${{Api}}/$default/GET/orders/1")],
        [
            Request(
                "execute-api:Invoke", f"arn:${{AWS::Partition}}:execute-api:{HERE}:${{Api}}/$default/DELETE/orders/1"
            ),
            Request("execute-api:Invoke", f"arn:${{AWS::Partition}}:execute-api:{HERE}:another/$default/GET/orders/1"),
        ],
    ),
}


def resources(name: str, **given: object) -> dict[str, dict[str, Any]]:
    stack = resolved(**given) if name == "template" else plain.stack(name, **given)
    found: dict[str, dict[str, Any]] = stack["Resources"]
    return found


def statements(where: str, given: str) -> list[Statement]:
    """The statements of a role or of a managed policy, without the managed policies that a role is given."""
    name, resource = where.split("/")
    properties = resources(name, **dict(one.split("=", 1) for one in given.split()))[resource]["Properties"]
    documents = [one["PolicyDocument"] for one in properties.get("Policies", [properties])]
    return [statement for document in documents for statement in document["Statement"]]


ROWS: Final = [(*at, request, True) for at, (may, _) in MAY.items() for request in may] + [
    (*at, request, False) for at, (_, may_not) in MAY.items() for request in may_not
]


@pytest.mark.parametrize(("where", "given", "request_", "may"), ROWS, ids=lambda one: getattr(one, "action", None))
def test_a_role_may_do_what_it_is_for_and_nothing_beside(where: str, given: str, request_: Request, may: bool) -> None:
    assert allows(statements(where, given), request_) is may


# ---- All of them ----


def every_template() -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "template", translated(TEMPLATE)
    yield "template-image", translated(IMAGE_TEMPLATE)
    for path in plain.PLAIN:
        yield path.stem, plain.template(path.stem)


def of_type(kind: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Every resource of a kind as it is written, by its template and its name."""
    return {
        (name, key): part["Properties"]
        for name, template in every_template()
        for key, part in template["Resources"].items()
        if part["Type"] == kind
    }


ROLES: Final = of_type("AWS::IAM::Role")


def test_each_role_and_policy_is_asked_for_both() -> None:
    known = ROLES.keys() | of_type("AWS::IAM::ManagedPolicy").keys()
    assert {where for where, _ in MAY} == {f"{name}/{key}" for name, key in known if name != "template-image"}
    assert all(may and may_not for may, may_not in MAY.values())


def test_the_image_has_the_same_roles() -> None:
    package, image = (
        {key: one for (name, key), one in ROLES.items() if name == given} for given in ("template", "template-image")
    )
    assert package == image != {}


# ---- Boundaries ----


@pytest.mark.parametrize(("name", "key"), ROLES)
def test_each_role_takes_the_boundary(name: str, key: str) -> None:
    template = dict(every_template())[name]
    assert ROLES[name, key]["PermissionsBoundary"] == {
        "Fn::If": ["Bounded", {"Ref": "PermissionsBoundary"}, {"Ref": "AWS::NoValue"}]
    }
    assert template["Conditions"]["Bounded"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "PermissionsBoundary"}, ""]}]}


@pytest.mark.parametrize("name", sorted({name for name, _ in ROLES}))
def test_a_boundary_is_given_in_the_same_way_everywhere(name: str) -> None:
    parameter = dict(every_template())[name]["Parameters"]["PermissionsBoundary"]
    pattern = parameter["AllowedPattern"]
    assert parameter["Default"] == ""
    for good in ("", "arn:aws:iam::123456789012:policy/teams/bound", "arn:aws-cn:iam::aws:policy/PowerUserAccess"):
        assert re.fullmatch(pattern, good), good
    for bad in ("bound", "arn:aws:iam::123456789012:role/bound", "arn:aws:iam::123456789012:policy/a,b"):
        assert not re.fullmatch(pattern, bad), bad


def actions(node: Any) -> set[str]:
    """Every action that a policy can allow, whatever the parameters."""
    match node:
        case {"Effect": "Allow", "Action": action}:
            return {action} if isinstance(action, str) else set(action)
        case dict():
            return {one for child in node.values() for one in actions(child)}
        case list():
            return {one for child in node for one in actions(child)}
        case _:
            return set()


def documented_roles() -> dict[str, set[str]]:
    """The actions that the guide wants of each role's boundary."""
    guide = (ROOT / "docs/network.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+Role)` \|.*\|(.*)\|$", guide, re.MULTILINE)
    return {name: set(re.findall(r"`([a-z0-9-]+:\w+)`", cell)) for name, cell in rows}


def test_the_guide_names_each_action_that_a_boundary_has_to_allow() -> None:
    assert documented_roles() == {key: actions(one["Policies"]) for (_, key), one in ROLES.items()}


# ---- Who may take a role ----

GROUP: Final = f"arn:${{AWS::Partition}}:scheduler:{HERE}:schedule-group"
FLOWS: Final = f"arn:${{AWS::Partition}}:ec2:{HERE}"
# The service that takes each role; the source that it has to name, and one that it must not.
TAKEN_BY: Final[Mapping[str, tuple[str, str, str]]] = {
    "alarms/CanaryRole": ("scheduler.amazonaws.com", f"{GROUP}/default", f"{GROUP}/others"),
    "template/TickRole": ("scheduler.amazonaws.com", f"{GROUP}/default", f"{GROUP}/others"),
    "network/FlowLogRole": ("vpc-flow-logs.amazonaws.com", f"{FLOWS}:vpc-flow-log/fl-1", f"{FLOWS}:instance/i-1"),
    "service/ExecutionRole": ("ecs-tasks.amazonaws.com", "", ""),
}


def trust(where: str) -> list[Statement]:
    name, key = where.split("/")
    found: list[Statement] = resources(name, Polls="on")[key]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    return found


@pytest.mark.parametrize("where", TAKEN_BY)
def test_its_service_takes_a_role_on_behalf_of_this_account_alone(where: str) -> None:
    service, source, other = TAKEN_BY[where]
    ours = {"aws:SourceAccount": ACCOUNT} | ({"aws:SourceArn": source} if source else {})
    assert trusts(trust(where), service, ours)
    assert not trusts(trust(where), "lambda.amazonaws.com", ours)
    assert not trusts(trust(where), service, {**ours, "aws:SourceAccount": "999999999999"})
    assert not source or not trusts(trust(where), service, {**ours, "aws:SourceArn": other})
    for key in ours:
        assert not trusts(trust(where), service, {name: value for name, value in ours.items() if name != key})


def test_who_takes_each_role_is_known() -> None:
    """Lambda names no source: to give it the role, a caller needs iam:PassRole in this account."""
    assert TAKEN_BY.keys() | {"template/FunctionRole"} == {
        f"{name}/{key}" for name, key in ROLES if name != "template-image"
    }
    assert trusts(trust("template/FunctionRole"), "lambda.amazonaws.com", {})


@pytest.mark.parametrize(("name", "given"), [("alarms", {}), ("template", {"Polls": "on"})])
def test_schedules_are_in_the_group_that_their_role_trusts_and_park_what_fails(
    name: str, given: dict[str, str]
) -> None:
    found = resources(name, **given)
    [schedule] = [one["Properties"] for one in found.values() if one["Type"] == "AWS::Scheduler::Schedule"]
    assert "GroupName" not in schedule  # the default group
    queue = re.fullmatch(r"\$\{(\w+)\.Arn\}", schedule["Target"]["DeadLetterConfig"]["Arn"])
    assert queue
    assert found[queue[1]]["Type"] == "AWS::SQS::Queue"
    role = schedule["Target"]["RoleArn"].removeprefix("${").removesuffix(".Arn}")
    assert allows(statements(f"{name}/{role}", "Polls=on"), Request("sqs:SendMessage", queue[0]))


# ---- How it is decided ----

ALLOW: Final = {"Effect": "Allow", "Action": ["sqs:Send*", "kms:Decrypt"], "Resource": "arn:1:*"}


@pytest.mark.parametrize(
    ("given", "request_", "may"),
    [
        ([], Request("sqs:SendMessage", "arn:1:a"), False),
        ([ALLOW], Request("sqs:SendMessage", "arn:1:a"), True),
        ([ALLOW], Request("SQS:sendmessage", "arn:1:a"), True),
        ([ALLOW], Request("sqs:ReceiveMessage", "arn:1:a"), False),
        ([ALLOW], Request("sqs:SendMessage", "arn:2:a"), False),
        ([{**ALLOW, "Condition": {"StringEquals": {"k": "v"}}}], Request("kms:Decrypt", "arn:1:a"), False),
        ([{**ALLOW, "Condition": {"StringEquals": {"k": "v"}}}], Request("kms:Decrypt", "arn:1:a", {"k": "v"}), True),
        (
            [{**ALLOW, "Condition": {"StringEquals": {"k": "v*"}}}],
            Request("kms:Decrypt", "arn:1:a", {"k": "vw"}),
            False,
        ),
        (
            [{**ALLOW, "Condition": {"StringLike": {"k": ["u", "v*"]}}}],
            Request("kms:Decrypt", "arn:1:a", {"k": "vw"}),
            True,
        ),
        ([ALLOW, {**ALLOW, "Effect": "Deny"}], Request("kms:Decrypt", "arn:1:a"), False),
        (
            [ALLOW, {**ALLOW, "Effect": "Deny", "Condition": {"ArnLike": {"k": "v"}}}],
            Request("kms:Decrypt", "arn:1:a"),
            True,
        ),
    ],
)
def test_a_statement_decides_as_iam_has_it(given: list[Statement], request_: Request, may: bool) -> None:
    assert allows(given, request_) is may


@pytest.mark.parametrize("strange", [{"NotAction": "a:B"}, {"Condition": {"IpAddress": {"k": "10.0.0.0/8"}}}])
def test_what_is_not_understood_is_an_error(strange: dict[str, Any]) -> None:
    with pytest.raises((ValueError, KeyError)):
        allows([{**ALLOW, **strange}], Request("kms:Decrypt", "arn:1:a", {"k": "v"}))
