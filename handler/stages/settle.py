"""From outcomes to what becomes of their records: done, parked, or still in the queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from handler.delivery.backoff import wait
from handler.delivery.ledger import Entry, Key, Known, Ledger, OvertakenError, Phase
from handler.errors import ConfigError, named
from handler.model import Outcome, Record, State
from handler.ports import Park, Postpone
from handler.stages.deliver import NOTICE
from handler.stages.post import STUB


@dataclass(frozen=True, slots=True)
class Settling:
    """Where records go that are not simply done, and where it is written down."""

    park: Park
    postpone: Postpone
    ledger: Ledger
    max_receives: int
    now: Callable[[], float]

    def __call__(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Park the records that cannot succeed, and those whose last delivery this was; a record is parked once.

        While any delivery of a record is to be retried the record stays in the queue. A record that cannot be parked
        stays there too, so that nothing is lost.
        """
        settled = [self._noted(one) for record in _by_record(outcomes) for one in self._settle(record)]
        self.postpone.postpone(self._waits(settled))
        return settled

    def _settle(self, outcomes: list[Outcome]) -> list[Outcome]:
        if outcomes[0].record.attempt >= self.max_receives:
            outcomes = [self._final(one) if one.code == STUB else one for one in outcomes]
        waiting = [one for one in outcomes if one.state is State.RETRY]
        hopeless = [one for one in outcomes if one.state is State.PARKED and not one.notice]
        if waiting and outcomes[0].record.attempt < self.max_receives:
            return outcomes
        lost = hopeless + [one for one in waiting if not one.notice]
        return self._parked(outcomes, lost) if lost else outcomes

    def _noted(self, outcome: Outcome) -> Outcome:
        """Write down what is suppressed. An event that no notification is for is nothing of ours."""
        if outcome.state is not State.SUPPRESSED or not outcome.notification:
            return outcome
        try:
            self._write(outcome, Phase.SUPPRESSED, None)
        except ConfigError as error:
            if outcome.record.attempt < self.max_receives:
                return replace(outcome, state=State.RETRY, code=error.code, detail=error.detail)
        return outcome

    def _final(self, outcome: Outcome) -> Outcome:
        """A message that stands for a row which never came: it stays as it is."""
        with suppress(ConfigError):
            self._write(outcome, Phase.DELIVERED, self._known(outcome).get(_key(outcome)))
        return replace(outcome, state=State.DELIVERED, detail="the row never came", due=0.0)

    def _parked(self, outcomes: list[Outcome], lost: list[Outcome]) -> list[Outcome]:
        known = self._known(lost[0])
        if not lost[0].record.replayed and all(_is_parked(known, one) for one in lost):
            return [replace(one, state=State.REPEATED) if one in lost else one for one in outcomes]
        try:
            self.park.park(lost[0])
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the queue still has the record
            problem = named(error)
            return [replace(one, state=State.RETRY, code=problem.code, detail=problem.detail) for one in outcomes]
        # A notice that was not posted by now goes with its record.
        gone = [*lost, *(one for one in outcomes if one.notice and one.state in (State.RETRY, State.PARKED))]
        with suppress(ConfigError):
            for one in gone:
                self._write(one, Phase.PARKED, known.get(_key(one)))
        return [replace(one, state=State.PARKED, due=0.0) if one in gone else one for one in outcomes]

    def _known(self, outcome: Outcome) -> Mapping[Key, Known]:
        """What the ledger has of the event; nothing where it cannot be asked: parking twice is the lesser evil."""
        try:
            return self.ledger.of_event(_key(outcome).event)
        except ConfigError:
            return {}

    def _write(self, outcome: Outcome, phase: Phase, over: Known | None) -> None:
        """Write down how a delivery ended; what stands there by now has its own reason to. Raises ConfigError."""
        event = outcome.event
        entry = Entry(
            phase, self.now(), code=outcome.code, type=event.type if event else "", id=str(event.id) if event else ""
        )
        with suppress(OvertakenError):
            self.ledger.write(_key(outcome), entry, over)

    def _waits(self, outcomes: Sequence[Outcome]) -> list[tuple[Record, float]]:
        """For each record that is tried again the seconds until its first delivery is due."""
        waits: dict[str, tuple[Record, float]] = {}
        for one in outcomes:
            if one.state is State.RETRY:
                seconds = max(0.0, one.due - self.now()) if one.due else wait(one.record.attempt)
                before = waits.get(one.record.id, (one.record, seconds))[1]
                waits[one.record.id] = one.record, min(before, seconds)
        return list(waits.values())


def _by_record(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    records: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        records.setdefault(outcome.record.id, []).append(outcome)
    return list(records.values())


def _key(outcome: Outcome) -> Key:
    event = outcome.event.identity if outcome.event else outcome.record.id
    return Key(event, outcome.notification or "-", (outcome.channel or "-") + (NOTICE if outcome.notice else ""))


def _is_parked(known: Mapping[Key, Known], outcome: Outcome) -> bool:
    entry = known.get(_key(outcome))
    return entry is not None and entry.entry.phase is Phase.PARKED
