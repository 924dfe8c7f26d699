"""What template.yaml promises, read from its translation for both intakes."""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

import pytest

from handler.delivery.backoff import wait
from handler.discovery.paths import PATHS
from handler.polling.dispatch import RUN_SECONDS, SPARE_SECONDS
from handler.polling.schedule import LEASE_SECONDS
from handler.settings import Settings
from tests.infra.stack import refused, resolved, translated

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR
# What a !Ref gives for a resource, in the place of its name.
RESOURCES = {
    "NOTIFIER_DEAD_LETTER_QUEUE_URL": "https://sqs/1/dead",
    "NOTIFIER_QUEUE_URL": "https://sqs/1/events",
    "NOTIFIER_STATE_TABLE": "state",
}
EXISTING_TOPIC = "arn:aws:sns:eu-west-1:123456789012:shop-events"
DATABASES = "default=mysql://replica.shop.internal:3306/shop;ca=certs/rds.pem"

# AWS gives these actions no resource to name.
ANY_RESOURCE = {
    "JoinTheNetwork": "network interfaces have no name before they exist, and Describe calls take none",
    "Trace": "X-Ray's segments are no resources",
}


def stack(**parameters: object) -> dict[str, Any]:
    return resolved(**{"Databases": DATABASES, "SubnetIds": ["subnet-1", "subnet-2"], **parameters})


def properties(name: str, **parameters: object) -> dict[str, Any]:
    return stack(**parameters)["Resources"][name]["Properties"]


def environment(**parameters: object) -> dict[str, str]:
    return properties("NotifierFunction", **parameters)["Environment"]["Variables"]


def statements(**parameters: object) -> dict[str, dict[str, Any]]:
    [policy] = properties("FunctionRole", **parameters)["Policies"]
    return {statement["Sid"]: statement for statement in policy["PolicyDocument"]["Statement"]}


both_intakes = pytest.mark.parametrize("intake", ["queue", "direct"])
INTAKES = ("queue", "queue-live", "drain", "drain-live", "direct", "direct-live")
every_intake = pytest.mark.parametrize("intake", INTAKES)
by_queue = pytest.mark.parametrize("intake", ["queue", "queue-live"])
draining = pytest.mark.parametrize("intake", ["drain", "drain-live"])

# ---- Parameters ----


def test_few_parameters_need_a_value() -> None:
    parameters = translated()["Parameters"]
    without_default = [name for name, parameter in parameters.items() if "Default" not in parameter]
    assert set(without_default) == {"SubnetIds", "SecurityGroupIds", "Databases"}
    assert len(without_default) <= 7
    assert len(parameters) <= 22


@pytest.mark.parametrize("name", translated()["Parameters"])
def test_a_parameter_is_described_and_bounded(name: str) -> None:
    parameter = translated()["Parameters"][name]
    assert parameter["Description"]
    if not parameter["Type"].startswith("List<AWS::"):  # CloudFormation itself looks those up in the account
        assert parameter.keys() & {"AllowedPattern", "AllowedValues", "MinValue"}
        assert parameter["ConstraintDescription"]
    if {"AllowedPattern", "Default"} <= parameter.keys():
        assert allowed(name, parameter["Default"])


def test_each_parameter_stands_in_one_group_of_the_console() -> None:
    template = translated()
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    grouped = [name for group in groups for name in group["Parameters"]]
    assert sorted(grouped) == sorted(template["Parameters"])


def allowed(name: str, value: str) -> bool:
    """Whether CloudFormation takes the value."""
    return bool(re.fullmatch(translated()["Parameters"][name]["AllowedPattern"], value))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Databases", "default=mysql://db:3306/shop"),
        ("Databases", "default=mysql://db/shop;ca=certs/rds.pem  other=mysql://10.0.0.1:3307/x"),
        ("Stage", "staging-2"),
        ("ExistingTopicArn", ""),
        ("ExistingTopicArn", EXISTING_TOPIC),
        ("ExistingTopicArn", "arn:aws-cn:sns:cn-north-1:123456789012:events"),
        ("EventTypes", "all"),
        ("EventTypes", "known"),
        ("EventTypes", "order.created,order.payment_failed"),
        ("Apis", ""),
        ("Apis", "default=https://api.internal/v1;header=Authorization;host=shop;ca=ca.pem b=http://b:8080"),
        ("Apis", "default=cloudmap://shop.internal/orders?role=leader;prefer=zone=a;identity=X-Service:orders"),
        ("Apis", "default=dns://orders.shop.internal:8080 billing=srv://_api._tcp.shop.internal;scheme=https"),
        ("Apis", "default=https://abc123.execute-api.eu-west-1.amazonaws.com"),
        ("PolicyArns", "arn:aws:iam::123456789012:policy/orders-a,arn:aws:iam::123456789012:policy/team/b"),
        ("Databases", "default=mysql://db:3306/shop;secret=rds!db-1a2b-3c;ca=certs/rds.pem"),
        ("Databases", "default=mysql://db.abc.eu-west-1.rds.amazonaws.com/shop;auth=iam;user=notifier"),
        ("Secrets", "secretsmanager:team/notifier"),
        ("Secrets", "ssm:notifier"),
        ("Slack", "bot"),
        ("Slack", "webhook;ambiguous=park"),
        ("Slack", "bot;api=https://slack-gov.com/api/"),
        ("Slack", "bot;ambiguous=read-back;api=https://localhost:8443/api/;ca=/opt/certs/ca.pem"),
        ("Slack", "bot;proxy=http://proxy.internal:3128"),
        ("PermissionsBoundary", "arn:aws:iam::123456789012:policy/boundary"),
        ("KmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:key/6c031cf6-1459-4ced-a1e7-af369d70cecd"),
        ("LayerArns", "arn:aws:lambda:eu-west-1:580247275435:layer:LambdaInsightsExtension-Arm64:20"),
    ],
)
def test_a_good_value_is_taken_by_cloudformation_and_by_the_function(name: str, value: str) -> None:
    assert allowed(name, value)
    given = {**environment(**{name: value}), **RESOURCES}
    Settings.from_environment(given, PATHS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Databases", ""),
        ("Databases", "mysql://db:3306/shop"),
        ("Databases", "default=mysql://user:secret@db:3306/shop"),
        ("Databases", "default=mysql://db:3306"),
        ("Databases", "default=postgres://db/shop"),
        ("Stage", "../production"),
        ("ExistingTopicArn", "arn:aws:sns:eu-west-1:123456789012:orders.fifo"),
        ("ExistingTopicArn", "arn:aws:sqs:eu-west-1:123456789012:orders"),
        ("EventTypes", "order.created, order.paid"),
        ("EventTypes", "order.created,"),
        ("EventTypes", "Order"),
        ("Apis", "default=https://user:secret@api"),
        ("Apis", "https://api"),
        ("Apis", "default=ftp://api"),
        ("PolicyArns", "AdministratorAccess"),
        ("EventTypes", ""),
        ("Secrets", "notifier"),
        ("Secrets", "ssm:/notifier"),
        ("Secrets", "secretsmanager:notifier/"),
        ("Secrets", "secretsmanager:*"),
        ("Slack", ""),
        ("Slack", "email"),
        ("Slack", "bot;api=http://slack.com/api/"),
        ("Slack", "bot;api=https://slack.com/api"),
        ("Slack", "bot;ca=a file.pem"),
        ("Slack", "bot;ambiguous=guess"),
        ("Slack", "bot;proxy=http://user:secret@proxy:3128"),
        ("PermissionsBoundary", "boundary"),
        ("KmsKeyArn", "alias/notifier"),
        ("KmsKeyArn", "arn:aws:kms:eu-west-1:123456789012:alias/notifier"),
        ("LayerArns", "LambdaInsightsExtension"),
    ],
)
def test_a_bad_value_is_refused_before_anything_is_deployed(name: str, value: str) -> None:
    assert not allowed(name, value)


# ---- Queue intake ----


def test_the_queue_outlasts_what_the_function_may_take() -> None:
    queue, function = properties("Queue"), properties("NotifierFunction")
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
    assert LEASE_SECONDS > function["Timeout"] > RUN_SECONDS + SPARE_SECONDS
    assert queue["VisibilityTimeout"] * queue["RedrivePolicy"]["maxReceiveCount"] >= 90 * MINUTE


@both_intakes
def test_dead_letters_are_kept_longer_than_the_events_waited(intake: str) -> None:
    dead_letters = properties("DeadLetterQueue", Intake=intake)
    assert dead_letters["MessageRetentionPeriod"] == 14 * DAY
    assert properties("Queue")["MessageRetentionPeriod"] == 4 * DAY


def test_the_function_knows_which_receive_is_the_last() -> None:
    assert environment()["NOTIFIER_MAX_RECEIVES"] == str(properties("Queue")["RedrivePolicy"]["maxReceiveCount"])


def test_an_outage_of_two_hours_is_ridden_out_whatever_the_jitter() -> None:
    """The pauses between all deliveries of a record, each as short as it can be."""
    receives = properties("Queue")["RedrivePolicy"]["maxReceiveCount"]
    shortest = Random()
    shortest.uniform = lambda low, high: low  # type: ignore[method-assign]
    assert sum(wait(attempt, shortest) for attempt in range(1, receives)) > 2 * HOUR
    assert (
        sum(wait(attempt, shortest) for attempt in range(1, receives)) < properties("Queue")["MessageRetentionPeriod"]
    )


@pytest.mark.parametrize("intake", ["queue", "queue-live", "drain", "drain-live", "direct", "direct-live"])
@pytest.mark.parametrize(("most", "reserved"), [(2, 0), (3, 0), (2, 4)])
def test_draining_leaves_a_copy_of_the_function_for_new_events(intake: str, most: int, reserved: int) -> None:
    complaints = refused(Intake=intake, MaximumConcurrency=most, ReservedConcurrency=reserved)
    assert len(complaints) == (intake.startswith("drain") and (most, reserved) == (2, 0))


@pytest.mark.parametrize(("intake", "url"), [("queue", "${Queue}"), ("direct", "")])
def test_the_function_knows_its_queue_and_its_table(intake: str, url: str) -> None:
    found = environment(Intake=intake)
    assert (found["NOTIFIER_QUEUE_URL"], found["NOTIFIER_STATE_TABLE"]) == (url, "${StateTable}")


@pytest.mark.parametrize("polls", ["off", "on"])
@both_intakes
def test_the_function_may_write_its_state_and_delete_nothing(intake: str, polls: str) -> None:
    granted = statements(Intake=intake, Polls=polls)
    remember = granted["RememberDeliveries"]
    assert remember["Resource"] == "${StateTable.Arn}"
    assert set(remember["Action"]) == {"dynamodb:PutItem", "dynamodb:Query"}
    assert not [one for one in granted.values() if "dynamodb:DeleteItem" in str(one["Action"])]


def test_the_function_takes_batches_and_reports_each_record() -> None:
    mapping = properties("QueueMapping", MaximumConcurrency=7)
    assert mapping["EventSourceArn"] == "${Queue.Arn}"
    assert mapping["BatchSize"] == 10
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"] == {"MaximumConcurrency": 7}


def test_reserved_concurrency_never_throttles_the_queue_unasked() -> None:
    assert "ReservedConcurrentExecutions" not in properties("NotifierFunction")


@pytest.mark.parametrize("intake", ["queue", "direct"])
def test_concurrency_is_reserved_where_it_is_asked_for(intake: str) -> None:
    function = properties("NotifierFunction", Intake=intake, MaximumConcurrency=7, ReservedConcurrency=12)
    assert function["ReservedConcurrentExecutions"] == 12


# ---- The alias ----


@pytest.mark.parametrize(
    ("intake", "queue", "topic"),
    [
        ("queue", "${NotifierFunction}", None),
        ("queue-live", "${NotifierFunctionAliaslive}", None),
        ("direct", None, "${NotifierFunction.Arn}"),
        ("direct-live", None, "${NotifierFunctionAliaslive}"),
        ("drain", "${NotifierFunction}", "${NotifierFunction.Arn}"),
        ("drain-live", "${NotifierFunctionAliaslive}", "${NotifierFunctionAliaslive}"),
    ],
)
def test_events_reach_the_newest_code_or_the_version_that_the_alias_names(
    intake: str, queue: str | None, topic: str | None
) -> None:
    resources = stack(Intake=intake)["Resources"]
    mapping, subscription = resources.get("QueueMapping"), resources.get("FunctionSubscription")
    assert (mapping and mapping["Properties"]["FunctionName"]) == queue
    assert (subscription and subscription["Properties"]["Endpoint"]) == topic


def test_direct_intake_by_the_alias_keeps_what_the_alias_fails() -> None:
    assert properties("AsyncInvokeConfig", Intake="direct-live")["Qualifier"] == "live"
    permission = properties("TopicPermission", Intake="direct-live")
    assert permission["FunctionName"] == properties("FunctionSubscription", Intake="direct-live")["Endpoint"]


@pytest.mark.parametrize(
    "given", [{"Intake": "direct-live"}, {"Intake": "drain-live"}, {"Intake": "queue-live", "Polls": "on"}]
)
def test_what_names_the_alias_by_its_name_alone_waits_for_it(given: dict[str, str]) -> None:
    resources = stack(**given)["Resources"]
    assert resources["AsyncInvokeConfig"]["DependsOn"] == "NotifierFunctionAliaslive"
    assert resources["NotifierFunctionAliaslive"]["Type"] == "AWS::Lambda::Alias"


def test_the_alias_names_the_version_that_a_deployment_publishes() -> None:
    [version] = [name for name, one in stack()["Resources"].items() if one["Type"] == "AWS::Lambda::Version"]
    alias = properties("NotifierFunctionAliaslive")
    assert (alias["Name"], alias["FunctionVersion"]) == ("live", f"${{{version}.Version}}")
    assert stack()["Resources"][version]["DeletionPolicy"] == "Retain"


def test_queue_intake_has_no_second_way_to_the_function() -> None:
    resources = stack()["Resources"]
    assert {"Queue", "QueuePolicy", "QueueSubscription", "QueueMapping"} <= resources.keys()
    assert not {"FunctionSubscription", "TopicPermission", "AsyncInvokeConfig"} & resources.keys()


# ---- Polls ----

POLLING = {"TickSchedule", "TickRole", "TickDeadLetterQueue", "TickDeadLetterQueuePolicy"}
POLLING_OUTPUTS = {"TickDeadLetterQueueUrl", "TickDeadLetterQueueName"}
POLLING_RIGHTS = {"ReadSchedulesOfPolls", "SendPolledEvents"}
TICKED = {"queue": "${NotifierFunction.Arn}", "queue-live": "${NotifierFunctionAliaslive}"}


@every_intake
@pytest.mark.parametrize("polls", ["off", "on"])
def test_what_polls_need_is_there_only_with_polls_and_a_queue(intake: str, polls: str) -> None:
    deployed = stack(Intake=intake, Polls=polls)
    polling = polls == "on" and intake.startswith("queue")
    assert POLLING & deployed["Resources"].keys() == (POLLING if polling else set())
    assert POLLING_OUTPUTS & deployed["Outputs"].keys() == (POLLING_OUTPUTS if polling else set())
    granted = statements(Intake=intake, Polls=polls).keys()
    assert POLLING_RIGHTS & granted == (POLLING_RIGHTS if polling else set())
    assert ("AsyncInvokeConfig" in deployed["Resources"]) == (polling or not intake.startswith("queue"))


@every_intake
def test_polls_change_nothing_else(intake: str) -> None:
    without, with_polls = (stack(Intake=intake, Polls=polls)["Resources"] for polls in ("off", "on"))
    differing = {name for name in without if without[name] != with_polls[name]}
    version = {name for name in without if without[name]["Type"] == "AWS::Lambda::Version"}
    assert differing - version - {"NotifierFunction", "FunctionRole"} == set()


@every_intake
@pytest.mark.parametrize("polls", ["off", "on"])
def test_the_function_knows_whether_it_should_poll(intake: str, polls: str) -> None:
    given = {**environment(Intake=intake, Polls=polls), **RESOURCES}
    assert Settings.from_environment(given, PATHS).polls is (polls == "on" and not intake.startswith("drain"))


@by_queue
def test_a_tick_comes_each_minute_and_goes_where_events_go(intake: str) -> None:
    schedule = properties("TickSchedule", Intake=intake, Polls="on")
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert json.loads(schedule["Target"]["Input"]) == {"notifier": "tick"}
    assert schedule["Target"]["Arn"] == TICKED[intake]
    assert schedule["Target"]["RoleArn"] == "${TickRole.Arn}"
    assert schedule["Target"]["DeadLetterConfig"] == {"Arn": "${TickDeadLetterQueue.Arn}"}
    events = properties("QueueMapping", Intake=intake, Polls="on")["FunctionName"]
    assert schedule["Target"]["Arn"].replace(".Arn", "") == events


@by_queue
def test_a_tick_that_fails_is_over_before_the_next_one(intake: str) -> None:
    retries = properties("TickSchedule", Intake=intake, Polls="on")["Target"]["RetryPolicy"]
    assert retries["MaximumEventAgeInSeconds"] <= MINUTE
    invoked = properties("AsyncInvokeConfig", Intake=intake, Polls="on")
    assert (invoked["MaximumRetryAttempts"], invoked["MaximumEventAgeInSeconds"]) == (0, MINUTE)
    assert invoked["Qualifier"] == ("live" if intake == "queue-live" else "$LATEST")
    assert "DestinationConfig" not in invoked


@by_queue
def test_the_schedule_may_invoke_the_function_and_park_what_fails(intake: str) -> None:
    role = properties("TickRole", Intake=intake, Polls="on")
    [policy] = role["Policies"]
    granted = {(one["Action"], one["Resource"]) for one in policy["PolicyDocument"]["Statement"]}
    assert granted == {
        ("lambda:InvokeFunction", TICKED[intake]),
        ("sqs:SendMessage", "${TickDeadLetterQueue.Arn}"),
    }


def test_no_schedule_of_another_account_or_group_takes_the_role() -> None:
    [trust] = properties("TickRole", Polls="on")["AssumeRolePolicyDocument"]["Statement"]
    assert (trust["Action"], trust["Principal"]) == ("sts:AssumeRole", {"Service": "scheduler.amazonaws.com"})
    group = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/default"
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "${AWS::AccountId}", "aws:SourceArn": group}}
    assert "GroupName" not in properties("TickSchedule", Polls="on")  # which is the default group


def test_the_role_of_the_schedule_has_the_same_boundary() -> None:
    assert properties("TickRole", Polls="on", PermissionsBoundary="arn:b")["PermissionsBoundary"] == "arn:b"
    assert "PermissionsBoundary" not in properties("TickRole", Polls="on")


def test_the_queue_of_failed_ticks_is_encrypted_and_open_to_nobody() -> None:
    assert properties("TickDeadLetterQueue", Polls="on")["SqsManagedSseEnabled"] is True
    [statement] = properties("TickDeadLetterQueuePolicy", Polls="on")["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


@by_queue
def test_the_function_may_read_schedules_and_send_to_its_own_queue(intake: str) -> None:
    granted = statements(Intake=intake, Polls="on")
    found = {name: (granted[name]["Action"], granted[name]["Resource"]) for name in POLLING_RIGHTS}
    assert found == {
        "ReadSchedulesOfPolls": ("dynamodb:BatchGetItem", "${StateTable.Arn}"),
        "SendPolledEvents": ("sqs:SendMessage", "${Queue.Arn}"),
    }


# ---- Direct intake ----


def test_direct_intake_has_no_queue_but_the_dead_letters() -> None:
    deployed = stack(Intake="direct")
    queues = [name for name, resource in deployed["Resources"].items() if resource["Type"] == "AWS::SQS::Queue"]
    assert queues == ["DeadLetterQueue"]
    assert "QueueMapping" not in deployed["Resources"]
    assert "QueueUrl" not in deployed["Outputs"]


def test_direct_intake_tries_again_and_then_keeps_the_event() -> None:
    config = properties("AsyncInvokeConfig", Intake="direct")
    assert config["FunctionName"] == "${NotifierFunction}"
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (2, 6 * HOUR)
    assert config["DestinationConfig"] == {"OnFailure": {"Destination": "${DeadLetterQueue.Arn}"}}


def test_direct_intake_is_braked_by_reserved_concurrency() -> None:
    function = properties("NotifierFunction", Intake="direct", MaximumConcurrency=7)
    assert function["ReservedConcurrentExecutions"] == 7


@pytest.mark.parametrize(("existing", "topic"), [("", "${Topic}"), (EXISTING_TOPIC, EXISTING_TOPIC)])
def test_only_the_topic_may_invoke_the_function(existing: str, topic: str) -> None:
    permission = properties("TopicPermission", Intake="direct", ExistingTopicArn=existing)
    assert permission["Principal"] == "sns.amazonaws.com"
    assert permission["SourceArn"] == topic


# ---- From queue to direct: the queue is drained ----

AROUND_THE_QUEUE = {"Queue", "QueuePolicy", "QueueMapping"}
QUEUE_OUTPUTS = {"QueueUrl", "QueueName"}


@every_intake
def test_the_queue_is_there_until_it_has_been_drained(intake: str) -> None:
    deployed, there = stack(Intake=intake), not intake.startswith("direct")
    assert AROUND_THE_QUEUE & deployed["Resources"].keys() == (AROUND_THE_QUEUE if there else set())
    assert QUEUE_OUTPUTS & deployed["Outputs"].keys() == (QUEUE_OUTPUTS if there else set())
    assert ("TakeEvents" in statements(Intake=intake)) == there
    assert environment(Intake=intake)["NOTIFIER_QUEUE_URL"] == ("${Queue}" if there else "")


@every_intake
def test_the_topic_has_one_way_to_the_function(intake: str) -> None:
    resources = stack(Intake=intake)["Resources"].values()
    [subscription] = [one["Properties"] for one in resources if one["Type"] == "AWS::SNS::Subscription"]
    assert subscription["Protocol"] == ("sqs" if intake.startswith("queue") else "lambda")


@draining
def test_what_is_drained_is_the_queue_as_it_was_and_the_rest_as_it_will_be(intake: str) -> None:
    before, between, after = (
        stack(Intake=intake.replace("drain", kind))["Resources"] for kind in ("queue", "drain", "direct")
    )
    assert {name: between[name] for name in ("Queue", "QueuePolicy")} == {
        name: before[name] for name in ("Queue", "QueuePolicy")
    }
    differing = {name for name in after if between[name] != after[name]}
    version = {name for name in after if after[name]["Type"] == "AWS::Lambda::Version"}
    assert differing - version == {"NotifierFunction", "FunctionRole"}  # they know the queue


@draining
def test_the_queue_leaves_room_for_new_events(intake: str) -> None:
    """Both ways share what is reserved: what the queue does not take is for the topic."""
    assert properties("QueueMapping", Intake=intake, MaximumConcurrency=7)["ScalingConfig"] == {"MaximumConcurrency": 2}
    function = properties("NotifierFunction", Intake=intake, MaximumConcurrency=7)
    assert function["ReservedConcurrentExecutions"] == 7


# ---- The topic, its subscription, and who may send ----


@pytest.mark.parametrize(
    ("intake", "name", "protocol", "endpoint"),
    [
        ("queue", "QueueSubscription", "sqs", "${Queue.Arn}"),
        ("drain", "FunctionSubscription", "lambda", "${NotifierFunction.Arn}"),
        ("direct", "FunctionSubscription", "lambda", "${NotifierFunction.Arn}"),
    ],
)
@pytest.mark.parametrize(("existing", "topic"), [("", "${Topic}"), (EXISTING_TOPIC, EXISTING_TOPIC)])
def test_the_subscription_is_not_raw_and_loses_nothing(
    intake: str, name: str, protocol: str, endpoint: str, existing: str, topic: str
) -> None:
    subscription = properties(name, Intake=intake, ExistingTopicArn=existing)
    assert subscription == {
        "TopicArn": topic,
        "Protocol": protocol,
        "Endpoint": endpoint,
        "RedrivePolicy": {"deadLetterTargetArn": "${DeadLetterQueue.Arn}"},
    }


@pytest.mark.parametrize(("intake", "name"), [("queue", "QueueSubscription"), ("direct", "FunctionSubscription")])
def test_event_types_become_a_filter_on_the_body(intake: str, name: str) -> None:
    subscription = properties(name, Intake=intake, EventTypes="order.created,order.paid")
    assert subscription["FilterPolicyScope"] == "MessageBody"
    assert subscription["FilterPolicy"] == {"type": ["order.created", "order.paid"]}


@pytest.mark.parametrize("queue", ["Queue", "DeadLetterQueue"])
@pytest.mark.parametrize(("existing", "topic"), [("", "${Topic}"), (EXISTING_TOPIC, EXISTING_TOPIC)])
def test_only_the_topic_and_the_stacks_former_one_may_send_to_a_queue(queue: str, existing: str, topic: str) -> None:
    policy = properties(f"{queue}Policy", ExistingTopicArn=existing)["PolicyDocument"]
    [allow] = [statement for statement in policy["Statement"] if statement["Effect"] == "Allow"]
    assert allow["Principal"] == {"Service": "sns.amazonaws.com"}
    assert allow["Action"] == "sqs:SendMessage"
    assert allow["Resource"] == f"${{{queue}.Arn}}"
    own = "arn:${AWS::Partition}:sns:${AWS::Region}:${AWS::AccountId}:${AWS::StackName}-Topic-*"
    assert allow["Condition"] == {"ArnLike": {"aws:SourceArn": [topic, own]}}


@pytest.mark.parametrize("policy", ["TopicPolicy", "QueuePolicy", "DeadLetterQueuePolicy"])
def test_nothing_is_sent_in_plain_text(policy: str) -> None:
    denied = [s for s in properties(policy)["PolicyDocument"]["Statement"] if s["Effect"] == "Deny"]
    assert [statement["Condition"] for statement in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_an_existing_topic_is_only_subscribed_to() -> None:
    deployed = stack(ExistingTopicArn=EXISTING_TOPIC)
    assert not {"Topic", "TopicPolicy"} & deployed["Resources"].keys()
    assert deployed["Outputs"]["TopicArn"]["Value"] == EXISTING_TOPIC


def test_topic_and_queues_are_encrypted_at_rest() -> None:
    assert properties("Topic")["KmsMasterKeyId"]
    assert properties("Queue")["SqsManagedSseEnabled"] is True
    assert properties("DeadLetterQueue")["SqsManagedSseEnabled"] is True


# ---- The function ----


@both_intakes
def test_the_function_is_what_is_tested_here(intake: str) -> None:
    function = properties("NotifierFunction", Intake=intake, MemorySize=512, SecurityGroupIds=["sg-1"])
    assert function["Handler"] == "handler.app.lambda_handler"
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    assert function["MemorySize"] == 512
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert function["VpcConfig"] == {"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
    assert function["Role"] == "${FunctionRole.Arn}"


def test_logs_are_structured_and_end() -> None:
    logging = properties("NotifierFunction", LogLevel="DEBUG")["LoggingConfig"]
    assert logging == {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "LogGroup": "${FunctionLogGroup}"}
    assert properties("FunctionLogGroup", LogRetentionDays=7)["RetentionInDays"] == 7


class Reading(dict[str, str]):
    """An environment that notes which of its variables were asked for."""

    def __init__(self, variables: dict[str, str]) -> None:
        super().__init__(variables)
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


@both_intakes
def test_the_template_sets_what_the_settings_read(intake: str) -> None:
    reading = Reading({**environment(Intake=intake), **RESOURCES})
    Settings.from_environment(reading, PATHS)
    set_here = {name for name in reading if name.startswith("NOTIFIER_")}
    assert set_here == reading.asked - {"NOTIFIER_CATALOG"}  # which is for tests and the commands


def test_the_environment_is_encrypted_with_a_key_of_ones_own() -> None:
    key = "arn:aws:kms:eu-west-1:123456789012:key/1"
    assert properties("NotifierFunction", KmsKeyArn=key)["KmsKeyArn"] == key
    assert "KmsKeyArn" not in properties("NotifierFunction")


def test_layers_and_a_boundary_are_as_given() -> None:
    assert properties("NotifierFunction", LayerArns="arn:1,arn:2")["Layers"] == ["arn:1", "arn:2"]
    assert properties("FunctionRole", PermissionsBoundary="arn:b")["PermissionsBoundary"] == "arn:b"
    assert "Layers" not in properties("NotifierFunction")
    assert "PermissionsBoundary" not in properties("FunctionRole")


def test_two_stacks_of_an_account_have_metrics_of_their_own() -> None:
    assert environment()["POWERTOOLS_SERVICE_NAME"] == "${AWS::StackName}"


@pytest.mark.parametrize(("types", "unknown"), [("all", "park"), ("known", "ignore"), ("order.created", "park")])
def test_event_types_say_what_becomes_of_the_others(types: str, unknown: str) -> None:
    assert environment(EventTypes=types)["NOTIFIER_UNKNOWN_TYPE"] == unknown


@pytest.mark.parametrize("types", ["all", "known"])
def test_without_a_list_nothing_is_filtered(types: str) -> None:
    assert "FilterPolicy" not in properties("QueueSubscription", EventTypes=types)


def test_no_secret_is_in_the_environment() -> None:
    assert not [name for name in environment() if re.search("TOKEN|PASSWORD|WEBHOOK|KEY", name)]


# ---- The role ----


@both_intakes
@pytest.mark.parametrize("store", ["secretsmanager", "ssm"])
def test_every_permission_names_its_resource(intake: str, store: str) -> None:
    granted = statements(Intake=intake, Secrets=f"{store}:notifier")
    anywhere = {name for name, statement in granted.items() if statement["Resource"] in ("*", ["*"])}
    assert {name for name in anywhere if granted[name]["Effect"] == "Allow"} == ANY_RESOURCE.keys()


@both_intakes
def test_no_permission_is_for_a_whole_service(intake: str) -> None:
    for statement in statements(Intake=intake).values():
        if statement["Effect"] == "Allow":
            assert "*" not in str(statement["Action"])


@pytest.mark.parametrize(
    ("store", "action", "resource"),
    [
        ("secretsmanager", "secretsmanager:GetSecretValue", "secret:team/notifier/*"),
        ("ssm", "ssm:GetParameter", "parameter/team/notifier/*"),
    ],
)
def test_only_the_secrets_below_the_prefix_are_read(store: str, action: str, resource: str) -> None:
    """An action of the other store has no resource here: those begin with this one's name."""
    statement = statements(Secrets=f"{store}:team/notifier")["ReadSecrets"]
    place = f"arn:${{AWS::Partition}}:{store}:${{AWS::Region}}:${{AWS::AccountId}}"
    assert action in statement["Action"]
    assert f"{place}:{resource}" in statement["Resource"]
    assert all(named.startswith(f"{place}:") for named in statement["Resource"])


def test_the_role_takes_events_only_from_a_queue_that_is_there() -> None:
    assert statements()["TakeEvents"]["Resource"] == "${Queue.Arn}"
    assert "TakeEvents" in statements(Intake="drain")
    assert "TakeEvents" not in statements(Intake="direct")


@both_intakes
def test_the_function_may_park_events_and_write_its_own_log(intake: str) -> None:
    granted = statements(Intake=intake)
    assert granted["ParkEvents"]["Action"] == "sqs:SendMessage"
    assert granted["ParkEvents"]["Resource"] == "${DeadLetterQueue.Arn}"
    assert granted["WriteLogs"]["Resource"] == "${FunctionLogGroup.Arn}"


def test_sam_adds_no_role_of_its_own() -> None:
    roles = [name for name, resource in translated()["Resources"].items() if resource["Type"] == "AWS::IAM::Role"]
    assert set(roles) == {"FunctionRole", "TickRole"}


# ---- What is kept ----


KEPT = ("Topic", "Queue", "DeadLetterQueue", "StateTable")
# What is kept is only of use, and only safe, with these.
KEPT_WITH_IT = ("TopicPolicy", "QueuePolicy", "DeadLetterQueuePolicy")


@pytest.mark.parametrize("name", [*KEPT, *KEPT_WITH_IT])
def test_what_others_use_and_what_holds_events_or_state_outlives_a_deleted_stack(name: str) -> None:
    resource = stack()["Resources"][name]
    assert resource["DeletionPolicy"] == "RetainExceptOnCreate"
    assert resource["UpdateReplacePolicy"] == "Retain"


def test_what_a_former_topic_gets_still_reaches_the_queue() -> None:
    """It is replaced with the topic. One that goes with the intake by queue, or with the stack, is deleted."""
    subscription = stack()["Resources"]["QueueSubscription"]
    assert (subscription["UpdateReplacePolicy"], subscription["DeletionPolicy"]) == ("Retain", "Delete")


def test_no_event_comes_twice_for_ever_where_the_function_is_subscribed() -> None:
    """Another function or alias is another endpoint: a subscription that stayed would go on beside the new one."""
    subscription = stack(Intake="direct")["Resources"]["FunctionSubscription"]
    assert not {"UpdateReplacePolicy", "DeletionPolicy"} & subscription.keys()


@both_intakes
def test_the_state_table_is_on_demand_encrypted_recoverable_and_forgets(intake: str) -> None:
    table = properties("StateTable", Intake=intake)
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["KeySchema"] == [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ]
    assert {one["AttributeName"] for one in table["AttributeDefinitions"]} == {"pk", "sk"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}


def test_the_outputs_say_where_everything_is() -> None:
    outputs = {name: output["Value"] for name, output in stack()["Outputs"].items()}
    assert outputs == {
        "TopicArn": "${Topic}",
        "QueueUrl": "${Queue}",
        "QueueName": "${Queue.QueueName}",
        "DeadLetterQueueUrl": "${DeadLetterQueue}",
        "DeadLetterQueueName": "${DeadLetterQueue.QueueName}",
        "FunctionName": "${NotifierFunction}",
        "FunctionAlias": "${NotifierFunctionAliaslive}",
        "FunctionRoleArn": "${FunctionRole.Arn}",
        "FunctionLogGroupName": "${FunctionLogGroup}",
        "StateTableName": "${StateTable}",
    }


def test_other_stacks_import_each_output_by_the_name_of_this_one() -> None:
    exported = {name: output["Export"]["Name"] for name, output in stack()["Outputs"].items()}
    assert exported == {name: f"${{AWS::StackName}}-{name}" for name in exported}


def test_the_functions_role_takes_further_policies() -> None:
    named = resolved(PolicyArns="arn:aws:iam::1:policy/a,arn:aws:iam::1:policy/b")["Resources"]["FunctionRole"]
    assert named["Properties"]["ManagedPolicyArns"] == ["arn:aws:iam::1:policy/a", "arn:aws:iam::1:policy/b"]
    assert "ManagedPolicyArns" not in resolved()["Resources"]["FunctionRole"]["Properties"]
