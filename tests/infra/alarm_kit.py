"""Helpers for tests of alarms, whether an alarm watches a metric directly or through metric math.

An alarm here is the dictionary of a resource's properties, as `tests.infra.plain.stack` resolves them.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.infra.plain import stack

TYPE: Final = "AWS::CloudWatch::Alarm"
# Parameters for which infra/alarms.yaml creates all of its alarms.
EVERYTHING: Final = {
    "Email": "oncall@example.org",
    "ReplicaIdentifier": "shop-replica",
    "FirstNatGatewayId": "nat-1",
    "SecondNatGatewayId": "nat-2",
    "Polls": "on",
}
_COMPARED: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
}


@dataclass(frozen=True)
class Watched:
    """The one metric of an alarm, its period in seconds, and the metric math expression, if any."""

    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str
    period: int
    expression: str = ""


def alarms(**given: str) -> dict[str, dict[str, Any]]:
    """Return the properties of each alarm by its logical id."""
    resources = stack("alarms", **{**EVERYTHING, **given})["Resources"]
    return {name: one["Properties"] for name, one in resources.items() if one["Type"] == TYPE}


def every_alarm(**given: str) -> dict[str, dict[str, Any]]:
    """Return the alarms of both intakes, as some exist for only one."""
    return {**alarms(**given, Intake="direct"), **alarms(**given, Intake="queue")}


def watched(alarm: Mapping[str, Any]) -> Watched:
    if "Metrics" not in alarm:
        return _watched(alarm, alarm["Statistic"], alarm["Period"])
    part = _metric_stat(alarm)
    [expression] = [one["Expression"] for one in alarm["Metrics"] if one.get("ReturnData", True)]
    return _watched(part["Metric"], part["Stat"], part["Period"], expression)


def _watched(metric: Mapping[str, Any], statistic: str, period: int, expression: str = "") -> Watched:
    dimensions = {one["Name"]: one["Value"] for one in metric["Dimensions"]}
    return Watched(metric["Namespace"], metric["MetricName"], dimensions, statistic, period, expression)


def _metric_stat(alarm: Mapping[str, Any]) -> dict[str, Any]:
    [part] = [one["MetricStat"] for one in alarm["Metrics"] if "MetricStat" in one]
    return dict(part)


def breaches(alarm: Mapping[str, Any], value: float) -> bool:
    """Return whether a value breaches the alarm's threshold."""
    return _COMPARED[alarm["ComparisonOperator"]](value, float(alarm["Threshold"]))


def without_math(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return the template with alarms that watch their metric directly: the local CloudFormation has no metric math."""
    return {**template, "Resources": {name: _unfilled(part) for name, part in template["Resources"].items()}}


def _unfilled(resource: dict[str, Any]) -> dict[str, Any]:
    properties = resource.get("Properties", {})
    if resource["Type"] != TYPE or "Metrics" not in properties:
        return resource
    part = _metric_stat(properties)
    kept = {key: value for key, value in properties.items() if key != "Metrics"}
    metric = {**part["Metric"], "Statistic": part["Stat"], "Period": part["Period"]}
    return {**resource, "Properties": {**kept, **metric}}
