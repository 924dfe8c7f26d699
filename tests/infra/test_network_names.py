"""Which names may be asked for in a VPC that infra/network.yaml makes, and that the function asks for no others."""

from __future__ import annotations

import re
from contextlib import closing
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config

from handler.addresses import SLACK_API
from tests.infra import plain

GIVEN_VPC = {"VpcId": "vpc-0a1b2c3d", "DatabaseCidr": "10.1.0.0/16"}
ACCOUNT = "123456789012"

of_type, outputs = partial(plain.of_type, "network"), partial(plain.outputs, "network")


def rules(**given: object) -> list[dict[str, Any]]:
    [group] = of_type("Route53Resolver::FirewallRuleGroup", **given).values()
    return sorted(group["FirewallRules"], key=lambda rule: rule["Priority"])


def domains(**given: object) -> dict[str, list[str]]:
    return {
        f"${{{key}}}": part["Domains"] for key, part in of_type("Route53Resolver::FirewallDomainList", **given).items()
    }


def allowed_names(**given: object) -> set[str]:
    lists = domains(**given)
    return {
        name for rule in rules(**given) if rule["Action"] == "ALLOW" for name in lists[rule["FirewallDomainListId"]]
    }


def test_the_last_rule_blocks_every_name_that_none_has_allowed() -> None:
    *allowing, last = rules(MoreDomains="shop.internal,*.shop.internal")
    assert {rule["Action"] for rule in allowing} == {"ALLOW"}
    assert (last["Action"], last["BlockResponse"]) == ("BLOCK", "NXDOMAIN")
    assert domains()[last["FirewallDomainListId"]] == ["*"]


def test_what_an_allowed_name_leads_on_to_is_trusted() -> None:
    for rule in rules(MoreDomains="shop.internal"):
        if rule["Action"] == "ALLOW":
            assert rule["FirewallDomainRedirectionAction"] == "TRUST_REDIRECTION_DOMAIN"


def in_ireland(name: str) -> str:
    known = {"${AWS::Region}": "eu-west-1", "${AWS::URLSuffix}": "amazonaws.com", "${AWS::AccountId}": ACCOUNT}
    return re.sub(r"\$\{[^}]*\}", lambda found: known[found[0]], name)


def answered(name: str, **given: object) -> bool:
    """Whether the rules let a question through: the first that knows the name decides, and `*.x` is not x."""
    lists = domains(**given)
    for rule in rules(**given):
        for pattern in map(in_ireland, lists[rule["FirewallDomainListId"]]):
            if pattern in ("*", name) or (pattern.startswith("*") and name.endswith(pattern[1:])):
                return bool(rule["Action"] == "ALLOW")
    return True


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("slack.com", {}, True),
        ("hooks.slack.com", {}, True),
        ("shop-replica.c1a2b3.eu-west-1.rds.amazonaws.com", {}, True),
        ("notslack.com", {}, False),
        ("slack.com.example.org", {}, False),
        ("shop-replica.c1a2b3.us-east-1.rds.amazonaws.com", {}, False),
        ("bucket.s3.eu-west-1.amazonaws.com", {}, False),
        ("secrets.as.labels.example.org", {}, False),
        ("shop.internal", {}, False),
        ("shop.internal", {"MoreDomains": "*.shop.internal"}, False),
        ("api.shop.internal", {"MoreDomains": "*.shop.internal"}, True),
        ("shop.internal", {"MoreDomains": "*.shop.internal,shop.internal"}, True),
    ],
)
def test_a_question_is_answered_for_a_name_that_is_allowed(name: str, given: dict[str, str], expected: bool) -> None:
    assert answered(name, **given) is expected


class _SentError(Exception):
    """Instead of a request, the host that it was for."""


def host_of(service: str, operation: str, **arguments: Any) -> str:
    """The host that botocore asks for an operation, as the function's clients do."""

    def send(request: AWSPreparedRequest, **_: object) -> None:
        raise _SentError(urlsplit(request.url).hostname)

    session = botocore.session.Session()
    session.set_credentials("id", "secret", account_id=ACCOUNT)
    client = session.create_client(service, region_name="eu-west-1", config=Config(retries={"total_max_attempts": 1}))
    client.meta.events.register("before-send", send)
    with closing(client), pytest.raises(_SentError) as caught:
        getattr(client, operation)(**arguments)
    return str(caught.value)


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("dynamodb", "query", {"TableName": "t", "KeyConditionExpression": "pk = :k"}),
        ("sqs", "send_message", {"QueueUrl": f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/q", "MessageBody": "m"}),
        ("secretsmanager", "get_secret_value", {"SecretId": "s"}),
        ("ssm", "get_parameter", {"Name": "n"}),
        ("servicediscovery", "discover_instances", {"NamespaceName": "n", "ServiceName": "s"}),
    ],
)
def test_the_names_that_the_clients_of_aws_ask_for_are_allowed(
    service: str, operation: str, arguments: dict[str, str]
) -> None:
    assert answered(host_of(service, operation, **arguments))


def test_slack_as_the_function_knows_it_is_allowed() -> None:
    assert answered(urlsplit(SLACK_API).hostname or "")


def test_no_wildcard_is_wider_than_one_owner() -> None:
    wide = {name for name in allowed_names() if name.startswith("*")}
    assert wide == {"*.slack.com", "*.${AWS::Region}.rds.${AWS::URLSuffix}"}


def test_more_names_are_allowed_as_given() -> None:
    assert {"shop.internal", "*.shop.internal"} <= allowed_names(MoreDomains="shop.internal,*.shop.internal")
    assert "shop.internal" not in allowed_names()


def test_alert_lets_through_and_tells() -> None:
    last = rules(DnsFirewall="alert")[-1]
    assert last["Action"] == "ALERT"
    assert "BlockResponse" not in last


def test_the_rules_hold_in_a_vpc_of_their_own_and_wait_in_another() -> None:
    [association] = of_type("Route53Resolver::FirewallRuleGroupAssociation").values()
    assert (association["VpcId"], association["FirewallRuleGroupId"]) == ("${Vpc}", "${NameRules}")
    assert of_type("Route53Resolver::FirewallRuleGroupAssociation", **GIVEN_VPC) == {}
    assert outputs(**GIVEN_VPC)["FirewallRuleGroupId"] == "${NameRules}"


def test_without_the_firewall_nothing_of_it_is_left() -> None:
    for kind in ("FirewallDomainList", "FirewallRuleGroup", "FirewallRuleGroupAssociation"):
        assert of_type(f"Route53Resolver::{kind}", MoreDomains="shop.internal")
        assert not of_type(f"Route53Resolver::{kind}", DnsFirewall="none", MoreDomains="shop.internal")
    assert "FirewallRuleGroupId" not in outputs(DnsFirewall="none")
