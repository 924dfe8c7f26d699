"""What each alarm tells in a history of its metrics: an outage, a gap, a first hour, one parked event after another.

A history is a healthy day with some metrics of its own; minute 0 is when its trouble begins. `told` has the alarms that
change their state, each with the minutes: "ALARM 5, OK 10-15" if the end depends on what AWS's pages leave open. No
other alarm changes its state.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise, product
from math import ceil
from random import Random
from typing import Any, Final

import pytest

from handler.delivery import backoff
from tests.infra.alarm_kit import Watched, alarms, every_alarm, watched
from tests.infra.cloudwatch import Player, Samples, State, Unstated

NAMES: Final = {
    "TopicArn": "arn:aws:sns:eu-west-1:123456789012:events",
    "QueueName": "queue",
    "DeadLetterQueueName": "parked",
    "TickDeadLetterQueueName": "ticks",
    "FunctionName": "function",
}
UNSTATED: Final = [Unstated(further, nothing) for further, nothing in product(range(6), (False, True))]
FIRST: Final = -600
LAST: Final = 420
LAST_VALUE: Final = {"DeadLetters", "TickDeadLetters", "CanaryDeadLetters", "Unbalanced"}


def each_minute(value: float, first: int = FIRST, last: int = LAST) -> Samples:
    return {minute: [value] for minute in range(first, last + 1)}


def at(*minutes: int) -> Samples:
    return {minute: [1] for minute in minutes}


# What a metric is called here: the name, and the value of its one dimension.
PARKED: Final = "ApproximateNumberOfMessagesVisible of parked"
AGE: Final = "ApproximateAgeOfOldestMessage of queue"
CANARY: Final = "CanaryDelivered of notifier"
CANARIES_PARKED: Final = "ApproximateNumberOfMessagesVisible of ${CanaryDeadLetterQueue.QueueName}"
TICKS: Final = "Ticks of notifier"
LAG: Final = "ReplicaLag of shop-replica"
HOURLY: Final = range(FIRST + 5, LAST, 60)  # minutes -55, 5, 65, 125 and so on
HEALTHY: Final[Mapping[str, Samples]] = {
    AGE: each_minute(0),
    CANARY: at(*HOURLY),
    TICKS: each_minute(1),
    LAG: each_minute(0.5),
    "PollsOverdue of notifier": each_minute(0),
    "PollsOnHold of notifier": each_minute(0),
    "PollsNearlyFull of notifier": each_minute(0),
    "PollRowsLate of notifier": each_minute(0),
    "PollGapsDropped of notifier": each_minute(0),
    "Errors of function": each_minute(0),
    "ErrorPortAllocation of nat-1": each_minute(0),
    "ErrorPortAllocation of nat-2": each_minute(0),
}


def name(one: Watched) -> str:
    [value] = one.dimensions.values()
    return f"{one.metric} of {value}"


@dataclass(frozen=True)
class History:
    """`new` says that the alarms are made in minute 0; `given` are parameters of their stack."""

    samples: Mapping[str, Samples]
    told: Mapping[str, str]
    minutes: range = range(-60, 240)
    new: bool = False
    given: Mapping[str, str] = field(default_factory=dict)


class Even(Random):
    """Pauses of the medium length."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def attempts(events: Iterable[int], until: int, random: Random) -> Iterator[tuple[int, float]]:
    """The minute of each attempt that fails, and the event's age in seconds; events come in these minutes."""
    for minute in events:
        second, attempt = minute * 60.0, 1
        while second < until * 60:
            yield ceil(second / 60), second - minute * 60
            second += backoff.wait(attempt, random)
            attempt += 1


def ages(events: Iterable[int], until: int, random: Random) -> Samples:
    found: dict[int, list[float]] = {}
    for minute, age in attempts(events, until, random):
        found.setdefault(minute, []).append(age)
    return found


def without(samples: Samples, first: int, last: int) -> Samples:
    return {minute: values for minute, values in samples.items() if not first <= minute <= last}


def everything_without(first: int, last: int) -> dict[str, Samples]:
    return {metric: without(samples, first, last) for metric, samples in HEALTHY.items()}


RETRY_AGE: Final = "RetryAge of notifier"
NEW: Final = {alarm: "OK 0" for alarm in alarms() if alarm not in LAST_VALUE}
HISTORIES: Final = {
    "a quiet night": History({}, {}),
    "an outage of ten minutes": History({RETRY_AGE: ages(range(10), 10, Even())}, {}),
    "an outage of three hours by day": History(
        {RETRY_AGE: ages(range(180), 180, Even()), CANARY: {**without(at(*HOURLY), 0, 180), 181: [1, 1, 1]}},
        {"RetryAge": "ALARM 16, OK 190", "CanaryMissing": "ALARM 125, OK 181"},
    ),
    "an outage of three hours at night, which the canary meets": History(
        {RETRY_AGE: ages(range(5, 180, 60), 180, Even()), CANARY: {**without(at(*HOURLY), 0, 180), 181: [1, 1, 1]}},
        {"RetryAge": "ALARM 21, OK 186", "CanaryMissing": "ALARM 125, OK 181"},
    ),
    "a new stack, whose canary arrives": History(
        {**everything_without(FIRST, 0), LAG: each_minute(0.5), CANARY: at(1, 61, 121, 181)},
        {**NEW, "CanaryMissing": "ALARM 0, OK 1", "TicksMissing": "ALARM 0, OK 1"},
        range(240),
        new=True,
    ),
    "a new stack, whose canary does not arrive": History(
        {**everything_without(FIRST, 0), LAG: each_minute(0.5), CANARY: {}},
        {**NEW, "CanaryMissing": "ALARM 0", "TicksMissing": "ALARM 0, OK 1"},
        range(240),
        new=True,
    ),
    "a new stack with a new replica": History(
        everything_without(FIRST, 4),
        {**NEW, "CanaryMissing": "ALARM 0, OK 5", "TicksMissing": "ALARM 0, OK 5", "ReplicaStopped": "ALARM 0, OK 5"},
        range(240),
        new=True,
    ),
    "alarms for a notifier that runs": History({}, NEW, range(240), new=True),
    "a canary that no longer arrives": History({CANARY: at(*HOURLY[:10])}, {"CanaryMissing": "ALARM 125"}),
    "SNS refuses four canaries; then it takes them again, and somebody empties the queue": History(
        {
            CANARY: without(at(*HOURLY), 0, 190),
            CANARIES_PARKED: {**each_minute(1, 20, 209), **each_minute(0, 210)},
        },
        {"CanaryDeadLetters": "ALARM 20, OK 214", "CanaryMissing": "ALARM 125, OK 245"},
        range(-60, 300),
    ),
    "one canary is missing": History({CANARY: without(at(*HOURLY), 0, 60)}, {}),
    "a function that cannot start": History(
        {
            "Errors of function": at(*range(0, 240, 6)),
            AGE: {minute: [60.0 * max(0, minute) if minute <= 12 else 0] for minute in range(FIRST, LAST)},
        },
        {"FunctionErrors": "ALARM 16"},
        range(-60, 120),
        given={"Polls": "off", "Canary": "no"},
    ),
    "one error of the function": History({"Errors of function": at(0)}, {}),
    "two killed invocations, a minute apart": History({"Errors of function": at(0, 1)}, {}),
    "an event that fails three times with direct intake": History(
        {"Errors of function": at(0, 1, 3)}, {}, given={"Intake": "direct"}
    ),
    "SNS can neither deliver nor park an event": History(
        {"NumberOfNotificationsFailedToRedriveToDlq of events": at(0)}, {"RedriveFailures": "ALARM 0, OK 10"}
    ),
    "Lambda can neither process nor park an event, with direct intake": History(
        {"DestinationDeliveryFailures of function": at(0)},
        {"DestinationFailures": "ALARM 0, OK 10"},
        given={"Intake": "direct"},
    ),
    "throttling for two minutes": History({"Throttles of function": each_minute(3, 0, 1)}, {}),
    "throttling for a quarter of an hour": History(
        {"Throttles of function": each_minute(3, 0, 14)}, {"Throttles": "ALARM 10, OK 19"}
    ),
    "the state table fails twice, a quarter of an hour apart": History({"LedgerErrors of notifier": at(0, 15)}, {}),
    "the state table cannot be reached for five minutes": History(
        {"LedgerErrors of notifier": each_minute(1, 0, 5)}, {}
    ),
    "the state table cannot be reached for twenty minutes": History(
        {"LedgerErrors of notifier": each_minute(1, 0, 19)}, {"LedgerErrors": "ALARM 14, OK 26"}
    ),
    "a secret is refused, and again after a quarter of an hour": History(
        {"CredentialErrors of notifier": at(0, 15)}, {"CredentialErrors": "ALARM 0, OK 10, ALARM 15, OK 25"}
    ),
    "two parked events, five minutes apart": History(
        {PARKED: {**each_minute(0, last=-1), **each_minute(1, 0, 4), **each_minute(2, 5)}},
        {"DeadLetters": "ALARM 0", "MoreDeadLetters": "ALARM 0, OK 10-15"},
    ),
    "two parked events, half an hour apart": History(
        {PARKED: {**each_minute(0, last=-1), **each_minute(1, 0, 29), **each_minute(2, 30)}},
        {"DeadLetters": "ALARM 0", "MoreDeadLetters": "ALARM 0, OK 5-10, ALARM 30, OK 35-40"},
    ),
    "the same in a queue that was idle, first reported after a quarter of an hour": History(
        {PARKED: {**each_minute(1, 15, 29), **each_minute(2, 30)}},
        {"DeadLetters": "ALARM 15", "MoreDeadLetters": "ALARM 15, OK 20-25, ALARM 30, OK 35-40"},
    ),
    "parked events are replayed": History(
        {PARKED: {**each_minute(2, 0, 59), **each_minute(0, 60)}},
        {"DeadLetters": "ALARM 0, OK 64", "MoreDeadLetters": "ALARM 0, OK 5-10"},
    ),
    "a replay of four minutes puts everything back": History(
        {PARKED: {**each_minute(2, 0), **each_minute(0, 60, 63)}},
        {"DeadLetters": "ALARM 0", "MoreDeadLetters": "ALARM 0, OK 5-10"},
    ),
    "SQS stops reporting the parked event after six hours": History(
        {PARKED: each_minute(1, 0, 360)},
        {"DeadLetters": "ALARM 0", "MoreDeadLetters": "ALARM 0, OK 5-10"},
        range(-60, 400),
    ),
    "no metric at all for an hour, and one event is parked": History(
        {**everything_without(60, 119), PARKED: without(each_minute(1, 0), 60, 119)},
        {
            "DeadLetters": "ALARM 0",
            "MoreDeadLetters": "ALARM 0, OK 5-10, ALARM 120, OK 125-130",
            "TicksMissing": "ALARM 69, OK 120",
            "ReplicaStopped": "ALARM 64-69, OK 120",
        },
    ),
    "polls are switched off for an hour": History(
        {TICKS: without(each_minute(1), 0, 59)}, {"TicksMissing": "ALARM 9, OK 60"}
    ),
    "nobody receives": History(
        {AGE: {minute: [60.0 * max(0, minute)] for minute in range(FIRST, LAST)}}, {"OldestMessage": "ALARM 16"}
    ),
    "nobody receives, and SQS stops reporting the queue": History(
        {AGE: {minute: [60.0 * max(0, minute)] for minute in range(FIRST, 31)}}, {"OldestMessage": "ALARM 16, OK 35-60"}
    ),
    "replication stops": History(
        {LAG: {**each_minute(0.5), **each_minute(-1, 0)}}, {"ReplicaStopped": "ALARM 4"}
    ),
    "the replica is gone": History({LAG: each_minute(0.5, last=-1)}, {"ReplicaStopped": "ALARM 4-9"}),
    "the replica falls behind for ten minutes": History(
        {LAG: {**each_minute(0.5), **each_minute(90, 0, 9)}}, {"ReplicaLag": "ALARM 4, OK 10"}
    ),
    "balance finds something, and an hour later nothing": History(
        {"Unbalanced of notifier": {0: [2], 60: [0]}}, {"Unbalanced": "ALARM 0, OK 60"}
    ),
    "balance finds something, and never runs again": History(
        {"Unbalanced of notifier": {-60: [0], 0: [2]}}, {"Unbalanced": "ALARM 0"}
    ),
    "a poll is on hold for half an hour": History(
        {"PollsOnHold of notifier": {**each_minute(0), **each_minute(1, 0, 29)}}, {"PollsOnHold": "ALARM 0, OK 34"}
    ),
}  # fmt: skip


def told(alarm: Mapping[str, Any], history: History) -> str:
    """What an alarm says in a history, with all answers to what AWS's pages leave open; "or" if they differ in kind."""
    metric = name(watched(alarm))
    if metric in history.samples:
        return _told(alarm, history.samples[metric], history.minutes, history.new)
    return _told_when_healthy(json.dumps(alarm), history.minutes, history.new)


@cache
def _told_when_healthy(alarm: str, minutes: range, new: bool) -> str:
    one = json.loads(alarm)
    return _told(one, HEALTHY.get(name(watched(one)), {}), minutes, new)


def _told(alarm: Mapping[str, Any], samples: Samples, minutes: range, new: bool) -> str:
    before = State.INSUFFICIENT_DATA if new else State.OK
    player = Player(alarm, samples)
    found: dict[tuple[State, ...], list[tuple[int, ...]]] = {}
    for unstated in UNSTATED:
        changes = list(player.transitions(minutes, before, unstated))
        found.setdefault(tuple(state for _, state in changes), []).append(tuple(minute for minute, _ in changes))
    return " or ".join(_said(states, whens) for states, whens in found.items())


def _said(states: tuple[State, ...], minutes: list[tuple[int, ...]]) -> str:
    spans = [(min(column), max(column)) for column in zip(*minutes, strict=True)]
    whens = [f"{first}" if first == last else f"{first}-{last}" for first, last in spans]
    return ", ".join(f"{state} {when}" for state, when in zip(states, whens, strict=True))


@pytest.mark.parametrize("title", HISTORIES)
def test_the_alarms_tell_what_happens_and_nothing_else(title: str) -> None:
    history = HISTORIES[title]
    found = {key: told(alarm, history) for key, alarm in alarms(**NAMES, **history.given).items()}
    assert {key: said for key, said in found.items() if said} == history.told


def test_each_metric_of_a_history_is_one_that_an_alarm_watches() -> None:
    known = {name(watched(alarm)) for alarm in every_alarm(**NAMES).values()}
    assert HEALTHY.keys() | {metric for history in HISTORIES.values() for metric in history.samples} <= known


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    ("alarm", "first", "last"),
    [
        ("RetryAge", 16, 21),
        ("CredentialErrors", 0, 0),
        ("ConfigurationErrors", 0, 0),
        ("NotReplicating", 0, 0),
        ("LedgerErrors", 14, 14),
    ],
)
def test_one_event_that_fails_for_two_hours_is_told_once(alarm: str, first: int, last: int, seed: int) -> None:
    """Whatever the pauses between its attempts: no alarm ends and begins again between two of them."""
    samples = ages([0], 120, Random(seed))
    one = alarms()[alarm]
    if alarm != "RetryAge":
        samples = {minute: [1] * len(values) for minute, values in samples.items()}
    changes = list(Player(one, samples).transitions(range(-60, 240), State.OK, UNSTATED[0]))
    assert [state for _, state in changes] == [State.ALARM, State.OK]
    assert first <= changes[0][0] <= last


FILLED: Final = sorted(key for key, one in every_alarm().items() if watched(one).expression == "FILL(seen, 0)")


@pytest.mark.parametrize("late", [0, 1, 3])
@pytest.mark.parametrize("key", FILLED)
def test_a_metric_that_comes_late_holds_no_alarm_in_its_state(key: str, late: int) -> None:
    """AWS's page on metric math warns of this, where FILL stands for newest minutes that never have their data."""
    alarm = every_alarm()[key]
    good, bad = (1.0, 0.0) if key in ("CanaryMissing", "TicksMissing") else (0.0, 1000.0)
    written = {**each_minute(good), **each_minute(bad, 0, 199)}
    state, seen = State.OK, []
    for now in range(-60, 400):
        known = {minute: values for minute, values in written.items() if minute <= now - late and values != [0.0]}
        state = next(
            (after for _, after in Player(alarm, known).transitions(range(now, now + 1), state, UNSTATED[4])), state
        )
        seen.append(state)
    assert [after for before, after in pairwise(seen) if before is not after] == [State.ALARM, State.OK]


@pytest.mark.parametrize("key", [key for key in FILLED if every_alarm()[key]["DatapointsToAlarm"] == 1])
def test_one_bad_value_is_told_if_it_comes_nine_minutes_late(key: str) -> None:
    """With FILL, CloudWatch does not look back for it."""
    bad = {0: [1000.0]}
    states = [
        state
        for now in range(9, 60)
        for _, state in Player(every_alarm()[key], bad).transitions(range(now, now + 1), State.OK, UNSTATED[4])
    ]
    assert State.ALARM in states
