"""Warm copies of the function: of the published version, at the hours and up to the number that were asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.plain import stack, template
from tests.infra.stack import resolved


def target(**given: object) -> dict[str, Any]:
    found: dict[str, Any] = stack("concurrency", **given)["Resources"]["WarmCopies"]["Properties"]
    return found


def test_what_is_kept_warm_is_what_the_alias_names() -> None:
    assert target()["ResourceId"] == "function:${import:notifier-FunctionName}:live"
    assert resolved()["Resources"]["NotifierFunctionAliaslive"]["Properties"]["Name"] == "live"
    assert "FunctionName" in resolved()["Outputs"]


def test_with_its_name_nothing_of_the_function_is_imported() -> None:
    assert (
        target(FunctionName="notifier-NotifierFunction-1A")["ResourceId"]
        == "function:notifier-NotifierFunction-1A:live"
    )
    assert "import:" not in str(stack("concurrency", FunctionName="notifier-NotifierFunction-1A"))


def test_the_hours_are_kept_in_a_time_zone() -> None:
    morning, evening = target(WorkingHours=3, OtherHours=1, TimeZone="Asia/Tokyo")["ScheduledActions"]
    assert (morning["Schedule"], morning["Timezone"]) == ("cron(0 8 ? * MON-FRI *)", "Asia/Tokyo")
    assert morning["ScalableTargetAction"] == {"MinCapacity": 3, "MaxCapacity": 3}
    assert evening["ScalableTargetAction"] == {"MinCapacity": 1, "MaxCapacity": 1}


def test_without_a_target_nothing_is_tracked() -> None:
    assert "WhenBusy" not in stack("concurrency")["Resources"]


def test_with_a_target_there_are_more_when_all_are_busy() -> None:
    resources = stack("concurrency", TargetUtilization="0.7", Most=5, WorkingHours=2)["Resources"]
    policy = resources["WhenBusy"]["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    assert policy["TargetValue"] == "0.7"
    morning, evening = resources["WarmCopies"]["Properties"]["ScheduledActions"]
    assert morning["ScalableTargetAction"] == {"MinCapacity": 2, "MaxCapacity": 5}
    assert evening["ScalableTargetAction"] == {"MinCapacity": 0, "MaxCapacity": 5}


@pytest.mark.parametrize("key", template("concurrency")["Parameters"])
def test_a_parameter_is_described_and_bounded(key: str) -> None:
    parameter = template("concurrency")["Parameters"][key]
    assert parameter["Description"]
    assert parameter["ConstraintDescription"]
    assert parameter.keys() & {"AllowedPattern", "AllowedValues", "MinValue"}
    assert "Default" in parameter
