"""How CloudWatch decides the state of an alarm: what AWS's pages say, and no more than infra/alarms.yaml needs.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any, Final

from tests.infra.alarm_kit import breaches, watched

# The samples of one metric, by the minute in which they are written.
Samples = Mapping[int, Sequence[float]]
Points = Sequence[float | None]
_STATISTICS: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
}


class State(StrEnum):
    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True)
class Rule:
    """So many of the last `periods` have to breach; `missing` is the alarm's TreatMissingData."""

    periods: int
    to_alarm: int
    missing: str


@dataclass(frozen=True)
class Unstated:
    """What AWS's pages leave open.

    `further` is how many periods CloudWatch looks at beyond the alarm's own. `fills_nothing` is whether FILL gives
    points for a metric that has none at all in the periods that are looked at.
    """

    further: int
    fills_nothing: bool


def decide(breaching: Sequence[bool | None], rule: Rule, before: State) -> State:
    """The state by the points of the evaluation range, the oldest first; None is a point that is missing."""
    real = [point for point in breaching if point is not None]
    bad, absent = sum(real[-rule.periods :]), max(0, rule.periods - len(real))
    if rule.missing == "breaching":
        return State.ALARM if bad + absent >= rule.to_alarm else State.OK
    if not absent or rule.missing == "notBreaching" or not all(real):
        return State.ALARM if bad >= rule.to_alarm else State.OK
    if rule.missing == "ignore":
        return before
    return _premature(breaching, rule)


def _premature(breaching: Sequence[bool | None], rule: Rule) -> State:
    """With `missing`: ALARM if all points that are there breach, and the oldest is old enough for it."""
    ages = [age for age, point in enumerate(reversed(breaching), start=1) if point is not None]
    return State.ALARM if ages and ages[-1] >= rule.to_alarm else State.INSUFFICIENT_DATA


def calculate(expression: str, points: Points, unstated: Unstated) -> Points:
    """The points of an expression on one metric, which an identifier in it stands for."""
    if found := re.fullmatch(r"FILL\((.+), (-?\d+)\)", expression):
        inner = calculate(found[1], points, unstated)
        empty = unstated.fills_nothing and not any(point is not None for point in inner)
        return inner if empty else [float(found[2]) if point is None else point for point in inner]
    if found := re.fullmatch(r"DIFF\((.+)\)", expression):
        inner = calculate(found[1], points, unstated)
        return [None, *(None if old is None or new is None else new - old for old, new in pairwise(inner))]
    assert re.fullmatch(r"[a-z]\w*", expression), expression
    return points


class Player:
    """One alarm, played through the samples of its metric."""

    def __init__(self, alarm: Mapping[str, Any], samples: Samples) -> None:
        self._alarm = alarm
        self._samples = samples
        self._one = watched(alarm)
        self._length = self._one.period // 60
        self._rule = Rule(alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"], alarm["TreatMissingData"])
        self._values: dict[int, float | None] = {}

    def transitions(self, minutes: range, state: State, unstated: Unstated) -> Iterator[tuple[int, State]]:
        """Each change of the state, with its minute. An alarm is evaluated every minute, over periods that slide."""
        for minute in minutes:
            if (after := decide(self._breaching(minute, unstated), self._rule, state)) is not state:
                yield minute, after
            state = after

    def _breaching(self, minute: int, unstated: Unstated) -> list[bool | None]:
        count = self._rule.periods + unstated.further
        points: Points = [self._value(minute - back * self._length) for back in reversed(range(count))]
        if self._one.expression:
            points = calculate(self._one.expression, points, unstated)
        return [None if point is None else breaches(self._alarm, point) for point in points]

    def _value(self, end: int) -> float | None:
        """The statistic over the period that ends with this minute."""
        if end not in self._values:
            within = range(end - self._length + 1, end + 1)
            values = [value for minute in within for value in self._samples.get(minute, ())]
            self._values[end] = float(_STATISTICS[self._one.statistic](values)) if values else None
        return self._values[end]
