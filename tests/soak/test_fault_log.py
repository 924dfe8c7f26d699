"""What excuses an event: only what was done to it, or to the invocation that had it."""

from __future__ import annotations

from typing import Any, cast

import pytest
from click.testing import CliRunner

from lab.function import Failure
from lab.queue import Ended, Environment, Message
from lab.queue.environment import Batch
from lab.soak.__main__ import main
from lab.soak.check import Ambiguous, Injected
from lab.soak.events import sale
from lab.soak.fault_log import FaultLog
from lab.soak.schedule import EventFault

EVENTS = [sale(number, 0.0) for number in range(3)]
FIRST, SECOND, _ = (event.identity for event in EVENTS)


class Clock:
    now = 1000.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def journal(clock: Clock) -> FaultLog:
    return FaultLog(EVENTS, {event.body: event.number for event in EVENTS}, lambda: clock.now)


def environment() -> Environment:
    return cast("Environment", object())


def messages(*numbers: int) -> list[Message]:
    return [Message(str(number), EVENTS[number].body, 0.0, 0.0) for number in numbers]


def ended(*numbers: int, **how: Any) -> Ended:
    return Ended(Batch(messages(*numbers), {}, 60_000), **how)


def injected(journal: FaultLog) -> Injected:
    return journal.injected(read_back=True)


def test_an_invocation_that_ends_well_excuses_nothing(journal: FaultLog) -> None:
    one = environment()
    journal.begun(one, messages(0, 1))
    assert journal.holder(1) is one
    journal.ended(one, ended(0, 1))
    assert (injected(journal), journal.holder(1)) == (Injected(), None)


def test_a_process_that_died_leaves_doubts_about_its_own_events_alone(journal: FaultLog) -> None:
    one, other = environment(), environment()
    journal.begun(one, messages(0))
    journal.begun(other, messages(1))
    journal.ended(one, ended(0, died=True))
    journal.ended(other, ended(1))
    assert injected(journal) == Injected({FIRST: Ambiguous(invocations=1)})


def test_a_frozen_process_is_overtaken(journal: FaultLog) -> None:
    one = environment()
    journal.frozen(one)
    journal.begun(one, messages(0))
    journal.frozen(one)
    journal.ended(one, ended(0))
    assert injected(journal) == Injected({FIRST: Ambiguous(invocations=1)}, overtaken={FIRST: 1})


def test_each_freeze_counts(journal: FaultLog) -> None:
    one = environment()
    for _ in range(2):
        journal.begun(one, messages(0))
        journal.frozen(one)
        journal.ended(one, ended(0))
    assert injected(journal).overtaken == {FIRST: 2}


def test_who_was_waiting_for_slack_when_it_was_cut_off_does_not_know(journal: FaultLog) -> None:
    busy, done = environment(), environment()
    journal.begun(done, messages(1))
    journal.ended(done, ended(1))
    journal.begun(busy, messages(0))
    journal.cut_off()
    journal.ended(busy, ended(0))
    assert injected(journal) == Injected({FIRST: Ambiguous(invocations=1)})


def test_a_mishap_is_ambiguous_where_slack_has_the_message(journal: FaultLog) -> None:
    journal.met(0, EventFault("reset"))
    journal.met(1, EventFault("reset", {"accept": True}))
    assert injected(journal) == Injected({SECOND: Ambiguous(posts=1)})
    assert journal.injected(read_back=False).parked == frozenset({FIRST, SECOND})


@pytest.mark.parametrize(("begun", "over", "harmed"), [(990, 999, False), (990, 1000, True), (1005, 1006, True)])
def test_without_the_ledger_nobody_knows(
    journal: FaultLog, clock: Clock, begun: float, over: float, harmed: bool
) -> None:
    one = environment()
    clock.now = 1000
    end = journal.period(journal.without_ledger)
    clock.now = 1005
    end()
    clock.now = begun
    journal.begun(one, messages(0))
    clock.now = over
    journal.ended(one, ended(0))
    assert injected(journal).ambiguous == ({FIRST: Ambiguous(invocations=1)} if harmed else {})


def test_what_cannot_be_read_back_in_time_may_be_repeated(journal: FaultLog, clock: Clock) -> None:
    for number, at in ((0, 900.0), (1, 950.0)):
        clock.now = at
        journal.met(number, EventFault("truncate"))
    clock.now = 1000
    journal.period(journal.lagging)
    assert injected(journal).overtaken == {SECOND: 1}


def test_while_credentials_are_refused_anything_may_be_parked(journal: FaultLog) -> None:
    one, end = environment(), journal.period(journal.without_credentials)
    journal.begun(one, messages(0))
    end()
    journal.ended(one, ended(0))
    assert injected(journal) == Injected(parked=frozenset({FIRST}))


def test_failures_without_a_name_are_kept(journal: FaultLog) -> None:
    one = environment()
    line = {"message": "retry", "code": "INTERNAL", "detail": "KeyError at x.py:1", "attempt": 1}
    journal.begun(one, messages(0))
    journal.ended(one, ended(0, error=Failure("ValueError", "no"), logs=[line, {"message": "discovery"}]))
    assert journal.unnamed == ["an invocation failed: ValueError: no", "an error without a name: KeyError at x.py:1"]
    assert journal.codes == {("retry", "INTERNAL"): 1}


def test_the_command_teaches() -> None:
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0
    for word in ("--seed", "--no-read-back", "--webhook", "exits with 1"):
        assert word in shown.output
