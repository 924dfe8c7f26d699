"""The Slack of a demo has what the stage of the templates names, and keeps what it had."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.compiler import Compilation, compile_templates
from cli.demo_slack import DemoSlack
from cli.preview.mrkdwn import inline
from lab.slack import Control
from lab.slack.config import CHANNELS, PEOPLE

STAGE = """\
channels: {orders: C0ORDERS01, alarms: C0ALARMS01, urgent: C0ALARMS01, lab: C0LABOPS}
fallback: C0FALLBACK
mentions: {oncall: S0ONCALL01, buyer: U0BUYER001, all: here}
people: {anna: U0ANNA0001}
"""


def of_stage(folder: Path, stage: str) -> Compilation:
    (folder / "_stages").mkdir(exist_ok=True)
    (folder / "_stages/demo.yaml").write_text(stage)
    return compile_templates(folder)


@pytest.fixture
def slack(control: Control) -> DemoSlack:
    return DemoSlack(control, "demo")


def named(control: Control) -> dict[str, str]:
    return {one["id"]: one["name"] for one in control.channels()}


def test_the_channels_and_people_of_the_stage_are_there(slack: DemoSlack, control: Control, tmp_path: Path) -> None:
    slack.follow(of_stage(tmp_path, STAGE))
    there = named(control)
    own = {"C0ORDERS01": "orders", "C0ALARMS01": "alarms", "C0FALLBACK": "fallback", "C0LABOPS": "ops"}
    assert own.items() <= there.items()
    assert {"U0BUYER001", "U0ANNA0001", *PEOPLE} <= {*there.values()}
    assert "S0ONCALL01" not in there.values()
    assert len({*there.values()}) == len(there)  # a name of the stage's is no other channel's too
    assert {one.id for one in CHANNELS if one.rule} <= {*there}


def test_a_channel_that_the_stage_names_no_more_keeps_its_messages(
    slack: DemoSlack, control: Control, tmp_path: Path
) -> None:
    slack.follow(of_stage(tmp_path, STAGE))
    slack.follow(of_stage(tmp_path, STAGE.replace("C0ORDERS01", "C0OTHER001")))
    assert {"C0ORDERS01", "C0OTHER001"} <= named(control).keys()


def test_people_and_groups_are_shown_by_what_templates_call_them(slack: DemoSlack, tmp_path: Path) -> None:
    slack.follow(of_stage(tmp_path, STAGE))
    shown = inline("<@U0BUYER001> <@U0ANNA0001> <!subteam^S0ONCALL01> <@U0NOBODY01> <#C0ORDERS01>", slack.view)
    assert shown.plain == "@buyer @anna @oncall @U0NOBODY01 #orders"
