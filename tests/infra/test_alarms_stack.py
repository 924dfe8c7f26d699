"""The alarms: on what the function really emits, each with its line of the runbook, none by way of Slack."""

from __future__ import annotations

import io
import json
import re
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
import yaml
from aws_lambda_powertools import Metrics

from handler import telemetry
from handler.model import Event, Receipt, Record
from handler.outcome import Delivered, Outcome, Retry, State
from handler.polling.dispatch import RunReport, Tick
from handler.polling.id_cursor import IdCursor
from handler.polling.run import RunResult
from handler.polling.state import PollState
from tests.infra.alarm_kit import EVERYTHING, alarms, breaches, every_alarm, watched
from tests.infra.plain import stack, template
from tests.infra.stack import ROOT, resolved
from tests.kit import end

# What notifier balance puts beside what the function emits (cli/operations/metrics.py).
PUT_BY_BALANCE = "Unbalanced"
# What a tick of the polls and a run write, and nobody is woken for: a run that fails is tried again, and PollsOverdue
# tells if that does not help.
COUNTED = {"PollRuns", "PollFailures"}
RAN = RunResult(PollState(IdCursor.at(0)), more=False)
OUTCOME = Outcome(
    Record("r1", "{}", attempt=5, sent_at=datetime.now(UTC)),
    Delivered(Receipt("C1", "1.0")),
    event=Event(telemetry.CANARY, "2026-01-05T08:00:00Z", "e1"),
    milliseconds={"lookup": 1.0, "render": 1.0, "post": 1.0},
)


@pytest.fixture(scope="module")
def emitted() -> dict[str, list[set[str]]]:
    """Every metric that the function emits, and each set of dimensions with which it does."""
    out = io.StringIO()
    every = [replace(OUTCOME, end=end(state, "ROW_STALE")) for state in State] + [replace(OUTCOME, notice=True)]
    every += [replace(OUTCOME, end=Retry(code)) for code in telemetry._ALARMS]
    with redirect_stdout(out):
        metrics = Metrics(namespace=telemetry.NAMESPACE, service="notifier")
        telemetry.measure_deliveries(metrics, every)
        telemetry.measure_tick(metrics, Tick((), (), (), ()))
        telemetry.measure_runs(metrics, [RunReport("order.created", RAN)])
    found: dict[str, list[set[str]]] = {}
    for line in map(json.loads, out.getvalue().splitlines()):
        [directive] = line["_aws"]["CloudWatchMetrics"]
        assert (directive["Namespace"], line["service"]) == (telemetry.NAMESPACE, "notifier")
        for metric in directive["Metrics"]:
            found.setdefault(metric["Name"], []).append(set(directive["Dimensions"][0]))
    return found


def test_all_that_somebody_is_woken_for_has_an_alarm(emitted: dict[str, list[set[str]]]) -> None:
    own = {one.metric: one for one in map(watched, alarms().values()) if one.namespace == telemetry.NAMESPACE}
    polled = {name for name in emitted if name.startswith(("Poll", "Tick"))} - COUNTED
    woken = {*telemetry._ALARMS.values(), telemetry.RETRY_AGE, "CanaryDelivered", PUT_BY_BALANCE, *polled}
    assert own.keys() == woken
    for name, one in own.items():
        assert name == PUT_BY_BALANCE or {"service"} in emitted[name]
        assert one.dimensions == {"service": "notifier"}


def test_the_functions_own_dimension_is_the_name_of_its_stack() -> None:
    variables = resolved()["Resources"]["NotifierFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == "${AWS::StackName}"
    assert watched(alarms(Notifier="other")["CredentialErrors"]).dimensions == {"service": "other"}


@pytest.mark.parametrize("name", every_alarm())
def test_an_alarm_says_what_it_means_and_where_to_read_on(name: str) -> None:
    description = every_alarm(RunbookUrl="https://example.org/run")[name]["AlarmDescription"]
    words, _, link = description.partition(" https://example.org/run#")
    assert len(words) > 20
    assert f'<a id="{link}"></a>' in (ROOT / "docs/runbook.md").read_text("utf-8")


@pytest.mark.parametrize("name", every_alarm())
def test_an_alarm_tells_the_topic_when_it_begins_and_when_it_ends(name: str) -> None:
    alarm = every_alarm()[name]
    assert alarm["AlarmActions"] == alarm["OKActions"] == ["${AlarmTopic}"]
    given = "arn:aws:sns:eu-west-1:123456789012:oncall"
    assert every_alarm(AlarmTopicArn=given)[name]["AlarmActions"] == [given]
    assert alarm["DatapointsToAlarm"] <= alarm["EvaluationPeriods"]


@dataclass(frozen=True)
class Form:
    """How an alarm of a kind is written; `periods` are those of which a number, the second one, has to be bad."""

    statistics: str
    expression: str
    missing: str
    periods: tuple[int, int] | None = None


# docs/alarms.md says what each kind does without data.
KINDS = {
    "sparse": Form("Sum Maximum", "FILL(seen, 0)", "notBreaching"),
    "absence": Form("Sum SampleCount", "FILL(seen, 0)", "breaching"),
    "gauge": Form("Maximum Minimum", "", "notBreaching"),
    "required gauge": Form("Minimum", "", "breaching"),
    "last value": Form("Maximum", "", "ignore", (1, 1)),
    "growth": Form("Maximum", "DIFF(FILL(seen, 0))", "notBreaching", (2, 1)),
}


def documented_kinds() -> dict[str, str]:
    """The kind of each alarm, as the guide has it."""
    guide = (ROOT / "docs/alarms.md").read_text("utf-8")
    return dict(re.findall(r"^\| `(\w+)` \| ([a-z ]+) \|", guide, re.MULTILINE))


@pytest.mark.parametrize("name", every_alarm())
def test_an_alarm_has_the_form_of_its_kind(name: str) -> None:
    alarm, kind = every_alarm()[name], documented_kinds()[name]
    form, one = KINDS[kind], watched(alarm)
    assert one.statistic in form.statistics.split()
    assert (one.expression, alarm["TreatMissingData"]) == (form.expression, form.missing)
    periods = (alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"])
    assert form.periods in (None, periods)
    assert kind != "absence" or (len(set(periods)) == 1 and breaches(alarm, 0))


def test_each_kind_is_explained() -> None:
    guide = (ROOT / "docs/alarms.md").read_text("utf-8")
    assert (
        set(re.findall(r"^\| \*\*([a-z ]+)\*\*", guide, re.MULTILINE))
        == KINDS.keys()
        == set(documented_kinds().values())
    )


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("RetryAge", 900, 901),
        ("OldestMessage", 900, 901),
        ("DeadLetters", 0, 1),
        ("MoreDeadLetters", 0, 1),
        ("RedriveFailures", 0, 1),
        ("DestinationFailures", 0, 1),
        ("Throttles", 0, 1),
        ("CredentialErrors", 0, 1),
        ("AmbiguousPosts", 2, 3),
        ("ReplicaLag", 60, 61),
        ("ReplicaStopped", 0, -1),
        ("FirstNatPorts", 0, 1),
        ("Unbalanced", 0, 1),
        ("CanaryMissing", 1, 0),
        ("TicksMissing", 1, 0),
        ("TickDeadLetters", 0, 1),
        ("CanaryDeadLetters", 0, 1),
        ("PollsOverdue", 0, 1),
        ("PollsOnHold", 0, 1),
        ("PollsNearlyFull", 0, 1),
        ("PollRowsLate", 0, 1),
        ("PollGapsDropped", 0, 1),
    ],
)
def test_an_alarm_begins_where_it_should(name: str, good: float, bad: float) -> None:
    alarm = every_alarm()[name]
    assert (breaches(alarm, good), breaches(alarm, bad)) == (False, True)


# What of AWS's own metrics is watched; their names are as AWS's pages have them.
AWS_OWN = {
    "OldestMessage": ("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": "${import:notifier-QueueName}"}),
    "DeadLetters": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        {"QueueName": "${import:notifier-DeadLetterQueueName}"},
    ),
    "MoreDeadLetters": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        {"QueueName": "${import:notifier-DeadLetterQueueName}"},
    ),
    "RedriveFailures": (
        "AWS/SNS",
        "NumberOfNotificationsFailedToRedriveToDlq",
        {"TopicName": "${import:notifier-TopicArn}"},
    ),
    "DestinationFailures": (
        "AWS/Lambda",
        "DestinationDeliveryFailures",
        {"FunctionName": "${import:notifier-FunctionName}"},
    ),
    "Throttles": ("AWS/Lambda", "Throttles", {"FunctionName": "${import:notifier-FunctionName}"}),
    "FunctionErrors": ("AWS/Lambda", "Errors", {"FunctionName": "${import:notifier-FunctionName}"}),
    "ReplicaLag": ("AWS/RDS", "ReplicaLag", {"DBInstanceIdentifier": "shop-replica"}),
    "ReplicaStopped": ("AWS/RDS", "ReplicaLag", {"DBInstanceIdentifier": "shop-replica"}),
    "CanaryDeadLetters": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        {"QueueName": "${CanaryDeadLetterQueue.QueueName}"},
    ),
    "TickDeadLetters": (
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        {"QueueName": "${import:notifier-TickDeadLetterQueueName}"},
    ),
    "FirstNatPorts": ("AWS/NATGateway", "ErrorPortAllocation", {"NatGatewayId": "nat-1"}),
    "SecondNatPorts": ("AWS/NATGateway", "ErrorPortAllocation", {"NatGatewayId": "nat-2"}),
}


def test_of_awss_own_metrics_the_right_ones_are_watched() -> None:
    found = {
        name: (one.namespace, one.metric, one.dimensions)
        for name, one in ((name, watched(alarm)) for name, alarm in every_alarm().items())
        if one.namespace != telemetry.NAMESPACE
    }
    assert found == AWS_OWN


POLLING = {
    "TicksMissing", "TickDeadLetters", "PollsOverdue", "PollsOnHold", "PollsNearlyFull", "PollRowsLate",
    "PollGapsDropped",
}  # fmt: skip


def test_a_lag_that_is_null_is_minus_one_and_no_high_lag() -> None:
    found = alarms()
    assert breaches(found["ReplicaStopped"], -1)
    assert not breaches(found["ReplicaLag"], -1)


@pytest.mark.parametrize(
    ("given", "gone"),
    [
        ({"Polls": "off"}, POLLING),
        ({"Polls": "off", "Intake": "direct"}, {"OldestMessage", *POLLING}),
        ({"Intake": "direct"}, {"OldestMessage", *POLLING}),
        ({"ReplicaIdentifier": ""}, {"ReplicaLag", "ReplicaStopped"}),
        ({"FirstNatGatewayId": ""}, {"FirstNatPorts"}),
        ({"SecondNatGatewayId": ""}, {"SecondNatPorts"}),
        ({"Canary": "no"}, {"CanaryMissing", "CanaryDeadLetters"}),
    ],
)
def test_what_is_not_there_is_not_watched(given: dict[str, str], gone: set[str]) -> None:
    assert alarms().keys() - alarms(**given).keys() == gone


# What can be given by name, each under the key of the notifier's output.
NAMES = {
    "TopicArn": "arn:aws:sns:eu-west-1:123456789012:events",
    "QueueName": "the-queue",
    "DeadLetterQueueName": "the-dead-letters",
    "TickDeadLetterQueueName": "the-tick-dead-letters",
    "FunctionName": "the-function",
}


def test_with_names_it_imports_nothing_and_is_the_same() -> None:
    imported = stack("alarms", **EVERYTHING)
    named = stack("alarms", **EVERYTHING, **NAMES)
    assert "import:" not in json.dumps(named)
    text = json.dumps(imported).replace(
        '"TopicName", "Value": "${import:notifier-TopicArn}"', '"TopicName", "Value": "events"'
    )
    for key, name in NAMES.items():
        text = text.replace(f"${{import:notifier-{key}}}", name)
    assert named == json.loads(text)


@pytest.mark.parametrize("key", NAMES)
def test_a_name_takes_the_place_of_one_import(key: str) -> None:
    imported = set(re.findall(r"import:notifier-(\w+)", json.dumps(stack("alarms", **EVERYTHING, **{key: NAMES[key]}))))
    assert imported == NAMES.keys() - {key}


@pytest.mark.parametrize("key", NAMES)
def test_a_name_is_one_of_the_notifiers_outputs(key: str) -> None:
    assert key in resolved(Polls="on")["Outputs"]
    pattern = template("alarms")["Parameters"][key]["AllowedPattern"]
    assert re.fullmatch(pattern, NAMES[key])
    assert not re.fullmatch(pattern, "a name, with signs")


def test_direct_intake_has_one_alarm_that_a_queue_has_not() -> None:
    assert alarms(Intake="direct").keys() - alarms().keys() == {"DestinationFailures"}


def test_what_it_imports_the_notifiers_stack_exports() -> None:
    imported = set(re.findall(r"\$\{import:notifier-(\w+)\}", json.dumps(stack("alarms", **EVERYTHING))))
    assert imported == NAMES.keys()
    assert imported <= resolved(Polls="on")["Outputs"].keys()
    direct = json.dumps(stack("alarms", **EVERYTHING, Intake="direct"))
    assert "import:notifier-QueueUrl" not in direct
    for name in ("QueueName", "TickDeadLetterQueueName"):  # a stack with direct intake has none
        assert f"import:notifier-{name}" not in direct
    assert "TickDeadLetterQueueName" not in json.dumps(stack("alarms", **{**EVERYTHING, "Polls": "off"}))


# ---- Whom they tell ----


def test_alarms_can_be_encrypted_and_published_by_cloudwatch_alone() -> None:
    resources = stack("alarms", **EVERYTHING)["Resources"]
    assert resources["AlarmTopic"]["Properties"]["KmsMasterKeyId"] == "${AlarmKey}"
    granted = resources["AlarmKey"]["Properties"]["KeyPolicy"]["Statement"]
    uses = [one for one in granted if "Service" in one["Principal"]]
    publishes = resources["AlarmTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    for statement in (*uses, *publishes):
        assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "${AWS::AccountId}"}}


def test_nobody_is_told_by_the_notifiers_own_topic() -> None:
    for alarm in alarms().values():
        assert "import:" not in str(alarm["AlarmActions"])


# ---- The canary ----


def test_the_canary_is_an_event_that_the_template_takes() -> None:
    schedule = stack("alarms")["Resources"]["CanarySchedule"]["Properties"]
    event = json.loads(schedule["Target"]["Input"])
    assert event == {"type": telemetry.CANARY, "id": "<aws.scheduler.scheduled-time>"}
    canary = yaml.safe_load((ROOT / f"templates/{telemetry.CANARY}.yaml").read_text("utf-8"))
    assert re.fullmatch(canary["id"]["pattern"], "2026-01-05T08:00:00Z")
    assert (canary["update"], "now" in canary["thread"]) == (True, True)  # one message a day, and no flood


def test_the_first_canary_is_sent_before_its_absence_is_watched() -> None:
    assert stack("alarms")["Resources"]["CanaryMissing"]["DependsOn"] == "CanarySchedule"


CANARY = {"CanaryRole", "CanarySchedule", "CanaryDeadLetterQueue", "CanaryDeadLetterQueuePolicy"}


def test_the_canary_comes_and_goes_with_all_that_it_has() -> None:
    sent, none = stack("alarms")["Resources"], stack("alarms", Canary="no")["Resources"]
    assert sent.keys() - none.keys() == CANARY | {"CanaryMissing", "CanaryDeadLetters"}


@pytest.mark.parametrize("given", [{}, {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:events"}])
def test_the_canary_goes_to_the_topic_to_which_its_role_may_publish(given: dict[str, str]) -> None:
    resources = stack("alarms", **given)["Resources"]
    [policy] = resources["CanaryRole"]["Properties"]["Policies"]
    publishing, parking = policy["PolicyDocument"]["Statement"]
    target = resources["CanarySchedule"]["Properties"]["Target"]
    assert (publishing["Action"], publishing["Resource"]) == ("sns:Publish", target["Arn"])
    assert (parking["Action"], parking["Resource"]) == ("sqs:SendMessage", target["DeadLetterConfig"]["Arn"])


def test_the_queue_of_canaries_is_encrypted_and_takes_nothing_in_plain_text() -> None:
    resources = stack("alarms")["Resources"]
    queue = resources["CanaryDeadLetterQueue"]["Properties"]
    assert (queue["SqsManagedSseEnabled"], queue["MessageRetentionPeriod"]) == (True, 14 * 86400)
    [refusing] = resources["CanaryDeadLetterQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (refusing["Effect"], refusing["Principal"], refusing["Action"]) == ("Deny", "*", "sqs:*")
    assert refusing["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_a_key_is_given_as_the_publishers_stack_takes_it() -> None:
    """So that its output can be passed on as it is; a policy knows no alias."""
    ours, theirs = (template(name)["Parameters"]["TopicKeyArn"] for name in ("alarms", "publisher"))
    assert ours["AllowedPattern"] == theirs["AllowedPattern"]
    assert not re.fullmatch(ours["AllowedPattern"], "arn:aws:kms:eu-west-1:123456789012:alias/events")


# ---- The dashboard ----


def test_the_dashboard_shows_metrics_that_are_there(emitted: dict[str, list[set[str]]]) -> None:
    body = json.loads(stack("alarms", **EVERYTHING)["Resources"]["Dashboard"]["Properties"]["DashboardBody"])
    shown = [metric for widget in body["widgets"] for metric in widget["properties"]["metrics"]]
    assert len(body["widgets"]) == 11
    namespaces = {watched(alarm).namespace for alarm in alarms().values()}
    for metric in shown:
        if isinstance(metric[0], dict):
            [name] = re.findall(
                r'{Notifier,code,service} MetricName="(\w+)" service="notifier"', metric[0]["expression"]
            )
            assert {"code", "service"} in emitted[name]
        elif metric[0] == telemetry.NAMESPACE:
            assert {"service"} in emitted[metric[1]]
            assert metric[2:4] == ["service", "notifier"]
        else:
            assert metric[0] in namespaces
            assert "${" not in metric[3].replace("${import:", "")


def test_the_dashboard_shows_polls_only_where_there_are_some() -> None:
    def titles(**given: str) -> set[str]:
        body = stack("alarms", **{**EVERYTHING, **given})["Resources"]["Dashboard"]["Properties"]["DashboardBody"]
        return {widget["properties"]["title"] for widget in json.loads(body)["widgets"]}

    assert titles() - titles(Polls="off") == {"Polls"}
    assert titles(Intake="direct") == titles(Polls="off")


def test_no_two_widgets_overlap() -> None:
    body = json.loads(stack("alarms", **EVERYTHING)["Resources"]["Dashboard"]["Properties"]["DashboardBody"])
    places = [(one["x"], one["y"]) for one in body["widgets"]]
    assert len(set(places)) == len(places)
    assert all(one["x"] + one["width"] <= 24 for one in body["widgets"])


# ---- Parameters ----


@pytest.mark.parametrize("key", template("alarms")["Parameters"])
def test_a_parameter_is_described_and_bounded(key: str) -> None:
    parameter = template("alarms")["Parameters"][key]
    assert parameter["Description"]
    assert parameter["ConstraintDescription"]
    assert parameter.keys() & {"AllowedPattern", "AllowedValues", "MinValue"}
    assert "Default" in parameter  # it works with the name of the stack alone


def test_the_guide_has_a_line_for_each_alarm() -> None:
    guide = (ROOT / "docs/alarms.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", guide, re.MULTILINE)) == every_alarm().keys()


def test_the_guides_count_the_alarms() -> None:
    always, polled = len(alarms(Polls="off")), len(alarms(Polls="on"))
    guide, costs = ((ROOT / f"docs/{page}.md").read_text("utf-8") for page in ("alarms", "deploy"))
    assert len(alarms(Intake="direct")) == always
    assert f"{always} alarms at 0.10 are" in guide
    assert f"there are {polled - always} more" in guide
    assert f"| alarms, {always} of them," in costs


def test_it_can_be_deployed_without_a_bucket() -> None:
    """`aws cloudformation deploy` asks for one from 51,200 bytes on."""
    assert (ROOT / "infra/alarms.yaml").stat().st_size <= 51_200
