"""The evaluator of alarms against the tables of AWS's page on missing data."""

from __future__ import annotations

import pytest

from tests.infra.cloudwatch import Rule, State, Unstated, calculate, decide

SETTINGS = ("missing", "ignore", "breaching", "notBreaching")
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html: 0 is a good point,
# X breaches, - is missing, and the newest is the last one. M of N, and the state for each of SETTINGS. "same" is what
# the page calls "Retain current state", and "none" is INSUFFICIENT_DATA. The last three rows are from an earlier
# edition of the page.
TABLE = """
0 - X - X | 3 of 3 | OK    OK    OK    OK
0 - - - - | 3 of 3 | OK    OK    OK    OK
- - - - - | 3 of 3 | none  same  ALARM OK
0 X X - X | 3 of 3 | ALARM ALARM ALARM ALARM
- - X - - | 3 of 3 | ALARM same  ALARM OK
0 - X - X | 2 of 3 | ALARM ALARM ALARM ALARM
0 0 X 0 X | 2 of 3 | ALARM ALARM ALARM ALARM
0 - X - - | 2 of 3 | OK    OK    ALARM OK
- - - - 0 | 2 of 3 | OK    OK    ALARM OK
- - - X - | 2 of 3 | ALARM same  ALARM OK
X - - - - | 3 of 3 | ALARM same  ALARM OK
- - - - X | 3 of 3 | none  same  ALARM OK
- - - - X | 2 of 3 | none  same  ALARM OK
"""
ROWS = [tuple(cell.strip() for cell in line.split("|")) for line in TABLE.strip().splitlines()]
BREACHING = {"0": False, "X": True, "-": None}
KNOWN = Unstated(further=2, fills_nothing=False)


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize(("points", "needed", "states"), ROWS)
def test_an_alarm_is_decided_as_the_page_says(points: str, needed: str, states: str, before: State) -> None:
    to_alarm, periods = map(int, needed.split(" of "))
    named = {"none": State.INSUFFICIENT_DATA, "same": before, "OK": State.OK, "ALARM": State.ALARM}
    found = [
        decide([BREACHING[point] for point in points.split()], Rule(periods, to_alarm, setting), before)
        for setting in SETTINGS
    ]
    assert found == [named[state] for state in states.split()]


@pytest.mark.parametrize(
    ("points", "state"),
    [("- X - - X", State.ALARM), ("- - X - X", State.ALARM), ("- - - X X", State.INSUFFICIENT_DATA)],
)
def test_where_all_that_is_there_breaches_the_oldest_point_decides(points: str, state: State) -> None:
    """The page: ALARM once "the oldest available breaching datapoint" is at least as old as "Datapoints to Alarm"."""
    rule = Rule(3, 3, "missing")
    assert decide([BREACHING[point] for point in points.split()], rule, State.OK) is state


@pytest.mark.parametrize(
    ("expression", "points", "found"),
    [
        ("seen", [1.0, None, 2.0], [1.0, None, 2.0]),
        ("FILL(seen, 0)", [None, 3.0, None], [0.0, 3.0, 0.0]),
        ("FILL(seen, -1)", [None, 3.0], [-1.0, 3.0]),
        ("DIFF(seen)", [1.0, 4.0, 2.0], [None, 3.0, -2.0]),
        ("DIFF(seen)", [1.0, None, 2.0], [None, None, None]),
        ("DIFF(FILL(seen, 0))", [None, 2.0, 3.0, None], [None, 2.0, 1.0, -3.0]),
    ],
)
def test_metric_math_is_worked_out(expression: str, points: list[float | None], found: list[float | None]) -> None:
    assert calculate(expression, points, KNOWN) == found


def test_a_metric_without_any_point_is_filled_or_not() -> None:
    """AWS's pages do not say which."""
    assert calculate("FILL(seen, 0)", [None, None], KNOWN) == [0.0, 0.0]
    assert calculate("FILL(seen, 0)", [None, None], Unstated(further=2, fills_nothing=True)) == [None, None]
