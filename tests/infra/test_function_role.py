"""A role that is given (`RoleArn`): the stack makes none, and the files for it allow what the stack's own roles do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from cli.packaging import role
from lab.aws import running_aws
from tests.infra import guides
from tests.infra.stack import ROOT, TEMPLATE, refused, resolved, translated

GIVEN = "arn:aws:iam::123456789012:role/team/notifier"
INTAKES = translated()["Parameters"]["Intake"]["AllowedValues"]
EVERY_WAY = list(product(INTAKES, ("off", "on"), ("secretsmanager", "ssm")))
every_way = pytest.mark.parametrize(("intake", "polls", "store"), EVERY_WAY)

# What the files leave to be filled in, and what CloudFormation makes of the names in a stack `notifier`.
FILLED = {"STACK": "notifier", "PREFIX": "shop", "REGION": "eu-west-1", "ACCOUNT": "123456789012"}
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:notifier-NotifierFunction-AbC123dEf456"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:notifier-Queue-AbC123dEf456"
DEAD_LETTERS = "arn:aws:sqs:eu-west-1:123456789012:notifier-DeadLetterQueue-AbC123dEf456"
TICKS = "arn:aws:sqs:eu-west-1:123456789012:notifier-TickDeadLetterQueue-AbC123dEf456"
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/notifier-StateTable-AbC123dEf456"
LOG = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/notifier"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/slack-token-a1B2c3"
PARAMETER = "arn:aws:ssm:eu-west-1:123456789012:parameter/shop/slack-token"
NAMES = {
    "${FunctionLogGroup.Arn}": f"{LOG}:*",
    "${Queue.Arn}": QUEUE,
    "${DeadLetterQueue.Arn}": DEAD_LETTERS,
    "${TickDeadLetterQueue.Arn}": TICKS,
    "${StateTable.Arn}": TABLE,
    "${NotifierFunction.Arn}": FUNCTION,
    "${NotifierFunctionAliaslive}": f"{FUNCTION}:live",
    "${AWS::Partition}": "aws",
    "${AWS::Region}": FILLED["REGION"],
    "${AWS::AccountId}": FILLED["ACCOUNT"],
}
MADE_UP = "-AbC123dEf456"
IN_THE_FUNCTION = {"lambda:SourceFunctionArn": FUNCTION}
BY_THE_SCHEDULER = {
    "aws:SourceAccount": "123456789012",
    "aws:SourceArn": "arn:aws:scheduler:eu-west-1:123456789012:schedule-group/default",
}

Statement = Mapping[str, Any]


def stack(intake: str = "queue", polls: str = "on", store: str = "secretsmanager", **given: str) -> dict[str, Any]:
    return resolved(Intake=intake, Polls=polls, Secrets=f"{store}:{FILLED['PREFIX']}", **given)


def roles(made: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one["Properties"] for one in made["Resources"].values() if one["Type"] == "AWS::IAM::Role"]


def named(document: Any) -> Any:
    """The document with the names that CloudFormation makes."""
    text = json.dumps(document)
    for readable, name in NAMES.items():
        text = text.replace(readable, name)
    assert "${" not in text
    return json.loads(text)


def own(made: Mapping[str, Any]) -> list[Statement]:
    """What the stack's own roles say."""
    policies = [policy for one in roles(made) for policy in one["Policies"]]
    return [statement for policy in policies for statement in named(policy["PolicyDocument"]["Statement"])]


def filled(text: str) -> list[Statement]:
    """What a file says once it is filled in."""
    for placeholder, value in FILLED.items():
        text = text.replace(placeholder, value)
    statements: list[Statement] = json.loads(text)["Statement"]
    return statements


def permissions() -> list[Statement]:
    return filled(role.PERMISSIONS.read_text("utf-8"))


def trust() -> list[Statement]:
    return filled(role.TRUST.read_text("utf-8"))


# ---- A small part of IAM ----
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html


def texts(node: str | list[str]) -> list[str]:
    return [node] if isinstance(node, str) else node


def holds(conditions: Mapping[str, Mapping[str, str]], context: Mapping[str, str]) -> bool:
    """Whether all of a statement's conditions hold; a key that the request does not have matches nothing."""
    matches = {"StringEquals": lambda value, wanted: value == wanted, "ArnLike": fnmatchcase}
    return all(
        key in context and matches[operator](context[key], wanted)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def applies(statement: Statement, action: str, resource: str, context: Mapping[str, str]) -> bool:
    return (
        any(fnmatchcase(action, pattern) for pattern in texts(statement["Action"]))
        and any(fnmatchcase(resource, pattern) for pattern in texts(statement.get("Resource", "*")))
        and holds(statement.get("Condition", {}), context)
    )


def allows(statements: list[Statement], action: str, resource: str, context: Mapping[str, str] | None = None) -> bool:
    effects = {one["Effect"] for one in statements if applies(one, action, resource, context or {})}
    return effects == {"Allow"}


def trusts(statements: list[Statement], service: str, context: Mapping[str, str] | None = None) -> bool:
    of_service = [one for one in statements if one["Principal"] == {"Service": service}]
    return allows(of_service, "sts:AssumeRole", GIVEN, context)


def named_pairs(statements: list[Statement], effect: str) -> Iterator[tuple[str, str, str]]:
    """Each action and resource that statements name and that AWS has, with the condition."""
    for one in statements:
        if one["Effect"] == effect:
            for action, resource in product(texts(one["Action"]), texts(one["Resource"])):
                if exists(action, resource):
                    yield action, resource, json.dumps(one.get("Condition"), sort_keys=True)


def exists(action: str, resource: str) -> bool:
    """Whether AWS has the action for the resource: the role names both stores of secrets, and only one is in use."""
    if resource == "*":
        return True
    service, kind = resource.split(":")[2], re.split("[:/]", resource)[5]
    return action.split(":", maxsplit=1)[0] == service and (service, kind) not in {
        ("secretsmanager", "parameter"),
        ("ssm", "secret"),
    }


def pattern(resource: str) -> str:
    """The resource's name with `*` for what CloudFormation makes up."""
    return re.sub(f"{MADE_UP}(:live)?$", "-*", resource)


# ---- The files ----


@pytest.mark.parametrize(("path", "made"), [(role.PERMISSIONS, role.permissions), (role.TRUST, role.trust)])
def test_the_files_are_made_from_the_template(path: Path, made: Callable[[str], str]) -> None:
    assert path.read_text("utf-8") == made(TEMPLATE.read_text("utf-8")), "run `make docs`"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("!If [UseAlias, !GetAtt Queue.Arn, !GetAtt DeadLetterQueue.Arn]", "depends on a parameter"),
        ("!GetAtt DeadLetterQueue.QueueName", "DeadLetterQueue.QueueName"),
        ("!GetAtt Topic.Arn", "Topic.Arn"),
        ("!Ref ExistingTopicArn", "ExistingTopicArn"),
        ("!ImportValue queue", "!ImportValue"),
    ],
)
def test_a_permission_that_a_file_cannot_say_is_an_error(value: str, why: str) -> None:
    text, changed = re.subn(r"(Sid: ParkEvents\n(?:.*\n){2} +Resource: ).*", rf"\1{value}", TEMPLATE.read_text("utf-8"))
    assert changed == 1
    with pytest.raises(ValueError, match=why):
        role.permissions(text)


@every_way
def test_a_role_that_is_given_may_do_what_the_stacks_own_roles_may(intake: str, polls: str, store: str) -> None:
    for action, resource, _ in named_pairs(own(stack(intake, polls, store)), "Allow"):
        assert allows(permissions(), action, resource.replace("/*", "/name")), (action, resource)


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_it_may_do_nothing_else(effect: str) -> None:
    theirs = {pair for way in EVERY_WAY for pair in named_pairs(own(stack(*way)), effect)}
    assert set(named_pairs(permissions(), effect)) == {(action, pattern(name), when) for action, name, when in theirs}


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("logs:PutLogEvents", f"{LOG}:log-stream:2026/11/30/[$LATEST]1"),
        ("secretsmanager:GetSecretValue", SECRET),
        ("ssm:GetParameter", PARAMETER),
        ("sqs:SendMessage", DEAD_LETTERS),
        ("sqs:SendMessage", TICKS),
        ("sqs:SendMessage", QUEUE),
        ("sqs:ReceiveMessage", QUEUE),
        ("dynamodb:Query", TABLE),
        ("dynamodb:BatchGetItem", TABLE),
        ("lambda:InvokeFunction", FUNCTION),
        ("lambda:InvokeFunction", f"{FUNCTION}:live"),
        ("ec2:CreateNetworkInterface", "*"),
    ],
)
def test_what_it_may(action: str, resource: str) -> None:
    assert allows(permissions(), action, resource)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("logs:CreateLogGroup", f"{LOG}:*"),
        ("logs:PutLogEvents", LOG.replace("/notifier", "/payroll") + ":log-stream:1"),
        ("secretsmanager:GetSecretValue", SECRET.replace("shop/", "payroll/")),
        ("secretsmanager:PutSecretValue", SECRET),
        ("ssm:GetParameter", PARAMETER.replace("/shop/", "/payroll/")),
        ("ssm:GetParametersByPath", PARAMETER),
        ("sqs:ReceiveMessage", DEAD_LETTERS),
        ("sqs:PurgeQueue", QUEUE),
        ("sqs:SendMessage", QUEUE.replace("notifier-", "payroll-")),
        ("dynamodb:DeleteItem", TABLE),
        ("dynamodb:Scan", TABLE),
        ("dynamodb:PutItem", TABLE.replace("notifier-", "payroll-")),
        ("lambda:InvokeFunction", FUNCTION.replace("notifier-", "payroll-")),
        ("lambda:UpdateFunctionCode", FUNCTION),
        ("sns:Publish", "arn:aws:sns:eu-west-1:123456789012:notifier-Topic-1"),
        ("iam:PassRole", GIVEN),
    ],
)
def test_what_it_may_not(action: str, resource: str) -> None:
    assert not allows(permissions(), action, resource)


def test_code_in_the_function_has_no_business_in_the_network() -> None:
    assert not allows(permissions(), "ec2:CreateNetworkInterface", "*", IN_THE_FUNCTION)
    assert allows(permissions(), "xray:PutTraceSegments", "*", IN_THE_FUNCTION)


def test_lambda_and_the_scheduler_of_this_account_may_assume_it() -> None:
    assert trusts(trust(), "lambda.amazonaws.com")
    assert trusts(trust(), "scheduler.amazonaws.com", BY_THE_SCHEDULER)
    assert {one["Principal"]["Service"] for one in trust()} == {"lambda.amazonaws.com", "scheduler.amazonaws.com"}


@pytest.mark.parametrize(
    "context",
    [
        {},
        {**BY_THE_SCHEDULER, "aws:SourceAccount": "210987654321"},
        {**BY_THE_SCHEDULER, "aws:SourceArn": BY_THE_SCHEDULER["aws:SourceArn"].replace("default", "other")},
    ],
)
def test_no_other_schedule_may_assume_it(context: dict[str, str]) -> None:
    assert not trusts(trust(), "scheduler.amazonaws.com", context)


def test_it_is_trusted_to_those_that_the_stacks_own_roles_are_trusted_to() -> None:
    theirs = [one for made in roles(stack()) for one in named(made["AssumeRolePolicyDocument"]["Statement"])]
    assert sorted(map(json.dumps, trust())) == sorted(map(json.dumps, theirs))


def test_the_policy_fits_into_a_role() -> None:
    """A managed policy has at most 6,144 characters, blanks aside: less than a policy in a role may have."""
    assert len(re.sub(r"\s", "", json.dumps(permissions()))) <= 6144
    assert len({one["Sid"] for one in permissions()}) == len(permissions())


def test_a_placeholder_is_nothing_else() -> None:
    """So that `sed` fills it in, wherever it stands."""
    for path in (role.PERMISSIONS, role.TRUST):
        text = path.read_text("utf-8")
        for placeholder in FILLED:
            assert not re.search(rf"[A-Za-z]{placeholder}|{placeholder}[A-Za-z]", text)
        assert {word for word in FILLED if word in text} == set(re.findall(r"[A-Z]{4,}", text))


# ---- The stack that is given one ----


@every_way
def test_the_stack_makes_no_role_and_gives_the_given_one_to_function_and_schedule(
    intake: str, polls: str, store: str
) -> None:
    made = stack(intake, polls, store, RoleArn=GIVEN)
    assert roles(made) == []
    assert made["Resources"]["NotifierFunction"]["Properties"]["Role"] == GIVEN
    assert made["Outputs"]["FunctionRoleArn"]["Value"] == GIVEN
    schedules = [one["Properties"] for one in made["Resources"].values() if one["Type"] == "AWS::Scheduler::Schedule"]
    assert [one["Target"]["RoleArn"] for one in schedules] == [GIVEN] * len(schedules)
    assert "Role.Arn" not in json.dumps(made)


@every_way
def test_nothing_else_is_another(intake: str, polls: str, store: str) -> None:
    before, after = stack(intake, polls, store), stack(intake, polls, store, RoleArn=GIVEN)
    gone = before["Resources"].keys() - after["Resources"].keys()
    assert gone == {"FunctionRole", *(["TickRole"] if "TickSchedule" in before["Resources"] else [])}
    differing = {name for name in after["Resources"] if after["Resources"][name] != before["Resources"][name]}
    assert differing <= {"NotifierFunction", "TickSchedule"}


def test_a_role_alone_publishes_no_version() -> None:
    """Events that go to the alias still run with the role of the version before, as the guide says."""
    function = translated()["Resources"]["NotifierFunction"]["Properties"]
    assert {"Ref": "RoleArn"} in function["Role"]["Fn::Join"][1][0]["Fn::If"]  # SAM's hash is of this, not of the value


@pytest.mark.parametrize(
    ("given", "complaints"),
    [
        ({}, []),
        ({"PolicyArns": "arn:aws:iam::1:policy/a", "PermissionsBoundary": "arn:aws:iam::1:policy/b"}, []),
        ({"RoleArn": GIVEN}, []),
        ({"RoleArn": GIVEN, "PolicyArns": "arn:aws:iam::1:policy/a"}, ['PolicyArns=""']),
        ({"RoleArn": GIVEN, "PermissionsBoundary": "arn:aws:iam::1:policy/b"}, ['PermissionsBoundary=""']),
    ],
)
def test_what_would_have_no_effect_is_refused(given: dict[str, str], complaints: list[str]) -> None:
    assert [re.findall(r'\w+=""', one) for one in refused(**given)] == [[one] for one in complaints]


@pytest.mark.parametrize("value", ["", GIVEN, "arn:aws-cn:iam::123456789012:role/notifier.function_1@prod"])
def test_a_role_is_given_by_its_arn(value: str) -> None:
    assert re.fullmatch(translated()["Parameters"]["RoleArn"]["AllowedPattern"], value)


@pytest.mark.parametrize(
    "value",
    [
        "notifier",
        "arn:aws:iam::123456789012:user/notifier",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam::123456789012:role/*",
        "arn:aws:iam::123456789012:role/*/notifier",
        "arn:aws:sts::123456789012:assumed-role/notifier/session",
    ],
)
def test_anything_else_is_no_role(value: str) -> None:
    assert not re.fullmatch(translated()["Parameters"]["RoleArn"]["AllowedPattern"], value)


def test_both_stacks_take_the_same_roles() -> None:
    network = (ROOT / "infra/network.yaml").read_text("utf-8")
    assert f"AllowedPattern: '{translated()['Parameters']['RoleArn']['AllowedPattern']}'" in network


# ---- The guide ----


def example(sign: str) -> str:
    [found] = [one for one in guides.EXAMPLES if sign in one]
    return found


def test_the_guide_makes_the_role_from_the_files(tmp_path: Path) -> None:
    for path in (role.PERMISSIONS, role.TRUST):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(path.read_text("utf-8"), "utf-8")
    with running_aws(tmp_path) as aws:
        guides.run(example("create-role"), tmp_path, aws.env)
        iam = aws.client("iam")
        made = iam.get_role(RoleName="notifier")["Role"]
        policy = iam.get_role_policy(RoleName="notifier", PolicyName="notifier")["PolicyDocument"]
    assert made["AssumeRolePolicyDocument"]["Statement"] == trust()
    assert policy["Statement"] == json.loads(json.dumps(permissions()).replace(FILLED["PREFIX"], "notifier"))


def test_the_guide_gives_the_role_and_nothing_that_is_refused_beside_it(tmp_path: Path) -> None:
    guides.install_sam(tmp_path)
    given = guides.parameters(guides.run(example("'RoleArn=arn"), tmp_path, {}))
    assert (guides.refused(given), refused(**given)) == (set(), [])
    assert given["RoleArn"].endswith(":role/notifier")
