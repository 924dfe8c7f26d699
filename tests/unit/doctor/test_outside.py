"""What can be seen of a deployment from outside, in the answers that AWS gives."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from cli.doctor import finding, inside, outside, show
from cli.operations.stack import Stack
from handler.health.databases import privileges, roles
from handler.health.model import Check
from handler.health.slack import _clock

MAPPING = {
    "UUID": "u-1",
    "FunctionArn": "arn:aws:lambda:eu-west-1:1:function:notifier",
    "State": "Enabled",
    "BatchSize": 10,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
    "ScalingConfig": {"MaximumConcurrency": 5},
}
FUNCTION = {
    "Runtime": "python3.13",
    "MemorySize": 256,
    "Timeout": 60,
    "State": "Active",
    "LastUpdateStatus": "Successful",
    "CodeSha256": "a",
}


class Aws:
    """Answers as AWS would, for one deployment."""

    def __init__(self, **facts: Any) -> None:
        well = {"mappings": [MAPPING], "latest": FUNCTION, "live": FUNCTION, "parked": 0, "invisible": 360}
        self.facts: dict[str, Any] = {**well, "reserved": {}, "warm": [], "unreserved": 1000, **facts}

    def client(self, _service: str) -> Any:
        return self

    def list_event_source_mappings(self, EventSourceArn: str) -> Any:  # noqa: N803 - boto3's
        assert not EventSourceArn.endswith(":"), "AWS refuses an ARN without a name"
        asked_for = EventSourceArn == "arn:aws:sqs:eu-west-1:1:events"
        return {"EventSourceMappings": self.facts["mappings"] if asked_for else []}

    def get_function_configuration(self, FunctionName: str, Qualifier: str = "") -> Any:  # noqa: N803
        return self.facts["live" if Qualifier else "latest"]

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> Any:  # noqa: N803
        known = {"dead": {"ApproximateNumberOfMessages": "parked"}, "events": {"VisibilityTimeout": "invisible"}}
        of_queue = known[QueueUrl.rpartition("/")[2]]
        return {"Attributes": {name: str(self.facts[of_queue[name]]) for name in AttributeNames}}

    def get_account_settings(self) -> Any:
        return {"AccountLimit": {"UnreservedConcurrentExecutions": self.facts["unreserved"]}}

    def get_function_concurrency(self, **_: Any) -> Any:
        return self.facts["reserved"]

    def list_provisioned_concurrency_configs(self, **_: Any) -> Any:
        configs = [{"RequestedProvisionedConcurrentExecutions": number} for number in self.facts["warm"]]
        return {"ProvisionedConcurrencyConfigs": configs}

    def invoke(self, **asked: Any) -> Any:
        self.asked = asked
        return {"Payload": io.BytesIO(self.facts["answer"]), **self.facts.get("failed", {})}


def deployed(queue: str = "https://sqs/events", alias: str = "", **facts: Any) -> Stack:
    account: Any = SimpleNamespace(client=Aws(**facts).client)
    topic = "arn:aws:sns:eu-west-1:1:events-topic"
    return Stack("notifier", account, topic, queue, "https://sqs/dead", "notifier", "state", alias)


def seen(queue: str = "https://sqs/events", alias: str = "", **facts: Any) -> dict[str, Check]:
    stack = deployed(queue, alias, **facts)
    return {check.name: check for check in outside.checks(stack, *outside.invoked(stack))}


def test_what_is_well_is_well() -> None:
    found = seen()
    assert {check.state for check in found.values()} == {"ok"}
    assert found.keys() == {"function", "mapping", "visibility", "dead-letter queue", "concurrency"}


def changed(base: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {**base, **more}


RESERVED_6 = {"reserved": {"ReservedConcurrentExecutions": 6}}
POLLING = changed(FUNCTION, Environment={"Variables": {"NOTIFIER_POLLS": "on"}})
LIVE = changed(MAPPING, FunctionArn=f"{MAPPING['FunctionArn']}:live")


@pytest.mark.parametrize(
    ("facts", "name", "state", "cause", "remedy"),
    [
        ({"latest": changed(FUNCTION, State="Pending")}, "function", "warning", "Pending", "minutes"),
        ({"latest": changed(FUNCTION, State="Inactive")}, "function", "warning", "Inactive", "next event"),
        ({"latest": changed(FUNCTION, State="Failed", StateReason="x")}, "function", "failed", "Failed", "deploy"),
        ({"latest": changed(FUNCTION, LastUpdateStatus="Failed")}, "function", "failed", "update Failed", "deploy"),
        ({"mappings": []}, "mapping", "failed", "nothing hands", "deploy"),
        ({"mappings": [changed(MAPPING, State="Disabled")]}, "mapping", "failed", "disabled", "--uuid u-1 --enabled"),
        ({"mappings": [changed(MAPPING, FunctionResponseTypes=[])]}, "mapping", "failed", "lost", "deploy"),
        ({"mappings": [LIVE], "latest": changed(FUNCTION, MemorySize=512)}, "alias", "warning", "MemorySize", "alias"),
        ({"mappings": [LIVE]}, "alias", "ok", "", ""),
        ({"invisible": 59}, "visibility", "failed", "comes again", "deploy"),
        ({"invisible": 359}, "visibility", "warning", "6 times", "deploy"),
        ({"parked": 3}, "dead-letter queue", "warning", "3 events", "notifier replay"),
        ({"reserved": {"ReservedConcurrentExecutions": 5}}, "concurrency", "failed", "Reserve 6", "parameter"),
        (RESERVED_6, "concurrency", "ok", "", ""),
        ({**RESERVED_6, "latest": POLLING}, "concurrency", "failed", "Reserve 7", "parameter"),
        ({**RESERVED_6, "mappings": [LIVE], "live": POLLING}, "concurrency", "failed", "Reserve 7", "parameter"),
        ({**RESERVED_6, "mappings": [LIVE], "latest": POLLING}, "concurrency", "ok", "", ""),
        ({"mappings": [LIVE], "live": changed(FUNCTION, Timeout=361)}, "visibility", "failed", "comes again", "deploy"),
        ({"unreserved": 110, "warm": [8, 3]}, "concurrency", "failed", "11 are kept warm", "parameter"),
        ({"unreserved": 111, "warm": [8, 3]}, "concurrency", "ok", "", ""),
        ({"unreserved": 3}, "concurrency", "failed", "has 3 left", "parameter"),
    ],
)  # fmt: skip
def test_what_is_not_well_is_named(facts: dict[str, Any], name: str, state: str, cause: str, remedy: str) -> None:
    check = seen(**facts)[name]
    assert (check.state, cause in check.cause, remedy in check.remedy) == (state, True, True), check


def test_direct_intake_has_no_mapping_to_look_at() -> None:
    assert seen(queue="", mappings=[]).keys() == {"function", "dead-letter queue"}


def test_direct_intake_by_the_alias_looks_at_the_version_that_the_alias_names() -> None:
    old = changed(FUNCTION, CodeSha256="b")
    for live, state in ((FUNCTION, "ok"), (old, "warning")):
        found = seen(queue="", alias="live", mappings=[], live=live)
        assert found.keys() == {"function", "alias", "dead-letter queue"}
        assert found["alias"].state == state


OTHER = changed(MAPPING, FunctionArn="arn:aws:lambda:eu-west-1:1:function:notifier-2")


@pytest.mark.parametrize(
    ("mappings", "alias", "qualifier", "mapping"),
    [
        ([MAPPING], "", "$LATEST", MAPPING),
        ([LIVE], "live", "live", LIVE),
        ([MAPPING], "live", "$LATEST", MAPPING),  # changed by hand: events go where the mapping says
        ([], "live", "live", None),
        ([OTHER, LIVE], "live", "live", LIVE),
        ([OTHER], "", "$LATEST", None),
    ],
)
def test_events_go_where_the_mapping_says_else_where_intake_does(
    mappings: list[dict[str, Any]], alias: str, qualifier: str, mapping: dict[str, Any] | None
) -> None:
    assert outside.invoked(deployed(alias=alias, mappings=mappings)) == (qualifier, mapping)


@pytest.mark.parametrize(
    ("answer", "failed", "says"),
    [
        (b'{"errorMessage": "no module", "errorType": "x"}', {"FunctionError": "Unhandled"}, "no module"),
        (b'{"batchItemFailures": []}', {}, "none of its own"),
        (b"not JSON", {}, "none of its own"),
        (b"[]", {}, "none of its own"),
    ],
)
def test_a_function_that_cannot_answer_is_the_finding(answer: bytes, failed: dict[str, str], says: str) -> None:
    [check] = finding.read(inside.ask(deployed(answer=answer, failed=failed), "$LATEST", {}))
    assert (check.name, check.state, says in check.cause) == ("function", "failed", True)
    assert not finding.is_well([check])


def test_what_a_newer_function_says_beside_is_passed_over() -> None:
    body = json.dumps({"checks": [{"name": "clock", "state": "ok", "new": 1}]}).encode()
    assert finding.read(inside.ask(deployed(answer=body), "live", {"egress": ""})) == [Check("clock", "ok")]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    from rich.console import Console

    def shown(*checks: Check) -> list[str]:
        show.findings(Console(width=80, highlight=False), checks)
        return capsys.readouterr().out.splitlines()

    return shown


def test_each_finding_has_a_line_and_what_is_not_well_says_what_to_do(printed: Any) -> None:
    lines = printed(
        Check("clock", "ok", "+0 s from Slack's", milliseconds=0.4),
        Check("state table", "failed", cause="LEDGER_UNAVAILABLE: gone", remedy="check the table", milliseconds=12.0),
    )
    assert [line.rstrip() for line in lines] == [
        "✓ clock        +0 s from Slack's",
        "✗ state table  failed  12 ms",
        "               LEDGER_UNAVAILABLE: gone",
        "               → check the table",
        "1 of 2 are well; 1 failed",
    ]


@pytest.mark.parametrize(
    ("grants", "allowed"),
    [
        (["GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*X' REQUIRE SSL"], {"USAGE"}),
        (["GRANT SELECT ON `shop`.* TO `a`@`%`"], {"SELECT"}),
        (["GRANT SELECT (`id`, `name`), SHOW VIEW ON `shop`.`customers` TO `a`@`%`"], {"SELECT", "SHOW VIEW"}),
        (["GRANT SELECT, INSERT, UPDATE (`x`) ON `shop`.* TO `a`@`%`"], {"SELECT", "INSERT", "UPDATE"}),
        (["GRANT ALL PRIVILEGES ON *.* TO `a`@`%` WITH GRANT OPTION"], {"ALL PRIVILEGES", "GRANT OPTION"}),
        (["GRANT `reader`@`%` TO `a`@`%`"], set()),
    ],
)
def test_what_an_account_may_do_is_read_from_its_grants(grants: list[str], allowed: set[str]) -> None:
    assert privileges(grants) == allowed


@pytest.mark.parametrize(
    ("grant", "found"),
    [
        ("GRANT `reader`@`%`,`writer`@`%` TO `a`@`%`", ["`reader`@`%`", "`writer`@`%`"]),
        ("GRANT `writer` TO `a`@`%` WITH ADMIN OPTION", ["`writer`"]),
        ("GRANT SELECT ON `shop`.* TO `a`@`%`", []),
        ("SET DEFAULT ROLE `writer` FOR `a`@`%`", []),
    ],
)
def test_a_role_is_no_right_and_is_told_apart(grant: str, found: list[str]) -> None:
    assert roles([grant]) == found


@pytest.mark.parametrize(
    ("date", "state"),
    [
        ("", "skipped"),
        ("yesterday", "skipped"),
        ("Mon, 05 Jan 2026 10:00:00 GMT", "ok"),
        ("Mon, 05 Jan 2026 09:59:30 GMT", "warning"),
    ],
)
def test_the_clock_is_compared_with_slacks(monkeypatch: pytest.MonkeyPatch, date: str, state: str) -> None:
    monkeypatch.setattr("handler.health.slack.time.time", lambda: 1_767_607_205.0)
    assert _clock(date).state == state
