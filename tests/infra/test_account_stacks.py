"""What infra/database.yaml and infra/publisher.yaml promise: to whom they give which right, and to nobody else.

And what of the topics in infra/ outlives its stack.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.infra.plain import of_type, outputs, refusals, stack, template
from tests.infra.stack import translated

ACCOUNT, NAME = "${AWS::AccountId}", "${AWS::StackName}"
SECRET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:rds!db-6d0ecf83-1eec-9f09-0000-cf831eec9f09-AbCdEf"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/6c031cf6-1459-4ced-a1e7-af369d70cecd"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:events"
GROUPS = {"DatabaseSecurityGroupId": "sg-0a1b2c3d", "FunctionSecurityGroupId": "sg-1a1b2c3d"}
ACCOUNTS = {"Topic": "create", "AccountIds": "111111111111,222222222222"}
ORGANIZATION = {"Topic": "create", "OrganizationId": "o-a1b2c3d4e5"}
PARAMETERS = [(name, key) for name in ("database", "publisher") for key in template(name)["Parameters"]]


def resources(name: str, kind: str, **given: object) -> list[dict[str, Any]]:
    return list(of_type(name, kind, **given).values())


def by_sid(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in document["Statement"]}


def policy(name: str, **given: object) -> dict[str, dict[str, Any]]:
    """The statements of the one managed policy, by their names."""
    [found] = resources(name, "IAM::ManagedPolicy", **given)
    return by_sid(found["PolicyDocument"])


# ---- Parameters ----


@pytest.mark.parametrize(("name", "key"), PARAMETERS)
def test_a_parameter_is_described_and_bounded(name: str, key: str) -> None:
    parameter = template(name)["Parameters"][key]
    assert parameter["Description"].endswith(".")
    assert parameter.keys() & {"AllowedPattern", "AllowedValues", "MinValue"}
    assert parameter["ConstraintDescription"]
    if "AllowedPattern" in parameter:
        assert re.fullmatch(parameter["AllowedPattern"], parameter["Default"])


@pytest.mark.parametrize(
    ("name", "key", "good", "bad"),
    [
        ("database", "SecretArn", SECRET, SECRET.removesuffix("-AbCdEf")),
        ("database", "SecretArn", SECRET, "arn:aws:secretsmanager:eu-west-1:123456789012:secret:*"),
        ("database", "SecretKeyArn", KEY, "arn:aws:kms:eu-west-1:123456789012:alias/rds"),
        ("database", "DatabaseResourceId", "db-ABCDEFGHIJKL01234", "*"),
        ("database", "DatabaseResourceId", "cluster-ABCDEFGHIJKL01234", "shop-replica"),
        ("database", "DatabaseUser", "notifier_ro", "*"),
        ("database", "FunctionSecurityGroupId", "sg-0a1b2c3d", "default"),
        ("publisher", "Topic", TOPIC, "arn:aws:sns:eu-west-1:123456789012:*"),
        ("publisher", "Topic", "create", f"{TOPIC}.fifo"),
        ("publisher", "TopicKeyArn", KEY, "alias/aws/sns"),
        ("publisher", "AccountIds", "111111111111,222222222222", "111111111111, 222222222222"),
        ("publisher", "AccountIds", "111111111111", "*"),
        ("publisher", "OrganizationId", "o-a1b2c3d4e5", "r-a1b2"),
        ("publisher", "Notifier", "chat-prod", "chat prod"),
    ],
)
def test_a_bad_value_is_refused_before_anything_is_deployed(name: str, key: str, good: str, bad: str) -> None:
    pattern = template(name)["Parameters"][key]["AllowedPattern"]
    assert re.fullmatch(pattern, good)
    assert not re.fullmatch(pattern, bad)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("database", {}, "nothing to allow"),
        ("database", {"SecretKeyArn": KEY, "DatabaseResourceId": "db-A1"}, "give SecretArn too"),
        ("database", {"SecretArn": SECRET, "FunctionSecurityGroupId": "sg-0a1b2c3d"}, "needs DatabaseSecurityGroupId"),
        ("database", {"SecretArn": SECRET, "DatabaseSecurityGroupId": "sg-0a1b2c3d"}, "needs FunctionSecurityGroupId"),
        ("publisher", {"Topic": "create"}, "who may publish"),
        ("publisher", {**ACCOUNTS, "TopicKeyArn": KEY}, "leave TopicKeyArn empty"),
        ("publisher", {"Topic": TOPIC, "AccountIds": "111111111111"}, "for Topic=create"),
        ("publisher", {"OrganizationId": "o-a1b2c3d4e5"}, "for Topic=create"),
    ],
)
def test_what_does_not_go_together_is_refused_with_a_reason(name: str, given: dict[str, str], words: str) -> None:
    [reason] = refusals(name, **given)
    assert words in reason


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("database", {"SecretArn": SECRET}),
        ("database", {"SecretArn": SECRET, "SecretKeyArn": KEY, "DatabaseResourceId": "db-A1", **GROUPS}),
        ("database", {"DatabaseResourceId": "db-A1"}),
        ("publisher", {}),
        ("publisher", ACCOUNTS),
        ("publisher", {**ACCOUNTS, **ORGANIZATION}),
        ("publisher", {"Topic": TOPIC, "TopicKeyArn": KEY}),
        ("publisher", {"TopicKeyArn": KEY}),
    ],
)
def test_what_goes_together_is_taken(name: str, given: dict[str, str]) -> None:
    assert refusals(name, **given) == []


# ---- The database ----


def test_the_secret_that_rds_manages_can_be_read_and_no_other() -> None:
    assert policy("database", SecretArn=SECRET) == {
        "ReadTheLogin": {
            "Sid": "ReadTheLogin",
            "Effect": "Allow",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": SECRET,
        }
    }


def test_its_own_key_opens_that_secret_and_nothing_else() -> None:
    opening = policy("database", SecretArn=SECRET, SecretKeyArn=KEY)["OpenTheSecret"]
    assert (opening["Action"], opening["Resource"]) == ("kms:Decrypt", KEY)
    assert opening["Condition"] == {
        "StringEquals": {
            "kms:ViaService": "secretsmanager.${AWS::Region}.${AWS::URLSuffix}",
            "kms:EncryptionContext:SecretARN": SECRET,
        }
    }


def test_iam_logs_in_to_one_database_as_one_account() -> None:
    found = policy("database", DatabaseResourceId="db-ABC", DatabaseUser="reader")
    assert found.keys() == {"LogIn"}
    assert found["LogIn"]["Action"] == "rds-db:connect"
    arn = f"arn:${{AWS::Partition}}:rds-db:${{AWS::Region}}:{ACCOUNT}:dbuser:db-ABC/reader"
    assert found["LogIn"]["Resource"] == arn


def test_both_ways_to_log_in_go_together() -> None:
    found = policy("database", SecretArn=SECRET, DatabaseResourceId="db-ABC")
    assert found.keys() == {"ReadTheLogin", "LogIn"}
    assert outputs("database", SecretArn=SECRET)["PolicyArn"] == "${Policy}"


def test_the_databases_group_lets_the_function_in_on_request() -> None:
    assert resources("database", "EC2::SecurityGroupIngress", SecretArn=SECRET) == []
    [rule] = resources("database", "EC2::SecurityGroupIngress", SecretArn=SECRET, DatabasePort=3307, **GROUPS)
    assert (rule["GroupId"], rule["SourceSecurityGroupId"]) == ("sg-0a1b2c3d", "sg-1a1b2c3d")
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 3307, 3307)


# ---- Publishers ----


@pytest.mark.parametrize(
    ("given", "topic"),
    [({}, "${import:notifier-TopicArn}"), ({"Notifier": "chat"}, "${import:chat-TopicArn}"), ({"Topic": TOPIC}, TOPIC)],
)
def test_a_publisher_may_publish_to_that_topic_and_nothing_else(given: dict[str, str], topic: str) -> None:
    found = policy("publisher", **given)
    assert found.keys() == {"Publish"}  # the AWS managed key asks for no right of its own
    assert (found["Publish"]["Action"], found["Publish"]["Resource"]) == ("sns:Publish", topic)
    assert stack("publisher", **given)["Resources"].keys() == {"PublisherPolicy"}
    assert outputs("publisher", **given) == {"PublisherPolicyArn": "${PublisherPolicy}"}


def test_what_it_imports_the_notifiers_stack_exports() -> None:
    exported = translated()["Outputs"]["TopicArn"]["Export"]["Name"]
    assert exported == {"Fn::Sub": "${AWS::StackName}-TopicArn"}


@pytest.mark.parametrize(
    ("given", "sid", "key"),
    [
        ({"Topic": TOPIC, "TopicKeyArn": KEY}, "EncryptForAnother", KEY),
        ({"TopicKeyArn": KEY}, "EncryptForAnother", KEY),
        (ACCOUNTS, "Encrypt", "${Key.Arn}"),
    ],
)
def test_a_key_of_its_own_wants_a_right_of_its_own(given: dict[str, str], sid: str, key: str) -> None:
    found = policy("publisher", **given)
    assert found.keys() == {"Publish", sid}
    assert found[sid]["Action"] == ["kms:GenerateDataKey", "kms:Decrypt"]
    assert found[sid]["Resource"] == key


def test_the_new_topic_is_encrypted_by_a_key_that_turns() -> None:
    [topic] = resources("publisher", "SNS::Topic", **ACCOUNTS)
    [key] = resources("publisher", "KMS::Key", **ACCOUNTS)
    assert topic["KmsMasterKeyId"] == "${Key}"
    assert key["EnableKeyRotation"] is True
    assert outputs("publisher", **ACCOUNTS)["TopicArn"] == "${NewTopic}"
    assert outputs("publisher", **ACCOUNTS)["TopicKeyArn"] == "${Key.Arn}"


@pytest.mark.parametrize(
    ("given", "sid", "principal", "condition"),
    [
        (ACCOUNTS, "AccountsPublish", ["111111111111", "222222222222"], {}),
        (ORGANIZATION, "TheOrganizationPublishes", "*", {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}),
    ],
)
def test_topic_and_key_name_the_same_other_accounts(
    given: dict[str, str], sid: str, principal: object, condition: dict[str, str]
) -> None:
    [topic] = resources("publisher", "SNS::TopicPolicy", **given)
    [key] = resources("publisher", "KMS::Key", **given)
    publish, encrypt = by_sid(topic["PolicyDocument"]), by_sid(key["KeyPolicy"])
    assert publish.keys() == {"ThisAccountDecidesByItsOwnPolicies", sid, "NothingInPlainText"}
    assert encrypt.keys() == {"ThisAccountDecidesByItsOwnPolicies", sid}
    assert publish[sid]["Principal"] == encrypt[sid]["Principal"] == {"AWS": principal}
    assert publish[sid]["Action"] == "sns:Publish"
    assert publish[sid].get("Condition", {}).get("StringEquals", {}) == condition
    assert encrypt[sid]["Action"] == ["kms:GenerateDataKey", "kms:Decrypt"]
    assert encrypt[sid]["Condition"]["StringEquals"] == {
        **condition,
        "kms:ViaService": "sns.${AWS::Region}.${AWS::URLSuffix}",
        "kms:EncryptionContext:aws:sns:topicArn": f"arn:${{AWS::Partition}}:sns:${{AWS::Region}}:{ACCOUNT}:{NAME}",
    }


def test_the_key_knows_the_topic_by_the_name_that_it_has() -> None:
    [topic] = resources("publisher", "SNS::Topic", **ACCOUNTS)
    assert topic["TopicName"] == NAME


def test_the_new_topic_takes_nothing_in_plain_text() -> None:
    [topic] = resources("publisher", "SNS::TopicPolicy", **ACCOUNTS)
    refusing = by_sid(topic["PolicyDocument"])["NothingInPlainText"]
    assert (refusing["Effect"], refusing["Principal"]) == ("Deny", "*")
    assert refusing["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


# ---- What outlives the stack ----


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("alarms", {"AlarmTopic", "AlarmTopicPolicy", "AlarmKey"}),
        ("publisher", {"NewTopic", "TopicPolicy", "Key"}),
    ],
)
def test_a_topic_that_others_use_outlives_the_stack_with_its_policy_and_its_key(name: str, kept: set[str]) -> None:
    """And nothing else does: a subscription that stays would go on telling somebody who has left."""
    attributes = ("DeletionPolicy", "UpdateReplacePolicy")
    found = {key: tuple(map(one.get, attributes)) for key, one in template(name)["Resources"].items()}
    assert {key for key, one in found.items() if one != (None, None)} == kept
    assert {found[key] for key in kept} == {("RetainExceptOnCreate", "Retain")}
