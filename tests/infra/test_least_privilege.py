"""No policy of ours allows more than it names: every exception stands here, with its reason.

Read are the statements of all templates as they are written, whatever the parameters: of roles and managed policies, of
queues, topics and keys, of endpoints. A Deny is no permission.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.infra.plain import PLAIN, template
from tests.infra.stack import translated

NO_RESOURCE = "AWS gives this action no resource that a policy could name"
NETWORK = f"{NO_RESOURCE}; Lambda itself needs it, and code in the function is denied it"
OF_THIS_KEY = "in a key's policy `*` is that key alone"

# (template, resource/Sid, what it allows) -> why it may.
EXCEPTIONS: Mapping[tuple[str, str, str], str] = {
    ("template", "FunctionRole/JoinTheNetwork", "ec2:CreateNetworkInterface on *"): NETWORK,
    ("template", "FunctionRole/JoinTheNetwork", "ec2:DescribeNetworkInterfaces on *"): NETWORK,
    ("template", "FunctionRole/JoinTheNetwork", "ec2:DescribeSubnets on *"): NETWORK,
    ("template", "FunctionRole/JoinTheNetwork", "ec2:DeleteNetworkInterface on *"): NETWORK,
    ("template", "FunctionRole/JoinTheNetwork", "ec2:AssignPrivateIpAddresses on *"): NETWORK,
    ("template", "FunctionRole/JoinTheNetwork", "ec2:UnassignPrivateIpAddresses on *"): NETWORK,
    ("template", "FunctionRole/Trace", "xray:PutTraceSegments on *"): NO_RESOURCE,
    ("template", "FunctionRole/Trace", "xray:PutTelemetryRecords on *"): NO_RESOURCE,
    ("cloudmap", "FunctionPolicy/LookUpTheApi", "servicediscovery:DiscoverInstances on *"): (
        f"{NO_RESOURCE}; a condition names the service"
    ),
    (
        "cloudmap",
        "LookupEndpoint",
        "servicediscovery:DiscoverInstances on *",
    ): f"{NO_RESOURCE}; a condition names the account",
    ("cloudmap", "LookupEndpoint", "servicediscovery:DiscoverInstancesRevision on *"): (
        f"{NO_RESOURCE}; a condition names the account"
    ),
    ("service", "ExecutionRole/LogInToTheRegistry", "ecr:GetAuthorizationToken on *"): NO_RESOURCE,
    ("network", "LookupEndpoint/TheFunctionLooksUp", "servicediscovery:DiscoverInstances on *"): (
        f"{NO_RESOURCE}; a condition names the role"
    ),
    ("alarms", "AlarmKey/TheAccountManages", "kms:* on *"): f"{OF_THIS_KEY}; without it nobody could manage the key",
    ("alarms", "AlarmKey/AlarmsPublish", "kms:Decrypt on *"): OF_THIS_KEY,
    ("alarms", "AlarmKey/AlarmsPublish", "kms:GenerateDataKey on *"): OF_THIS_KEY,
    ("publisher", "Key/ThisAccountDecidesByItsOwnPolicies", "kms:* on *"): (
        f"{OF_THIS_KEY}; without it nobody could manage the key, or change this policy"
    ),
    ("publisher", "Key/AccountsPublish", "kms:GenerateDataKey on *"): OF_THIS_KEY,
    ("publisher", "Key/AccountsPublish", "kms:Decrypt on *"): OF_THIS_KEY,
    ("publisher", "Key/TheOrganizationPublishes", "kms:GenerateDataKey on *"): OF_THIS_KEY,
    ("publisher", "Key/TheOrganizationPublishes", "kms:Decrypt on *"): OF_THIS_KEY,
}


@dataclass(frozen=True)
class Allowed:
    """One statement that allows something."""

    where: str
    statement: Mapping[str, Any]

    def findings(self) -> Iterator[str]:
        """What is allowed without being named."""
        for word in ("NotAction", "NotResource", "NotPrincipal"):
            if word in self.statement:
                yield word
        if "*" in texts(self.statement.get("Principal")) and not self.statement.get("Condition"):
            yield "anyone, without a condition"
        # A role's trust policy has no resource: it is the role.
        for resource in texts(self.statement.get("Resource")) or [""]:
            for action in texts(self.statement.get("Action")):
                if "*" in action or is_wide(resource):
                    yield f"{action} on {resource}"


def is_wide(resource: str) -> bool:
    """Whether a resource is everything of a service, or everything of one kind."""
    readable = re.sub(r"\$\{[^}]*\}", "known", resource)
    name = readable if readable == "*" else ":".join(readable.split(":")[5:])
    return bool(re.fullmatch(r"([a-z-]+[:/])?\*", name))


def texts(node: Any) -> list[str]:
    """Every text that a value can be, whatever the parameters; what another resource gives stays readable."""
    match node:
        case str():
            return [node]
        case list():
            return [text for child in node for text in texts(child)]
        case {"Ref": str(name)}:
            return [f"${{{name}}}"]
        case {"Fn::GetAtt": parts}:
            return [f"${{{'.'.join(texts(parts))}}}"]
        case {"Fn::Sub": [str(text), *_]} | {"Fn::Sub": str(text)}:
            return [text]
        case {"Fn::If": [_, *either]}:
            return texts(either)
        case {"Fn::Join": [str(separator), parts]}:
            return [separator.join(texts(parts))]
        case dict():  # other functions, and a principal: {AWS: ..., Service: ...}
            return [text for child in node.values() for text in texts(child)]
        case _:
            return []


def allowed(resources: Mapping[str, Any]) -> Iterator[Allowed]:
    def search(node: Any, where: str) -> Iterator[Allowed]:
        match node:
            case {"Effect": "Allow"}:
                yield Allowed("/".join(filter(None, (where, node.get("Sid")))), node)
            case dict():
                for child in node.values():
                    yield from search(child, where)
            case list():
                for child in node:
                    yield from search(child, where)

    for name, resource in resources.items():
        yield from search(resource, name)


def every_template() -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield "template", translated()
    for path in PLAIN:
        yield path.stem, template(path.stem)


def found() -> set[tuple[str, str, str]]:
    return {
        (name, statement.where, finding)
        for name, content in every_template()
        for statement in allowed(content["Resources"])
        for finding in statement.findings()
    }


def test_nothing_is_allowed_that_is_not_named_or_explained() -> None:
    assert found() - EXCEPTIONS.keys() == set()


def test_no_exception_outlives_what_it_was_for() -> None:
    assert EXCEPTIONS.keys() - found() == set()


def test_there_are_policies_to_look_at() -> None:
    names = {name for name, content in every_template() for _ in allowed(content["Resources"])}
    assert {"template", "network", "database", "publisher", "cloudmap", "apigateway", "service"} <= names


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ({"Action": "s3:*", "Resource": "arn:aws:s3:::bucket/key"}, "s3:* on arn:aws:s3:::bucket/key"),
        ({"Action": ["a:B", "*"], "Resource": "${Queue.Arn}"}, "* on ${Queue.Arn}"),
        ({"Action": "dynamodb:Get*", "Resource": "${Table.Arn}"}, "dynamodb:Get* on ${Table.Arn}"),
        ({"Action": "sqs:SendMessage", "Resource": "*"}, "sqs:SendMessage on *"),
        (
            {"Action": {"Fn::If": ["Which", "a:B", "c:D"]}, "Resource": [{"Fn::If": ["Wide", "*", "${Queue.Arn}"]}]},
            "c:D on *",
        ),
        (
            {"Action": "lambda:InvokeFunction", "Resource": {"Fn::Sub": "arn:aws:lambda:${AWS::Region}:1:function:*"}},
            "lambda:InvokeFunction on arn:aws:lambda:${AWS::Region}:1:function:*",
        ),
        (
            {"Action": "iam:PassRole", "Resource": {"Fn::Join": [":", ["arn:aws:iam:", "1", "role/*"]]}},
            "iam:PassRole on arn:aws:iam::1:role/*",
        ),
        (
            {"Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-west-1:1:*"},
            "sqs:SendMessage on arn:aws:sqs:eu-west-1:1:*",
        ),
        ({"NotAction": "iam:*", "Resource": "${Queue.Arn}"}, "NotAction"),
        ({"Action": "a:B", "NotResource": "${Queue.Arn}"}, "NotResource"),
        ({"Action": "a:B", "Resource": "${Queue.Arn}", "NotPrincipal": {"AWS": "1"}}, "NotPrincipal"),
        ({"Action": "a:B", "Resource": "${Queue.Arn}", "Principal": {"AWS": "*"}}, "anyone, without a condition"),
    ],
)
def test_a_wide_permission_is_found_wherever_it_hides(statement: dict[str, Any], finding: str) -> None:
    resources = {"Role": {"Policies": [{"Statement": [{"Fn::If": ["C", {"Effect": "Allow", **statement}, {}]}]}]}}
    assert finding in [what for one in allowed(resources) for what in one.findings()]


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny", "Action": "*", "Resource": "*"},
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "${Queue.Arn}"},
        {"Effect": "Allow", "Action": "a:B", "Resource": "arn:aws:secretsmanager:r:1:secret:notifier/*"},
        {"Effect": "Allow", "Action": "a:B", "Resource": "arn:aws:dynamodb:r:1:table/notifier-StateTable-*"},
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}},
        {"Effect": "Allow", "Action": "a:B", "Resource": "${Q}", "Principal": "*", "Condition": {"Bool": {}}},
    ],
)
def test_what_is_named_passes(statement: dict[str, Any]) -> None:
    assert [what for one in allowed({"Role": [statement]}) for what in one.findings()] == []
