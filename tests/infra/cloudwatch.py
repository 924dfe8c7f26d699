"""Evaluates alarms as CloudWatch does, according to AWS's docs; only as far as infra/alarms.yaml needs it.

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

# The samples of one metric, by the minute in which they were written.
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
    """An alarm's rule: how many of the last `periods` must breach. `missing` is its TreatMissingData."""

    periods: int
    to_alarm: int
    missing: str


@dataclass(frozen=True)
class Unstated:
    """Behaviour that AWS does not document.

    `further` is how many more periods CloudWatch reads than the alarm has. `fills_nothing` says whether FILL returns
    points for a metric without any point in those periods.
    """

    further: int
    fills_nothing: bool


def decide(breaching: Sequence[bool | None], rule: Rule, before: State) -> State:
    """Return the state for the points of the evaluation range, oldest first; None is a missing point."""
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
    """Return the state with `missing`: ALARM if all existing points breach, and the oldest is old enough."""
    ages = [age for age, point in enumerate(reversed(breaching), start=1) if point is not None]
    return State.ALARM if ages and ages[-1] >= rule.to_alarm else State.INSUFFICIENT_DATA


def calculate(expression: str, points: Points, unstated: Unstated) -> Points:
    """Return the points of an expression on one metric, which is an identifier in the expression."""
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
    """Evaluates one alarm over the samples of its metric."""

    def __init__(self, alarm: Mapping[str, Any], samples: Samples) -> None:
        self._alarm = alarm
        self._samples = samples
        self._one = watched(alarm)
        self._length = self._one.period // 60
        self._rule = Rule(alarm["EvaluationPeriods"], alarm["DatapointsToAlarm"], alarm["TreatMissingData"])
        self._values: dict[int, float | None] = {}

    def transitions(self, minutes: range, state: State, unstated: Unstated) -> Iterator[tuple[int, State]]:
        """Yield each change of state with its minute. The alarm is evaluated every minute, over sliding periods."""
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
        """Return the statistic of the period that ends with this minute."""
        if end not in self._values:
            within = range(end - self._length + 1, end + 1)
            values = [value for minute in within for value in self._samples.get(minute, ())]
            self._values[end] = float(_STATISTICS[self._one.statistic](values)) if values else None
        return self._values[end]
