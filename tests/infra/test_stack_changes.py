"""What docs/deploy.md says of each change of a deployed stack, compared with the templates.

The table's second column names the resources that CloudFormation makes anew, deletes or keeps; the third column names
the stacks that have to be deployed again. The templates of the release before are in released/: an update from them has
to be one that CloudFormation takes, whatever the stacks beside it import. For each release, its templates are copied
there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest

from tests.infra.changes import (
    RELEASED,
    STACK,
    Effect,
    Stack,
    beside,
    changed_outputs,
    created_with,
    effect,
    imported,
    notifier,
    parameters,
    refused_exports,
)
from tests.infra.stack import IMAGE_TEMPLATE, ROOT, TEMPLATE

ONE: Final = "arn:aws:sns:eu-west-1:123456789012:one"
ANOTHER: Final = "arn:aws:sns:eu-west-1:123456789012:another"
ROLE: Final = "arn:aws:iam::123456789012:role/notifier"
INFRA: Final = ROOT / "infra"
OLD: Final = RELEASED / "template.yaml"
BESIDE: Final = ("alarms", "publisher", "concurrency")
# Which of them take an output.
TAKEN_BY: Final = {
    "TopicArn": {"alarms", "publisher"},
    "QueueName": {"alarms"},
    "DeadLetterQueueName": {"alarms"},
    "TickDeadLetterQueueName": {"alarms"},
    "FunctionName": {"alarms", "concurrency"},
}
# What can only be compared by reading: nothing of the old stack is in the new one, and the row says so.
BY_READING: Final = {"the stack's name"}

Given = Mapping[str, object]


@dataclass(frozen=True)
class Change:
    """One change of the notifier's stack; `row` is the first cell of its row."""

    row: str
    before: Given = field(default_factory=dict)
    after: Given = field(default_factory=dict)
    template: Path = TEMPLATE
    later_template: Path = TEMPLATE

    @property
    def stacks(self) -> tuple[Stack, Stack]:
        """The stack before and after."""
        return notifier(self.template, **self.before), notifier(self.later_template, **self.after)


# Another value for each parameter that replaces nothing.
IN_PLACE: Final = {
    "Databases": "default=mysql://other.shop.internal:3306/shop",
    "Apis": "default=https://api.internal",
    "Secrets": "ssm:notifier",
    "Slack": "webhook",
    "Stage": "staging",
    "LogLevel": "DEBUG",
    "TraceDownstream": "yes",
    "EventTypes": "order.created",
    "SubnetIds": ["subnet-3", "subnet-4"],
    "SecurityGroupIds": ["sg-2"],
    "MaximumConcurrency": 7,
    "ReservedConcurrency": 9,
    "MemorySize": 512,
    "KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/1",
    "LayerArns": "arn:aws:lambda:eu-west-1:580247275435:layer:Insights:20",
    "PolicyArns": "arn:aws:iam::123456789012:policy/a",
    "PermissionsBoundary": "arn:aws:iam::123456789012:policy/b",
    "LogRetentionDays": 7,
}
IMAGE: Final = "package ↔ image"
CHANGES: Final = [
    Change("another server behind a name in `Databases`", {}, {"Databases": IN_PLACE["Databases"]}),
    *(
        Change(f"`RoleArn`: from empty to a role{row}", polls, {"RoleArn": ROLE, **polls})
        for row, polls in (("", {}), (", with `Polls=on`", {"Polls": "on"}))
    ),
    *(
        Change("`RoleArn`: to another role, or to empty", {"RoleArn": ROLE, "Polls": "on"}, {"Polls": "on", **after})
        for after in ({"RoleArn": f"{ROLE}-2"}, {})
    ),
    Change("code, templates, `certs/`"),
    Change(IMAGE, later_template=IMAGE_TEMPLATE),
    Change(IMAGE, template=IMAGE_TEMPLATE),
    Change(f"{IMAGE}, with direct intake", {"Intake": "direct"}, {"Intake": "direct"}, later_template=IMAGE_TEMPLATE),
    Change("`ExistingTopicArn`: from empty to a topic", {}, {"ExistingTopicArn": ONE}),
    Change(
        "`ExistingTopicArn`: from empty to a topic, with direct intake",
        {"Intake": "direct"},
        {"Intake": "direct", "ExistingTopicArn": ONE},
    ),
    *(
        Change("`ExistingTopicArn`: from a topic to another one, or to empty", {"ExistingTopicArn": ONE}, after)
        for after in ({"ExistingTopicArn": ANOTHER}, {})
    ),
    *(
        Change(f"`Intake`: `queue` ↔ `queue-live`{row}", {"Intake": one, **polls}, {"Intake": other, **polls})
        for one, other in (("queue", "queue-live"), ("queue-live", "queue"))
        for row, polls in (("", {}), (", with `Polls=on`", {"Polls": "on"}))
    ),
    Change("`Intake`: `direct` ↔ `direct-live`", {"Intake": "direct"}, {"Intake": "direct-live"}),
    Change("`Intake`: `direct` ↔ `direct-live`", {"Intake": "direct-live"}, {"Intake": "direct"}),
    *(
        Change(f"`Intake`: `{one}` → `{other}`", {"Intake": f"{one}{live}"}, {"Intake": f"{other}{live}"})
        for one, other in (
            ("queue", "drain"),
            ("drain", "direct"),
            ("queue", "direct"),
            ("direct", "queue"),
            ("drain", "queue"),
        )
        for live in ("", "-live")
    ),
    Change("`Polls`: `off` → `on`", {}, {"Polls": "on"}),
    Change("`Polls`: `on` → `off`", {"Polls": "on"}, {}),
]


@dataclass(frozen=True)
class ChangeBeside:
    """One change of a stack beside it."""

    row: str
    file: str
    before: Given
    after: Given

    @property
    def stacks(self) -> tuple[Stack, Stack]:
        """The stack before and after."""
        path = INFRA / f"{self.file}.yaml"
        return beside(path, **self.before), beside(path, **self.after)


TRACKED: Final = {"FunctionName": "one", "TargetUtilization": "0.7"}
MAIL: Final = {"Email": "a@example.org"}
CHANGES_BESIDE: Final = [
    ChangeBeside("`alarms`: `Email`", "alarms", MAIL, {"Email": "b@example.org"}),
    ChangeBeside("`alarms`: `AlarmTopicArn` given", "alarms", MAIL, {**MAIL, "AlarmTopicArn": ONE}),
    ChangeBeside(
        "`publisher`: `Topic` from `create` to another",
        "publisher",
        {"Topic": "create", "AccountIds": "111111111111"},
        {"Topic": ONE},
    ),
    ChangeBeside("`concurrency`: `FunctionName`", "concurrency", TRACKED, {**TRACKED, "FunctionName": "another"}),
    ChangeBeside("`concurrency`: any other parameter", "concurrency", TRACKED, {"FunctionName": "one"}),
]


def rows(table: str) -> dict[str, list[str]]:
    """The rows of the table in docs/deploy.md that has this heading for its second column, by their first cells."""
    text = (ROOT / "docs/deploy.md").read_text("utf-8")
    [found] = re.findall(rf"^\| change \| {table} \|.*\n\|[- |]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    cells = [[cell.strip() for cell in line.strip("|\n ").split(" | ")] for line in found.splitlines()]
    return {first: rest for first, *rest in cells}


TABLE: Final = rows("resources")
TABLE_BESIDE: Final = rows("made anew, or no longer in the stack")


def ids(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"`([A-Za-z]+)`", text))


# Rows of parameters alone.
IN_PLACE_ROWS: Final = {row for row in TABLE if row.startswith("`") and ids(row) <= IN_PLACE.keys()}


def documented(cell: str) -> Effect:
    """What a cell of the table says: `new: ..; gone: ..; kept: ..`, each of which may be absent."""
    said = dict(part.split(":", 1) for part in cell.split(";") if re.match(r" ?(new|gone|kept):", part))
    return Effect(**{name.strip(): ids(part) for name, part in said.items()})


# ---- The table ----


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.row)
def test_a_change_does_to_the_resources_what_the_table_says(change: Change) -> None:
    assert effect(*change.stacks) == documented(TABLE[change.row][0])


@pytest.mark.parametrize("name", IN_PLACE)
@pytest.mark.parametrize("intake", ["queue", "direct-live"])
def test_a_parameter_of_which_the_table_says_so_replaces_nothing(name: str, intake: str) -> None:
    [cells] = [TABLE[row] for row in IN_PLACE_ROWS if name in ids(row)]
    given = {"Intake": intake}
    before, after = notifier(TEMPLATE, **given), notifier(TEMPLATE, **given, **{name: IN_PLACE[name]})
    assert before != after
    assert (cells[0], effect(before, after), changed_outputs(before, after)) == ("none", Effect(), set())


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.row)
def test_the_order_names_each_stack_that_takes_what_changes(change: Change) -> None:
    changed = changed_outputs(*change.stacks)
    affected = {stack for name in changed for stack in TAKEN_BY.get(name, ())}
    assert affected <= ids(TABLE[change.row][1])


@pytest.mark.parametrize("change", CHANGES_BESIDE, ids=lambda change: change.row)
def test_a_change_beside_touches_the_resources_that_the_table_names(change: ChangeBeside) -> None:
    cell = TABLE_BESIDE[change.row][0]
    found = effect(*change.stacks)
    assert found.touched == ids(cell) - {"TargetUtilization"}
    assert found.kept == documented(cell).kept


def test_every_parameter_and_every_way_of_its_intake_is_in_the_table() -> None:
    named = {name for row in TABLE for name in ids(row)}
    assert parameters(TEMPLATE).keys() <= named
    assert parameters(TEMPLATE).keys() - IN_PLACE.keys() == {"ExistingTopicArn", "Intake", "Polls", "RoleArn"}


def test_every_row_is_compared() -> None:
    assert TABLE.keys() == {change.row for change in CHANGES} | IN_PLACE_ROWS | BY_READING
    reading = {"`alarms`: any other parameter"}
    assert TABLE_BESIDE.keys() == {change.row for change in CHANGES_BESIDE} | reading


# ---- Imports ----


def names() -> dict[str, str]:
    """What the notifier's outputs give to the stacks beside it, in the way that docs/deploy.md has it."""
    found = notifier(TEMPLATE, Polls="on", ExistingTopicArn=ONE)["Outputs"]
    return {name: str(one["Value"]) for name, one in found.items()}


def importers(folder: Path, intake: str, given: Given) -> dict[str, Stack]:
    """The stacks beside a notifier with this intake and polls."""
    watched: dict[str, Any] = {"Intake": "direct" if intake.startswith("direct") else "queue", "Polls": "on"}
    return {name: beside(folder / f"{name}.yaml", **{**watched, **given}) for name in BESIDE}


@pytest.mark.parametrize("intake", ["queue", "direct"])
@pytest.mark.parametrize("name", BESIDE)
def test_with_names_nothing_is_imported(name: str, intake: str) -> None:
    assert imported(importers(INFRA, intake, {**names(), "Topic": ONE})[name]) == set()


@pytest.mark.parametrize("name", BESIDE)
def test_without_names_the_same_is_imported_as_before(name: str) -> None:
    """The commands that deployed the last release, which give no names, deploy this one too."""
    now, before = (importers(folder, "queue", {})[name] for folder in (INFRA, RELEASED))
    assert imported(now) == imported(before) != set()


@pytest.mark.parametrize(
    "change",
    [change for change in CHANGES if changed_outputs(*change.stacks) & TAKEN_BY.keys()],
    ids=lambda change: change.row,
)
def test_with_imports_a_change_that_the_table_has_names_for_could_be_refused(change: Change) -> None:
    """What the names are for: with all imports of the release before, each of these changes stands still.

    But for what only appears: nobody imports it yet.
    """
    before, after = change.stacks
    held = {
        name for stack in importers(RELEASED, str(change.before.get("Intake")), {}).values() for name in imported(stack)
    }
    appears = {f"{STACK}-{name}" for name in after["Outputs"].keys() - before["Outputs"].keys()}
    assert bool(refused_exports(before, after) & held) == (not appears)


# ---- From the release before ----

SETTINGS: Final = [
    {"Intake": intake, "Polls": polls, "ExistingTopicArn": topic}
    for intake, polls, topic in product(("queue", "queue-live", "direct", "direct-live"), ("off", "on"), ("", ONE))
]


@pytest.mark.parametrize("given", SETTINGS, ids=lambda given: " ".join(map(str, given.values())))
def test_this_release_replaces_nothing_and_changes_no_output(given: Given) -> None:
    before, after = notifier(OLD, **given), notifier(TEMPLATE, **given)
    assert before != after
    assert effect(before, after) == Effect()
    assert changed_outputs(before, after) == set()
    assert refused_exports(before, after) == set()


@pytest.mark.parametrize("name", BESIDE)
def test_nor_does_that_of_a_stack_beside_it(name: str) -> None:
    before, after = (
        importers(folder, "queue", {**MAIL, "TargetUtilization": "0.7"})[name] for folder in (RELEASED, INFRA)
    )
    assert effect(before, after) == Effect()


@pytest.mark.parametrize("path", ["template", *(f"infra/{name}" for name in BESIDE)])
def test_each_parameter_of_the_release_before_is_taken_as_it_was(path: str) -> None:
    """An old samconfig.toml goes on: no name is gone, no default is another, and no value is refused."""
    now, before = parameters(ROOT / f"{path}.yaml"), parameters(RELEASED / f"{Path(path).name}.yaml")
    assert before.keys() <= now.keys()
    for name, was in before.items():
        same = ("Type", "Default", "AllowedPattern", "MinValue", "MaxValue")
        assert [now[name].get(key) for key in same] == [was.get(key) for key in same], name
        assert set(was.get("AllowedValues", ())) <= set(now[name].get("AllowedValues", ())), name
    assert [name for name in now.keys() - before.keys() if "Default" not in now[name]] == []


def test_the_topic_is_only_kept_once_this_release_is_there() -> None:
    """Why the guide deploys this release first, with unchanged parameters."""
    at_once = effect(notifier(OLD), notifier(TEMPLATE, ExistingTopicArn=ONE))
    assert at_once.gone == {"Topic", "TopicPolicy"}


# ---- How it is worked out ----


def stack(kind: str, attributes: Given = {}, **given: object) -> Stack:  # noqa: B006 - read only
    one = {"Type": kind, "Properties": given, **attributes}
    other = {"Type": "AWS::SNS::Subscription", "Properties": {"TopicArn": "t", "Endpoint": "${One.Arn}"}}
    outputs = {"Name": {"Value": "${One}", "Export": {"Name": "s-Name"}}}
    return {"Resources": {"One": one, "Other": other}, "Outputs": outputs}


QUEUE: Final = "AWS::SQS::Queue"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (stack(QUEUE, DelaySeconds=1), stack(QUEUE, DelaySeconds=2), Effect()),
        (stack(QUEUE), stack(QUEUE, QueueName="a"), Effect(new=frozenset({"One", "Other"}))),
        (stack(QUEUE), stack("AWS::SNS::Topic"), Effect(new=frozenset({"One", "Other"}))),
        (
            stack(QUEUE),
            stack(QUEUE, {"UpdateReplacePolicy": "Retain"}, QueueName="a"),
            Effect(new=frozenset({"One", "Other"}), kept=frozenset({"One"})),
        ),
    ],
)
def test_what_is_replaced_is_what_can_only_be_set_at_creation(before: Stack, after: Stack, expected: Effect) -> None:
    assert effect(before, after) == expected
    assert refused_exports(before, after) == ({"s-Name"} if expected.new else set())


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({}, Effect(gone=frozenset({"One", "Other"}))),
        ({"DeletionPolicy": "RetainExceptOnCreate"}, Effect(gone=frozenset({"Other"}), kept=frozenset({"One"}))),
    ],
)
def test_what_leaves_the_stack_is_deleted_unless_it_says_otherwise(policy: Given, expected: Effect) -> None:
    before = stack(QUEUE, policy)
    assert effect(before, {"Resources": {}, "Outputs": {}}) == expected
    assert refused_exports(before, {"Resources": {}, "Outputs": {}}) == {"s-Name"}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::SNS::Subscription", "Endpoint"),  # subscription to another function
        ("AWS::Lambda::Function", "PackageType"),
        ("AWS::ApplicationAutoScaling::ScalableTarget", "ResourceId"),
        ("AWS::Lambda::EventInvokeConfig", "Qualifier"),
    ],
)
def test_the_schemas_say_what_aws_documents(kind: str, name: str) -> None:
    assert (name,) in created_with()[kind]
