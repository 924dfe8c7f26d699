"""The optional stacks beside the function, made and removed by the local cloud's CloudFormation.

It refuses what a template's own rules refuse. It knows no NAT gateways, addresses, flow logs and rules for names: a VPC
of the notifier's own is made without those, and in a VPC that is given infra/network.yaml is taken as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from lab.aws import Aws, running_aws
from tests.infra import alarm_kit, guides, plain

INFRA: Final = Path(__file__).parents[2] / "infra"
# `aws` of version 1 does not read AWS_ENDPOINT_URL for SQS.
LOCALLY: Final = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }\n'
RUNBOOK: Final = (INFRA.parent / "docs/runbook.md").read_text("utf-8")
SECRET: Final = (
    "arn:aws:secretsmanager:us-east-1:000000000000:secret:rds!db-6d0ecf83-1eec-9f09-0000-cf831eec9f09-AbCdEf"
)
# What the notifier's own stack exports, without the rest of it.
NOTIFIER: Final = {
    "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
    "Outputs": {"TopicArn": {"Value": {"Ref": "Topic"}, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}-TopicArn"}}}},
}
# As soon as the local cloud knows these, `known_part` can go.
UNKNOWN: Final = {
    "AWS::EC2::EIP",
    "AWS::EC2::FlowLog",
    "AWS::EC2::NatGateway",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::Route53Resolver::FirewallDomainList",
    "AWS::Route53Resolver::FirewallRuleGroup",
    "AWS::Route53Resolver::FirewallRuleGroupAssociation",
    "AWS::Route53Resolver::ResolverQueryLoggingConfig",
    "AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation",
}


@dataclass(frozen=True)
class Stacks:
    """CloudFormation of a local AWS."""

    aws: Aws

    def make(self, name: str, body: str, **parameters: str) -> dict[str, str]:
        """Make a stack, and return its outputs."""
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        client = self.aws.client("cloudformation")
        client.create_stack(StackName=name, TemplateBody=body, Parameters=given, Capabilities=["CAPABILITY_IAM"])
        client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        [made] = client.describe_stacks(StackName=name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in made.get("Outputs", [])}

    def change(self, name: str, body: str, **parameters: str) -> None:
        """Give a stack these parameters."""
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        client = self.aws.client("cloudformation")
        client.update_stack(StackName=name, TemplateBody=body, Parameters=given, Capabilities=["CAPABILITY_IAM"])
        client.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1})

    def remove(self, name: str) -> None:
        client = self.aws.client("cloudformation")
        client.delete_stack(StackName=name)
        client.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})

    def refused(self, file: str, **parameters: str) -> str:
        """The reason for which a template is refused before anything is made."""
        with pytest.raises(ClientError) as caught:
            self.make("refused", template(file), **parameters)
        return str(caught.value)

    def policy(self, arn: str) -> list[dict[str, Any]]:
        """The statements of a managed policy."""
        iam = self.aws.client("iam")
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
        found: list[dict[str, Any]] = (json.loads(document) if isinstance(document, str) else document)["Statement"]
        return found


@pytest.fixture(scope="module")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stacks]:
    with running_aws(tmp_path_factory.mktemp("aws")) as aws:
        yield Stacks(aws)


def template(file: str) -> str:
    return (INFRA / f"{file}.yaml").read_text("utf-8")


def test_the_network_is_made_in_a_vpc_that_is_given_and_removed(stacks: Stacks) -> None:
    ec2 = stacks.aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.64.0.0/20")["Vpc"]["VpcId"]
    before = len(ec2.describe_subnets()["Subnets"])
    outputs = stacks.make(
        "network",
        template("network"),
        VpcId=vpc,
        Cidr="10.64.3.0/24",
        ThirdZone="us-east-1c",
        Nat="nat-0a1b2c3d4e5f67890",
        DatabaseCidr="10.64.8.0/24",
        DnsFirewall="none",
        FlowLogs="none",
    )
    assert outputs["NatGatewayIds"] == "nat-0a1b2c3d4e5f67890"
    found = ec2.describe_subnets(SubnetIds=outputs["SubnetIds"].split(","))["Subnets"]
    assert {subnet["VpcId"] for subnet in found} == {vpc}
    assert {(subnet["AvailabilityZone"], subnet["CidrBlock"]) for subnet in found} == {
        ("us-east-1a", "10.64.3.0/27"),
        ("us-east-1b", "10.64.3.32/27"),
        ("us-east-1c", "10.64.3.64/27"),
    }
    tables = ec2.describe_route_tables(RouteTableIds=outputs["RouteTableIds"].split(","))["RouteTables"]
    ways_out = [route for table in tables for route in table["Routes"] if route["DestinationCidrBlock"] == "0.0.0.0/0"]
    assert [route["NatGatewayId"] for route in ways_out] == [outputs["NatGatewayIds"]] * 3
    [group] = ec2.describe_security_groups(GroupIds=[outputs["SecurityGroupId"]])["SecurityGroups"]
    assert group["IpPermissions"] == []
    assert {443, 3306} <= {rule.get("FromPort") for rule in group["IpPermissionsEgress"]}
    endpoints = ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["VpcEndpoints"]
    assert {one["ServiceName"] for one in endpoints} == {
        "com.amazonaws.us-east-1.dynamodb",
        "com.amazonaws.us-east-1.s3",
    }
    stacks.remove("network")
    assert len(ec2.describe_subnets()["Subnets"]) == before


def known_part(name: str) -> str:
    """A template without the resources that the local cloud does not know; a reference to one becomes its name."""
    whole = plain.template(name)
    gone = {key for key, part in whole["Resources"].items() if part["Type"] in UNKNOWN}

    def kept(node: Any) -> Any:
        match node:
            case {"Ref": key} | {"Fn::GetAtt": [key, _]} if key in gone:
                return key
            case {"Fn::GetAtt": [key, "AttachmentType"]}:  # nor does it know this of an internet gateway
                return key
            case dict():
                return {key: kept(child) for key, child in node.items() if key not in gone}
            case list():
                return [kept(child) for child in node]
            case _:
                return node

    return json.dumps(kept(whole))


@pytest.mark.parametrize(
    ("given", "zones"),
    [
        ({}, 2),
        ({"Nat": "zonal", "ThirdZone": "us-east-1c"}, 3),
        ({"SecretsEndpoint": "ssm", "LookupsEndpoint": "create", "QueueEndpoint": "create", "MoreDomains": "a.b"}, 2),
    ],
)
def test_a_vpc_of_its_own_is_made_and_removed(stacks: Stacks, given: dict[str, str], zones: int) -> None:
    ec2 = stacks.aws.client("ec2")
    before = len(ec2.describe_vpcs()["Vpcs"])
    outputs = stacks.make("whole", known_part("network"), **given)
    [vpc] = ec2.describe_vpcs(VpcIds=[outputs["VpcId"]])["Vpcs"]
    assert vpc["CidrBlock"] == "10.64.0.0/20"
    here = [{"Name": "vpc-id", "Values": [outputs["VpcId"]]}]
    assert len(outputs["SubnetIds"].split(",")) == zones
    assert len(ec2.describe_subnets(Filters=here)["Subnets"]) == (2 * zones if "Nat" in given else zones)
    endpoints = ec2.describe_vpc_endpoints(Filters=here)["VpcEndpoints"]
    assert len(endpoints) == 2 + sum(key.endswith("Endpoint") for key in given)
    stacks.remove("whole")
    assert len(ec2.describe_vpcs()["Vpcs"]) == before


def test_what_of_the_network_cannot_be_made_here_is_known(stacks: Stacks) -> None:
    refusal = stacks.refused("network")
    [names] = re.findall(r"Unrecognized resource types: \[(.*)\]", refusal)
    assert set(names.split(", ")) == UNKNOWN


def test_the_login_to_a_database_is_made_and_removed(stacks: Stacks) -> None:
    arn = stacks.make("database", template("database"), SecretArn=SECRET, DatabaseResourceId="db-ABC")["PolicyArn"]
    reading, login = stacks.policy(arn)
    assert (reading["Action"], reading["Resource"]) == ("secretsmanager:GetSecretValue", SECRET)
    assert login["Resource"] == "arn:aws:rds-db:us-east-1:000000000000:dbuser:db-ABC/notifier"
    stacks.remove("database")
    with pytest.raises(ClientError, match="NoSuchEntity"):
        stacks.policy(arn)


def test_a_publisher_gets_the_topic_of_the_notifiers_stack(stacks: Stacks) -> None:
    topic = stacks.make("chat", json.dumps(NOTIFIER))
    outputs = stacks.make("publisher", template("publisher"), Notifier="chat")
    [publish] = stacks.policy(outputs["PublisherPolicyArn"])
    assert (publish["Action"], publish["Resource"]) == ("sns:Publish", topic["TopicArn"])
    stacks.remove("publisher")
    stacks.remove("chat")


def test_a_topic_for_other_accounts_outlives_another_choice_and_its_stack(stacks: Stacks) -> None:
    outputs = stacks.make("events", template("publisher"), Topic="create", AccountIds="111111111111,222222222222")
    assert outputs["TopicArn"].endswith(":events")
    sns = stacks.aws.client("sns")
    attributes = sns.get_topic_attributes(TopicArn=outputs["TopicArn"])["Attributes"]
    allowed = {one["Sid"]: one for one in json.loads(attributes["Policy"])["Statement"]}["AccountsPublish"]
    assert allowed["Principal"] == {"AWS": ["111111111111", "222222222222"]}
    assert allowed["Resource"] == outputs["TopicArn"]
    kms = stacks.aws.client("kms")
    key = kms.get_key_policy(KeyId=outputs["TopicKeyArn"], PolicyName="default")["Policy"]
    context = "kms:EncryptionContext:aws:sns:topicArn"
    conditions = [one["Condition"]["StringEquals"] for one in json.loads(key)["Statement"] if "Condition" in one]
    assert [condition[context] for condition in conditions] == [outputs["TopicArn"]]
    stacks.change("events", template("publisher"), Topic="arn:aws:sns:us-east-1:000000000000:another")
    stacks.remove("events")
    assert sns.get_topic_attributes(TopicArn=outputs["TopicArn"])["Attributes"]["Policy"] == attributes["Policy"]
    assert kms.describe_key(KeyId=outputs["TopicKeyArn"])["KeyMetadata"]["KeyState"] == "Enabled"


@pytest.mark.parametrize(
    ("file", "parameters", "reason"),
    [
        ("database", {}, "nothing to allow"),
        ("database", {"SecretArn": "arn:aws:secretsmanager:eu-west-1:1:secret:*"}, "whole ARN"),
        ("publisher", {"Topic": "create"}, "who may publish"),
        ("publisher", {"OrganizationId": "o-a1b2c3d4e5"}, "for Topic=create"),
        ("network", {"Cidr": "10.0.0.0/16"}, "private /24"),
    ],
)
def test_what_does_not_go_together_is_refused_with_a_reason(
    stacks: Stacks, file: str, parameters: dict[str, str], reason: str
) -> None:
    assert reason in stacks.refused(file, **parameters)


def test_the_runbook_shows_why_a_canary_was_not_published_and_empties_its_queue(stacks: Stacks, tmp_path: Path) -> None:
    names = {"TopicArn": "arn:aws:sns:us-east-1:000000000000:events", "QueueName": "q", "FunctionName": "f"}
    body = json.dumps(alarm_kit.without_math(plain.template("alarms")))
    outputs = stacks.make("alarms", body, **names, DeadLetterQueueName="d")
    try:
        sqs, scheduler = stacks.aws.client("sqs"), stacks.aws.client("scheduler")
        queue = outputs["CanaryDeadLetterQueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        [name] = [one["Name"] for one in scheduler.list_schedules()["Schedules"] if one["Name"].startswith("alarms-")]
        assert scheduler.get_schedule(Name=name)["Target"]["DeadLetterConfig"] == {"Arn": arn}
        reason = {"ERROR_CODE": "KMSAccessDenied", "ERROR_MESSAGE": "not authorized to perform: kms:GenerateDataKey"}
        attributes = {key: {"DataType": "String", "StringValue": value} for key, value in reason.items()}
        sqs.send_message(QueueUrl=queue, MessageBody="{}", MessageAttributes=attributes)
        scripts = re.findall(r"^```sh\n(.*?)^```", RUNBOOK, re.DOTALL | re.MULTILINE)
        [script] = [one for one in scripts if "CanaryDeadLetterQueueUrl" in one]
        shown = guides.run(LOCALLY + script, tmp_path, {**stacks.aws.env, "STACK": "alarms"})
        assert "\t".join(reason.values()) in shown
        waiting = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        assert (waiting["ApproximateNumberOfMessages"], waiting["ApproximateNumberOfMessagesNotVisible"]) == ("0", "0")
    finally:
        stacks.remove("alarms")
