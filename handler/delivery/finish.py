"""From outcomes to the end of their records: done, parked, or back in the queue.

The queue knows records, the ledger deliveries. A record has one delivery per channel, and stays in the queue while any
of them is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeVar

from handler.delivery.backoff import wait
from handler.delivery.decide import STUB, reused
from handler.delivery.ledger import ConflictError, Ledger
from handler.delivery.records import FINAL, DeliveryKey, DeliveryRecord, Phase, StoredRecord
from handler.errors import ConfigError, NotifierError, named
from handler.frozen import frozen
from handler.model import Record
from handler.outcome import Delivered, How, Outcome, Parked, Repeated, Retry, Rule, Suppressed
from handler.ports import DeadLetterQueue, IntakeQueue

T = TypeVar("T")
_PHASES: Final = {Delivered: Phase.DELIVERED, Suppressed: Phase.SUPPRESSED, Parked: Phase.PARKED}


@frozen
class Finisher:
    """The queues that records go to, and the ledger. `max_receives` is how often the queue delivers a record."""

    dead_letters: DeadLetterQueue
    intake: IntakeQueue
    ledger: Ledger
    max_receives: int
    now: Callable[[], float]

    def __call__(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Park the records that cannot succeed, and those that come no more; a record is parked once.

        A record that cannot be parked stays in the queue, so that nothing is lost.
        """
        ledger = _GuardedLedger(self.ledger, self.now)
        finished = [one for group in _by_record(outcomes) for one in self._finish(group, ledger)]
        self.intake.postpone(self._waits(finished))
        return finished

    def _finish(self, group: list[Outcome], ledger: _GuardedLedger) -> list[Outcome]:
        """Finish the outcomes of one record."""
        record = group[0].record
        is_last = record.attempt >= self.max_receives
        finished = [self._written(one, ledger, is_last=is_last) for one in group]
        waits = any(isinstance(one.end, Retry) for one in finished)
        if waits and not is_last:
            return finished
        if any(_is_lost(one) for one in finished):
            finished = self._parked(finished, ledger)
        if record.attempt > 1 and not any(isinstance(one.end, Retry) for one in finished):
            ledger.close_others(finished)
        return finished

    def _written(self, outcome: Outcome, ledger: _GuardedLedger, *, is_last: bool) -> Outcome:
        """Write down what was suppressed, and a stub whose row never came. The sender writes down the others.

        A notice is written down as what it is, one message for many events (notices.py), and not with any of them.
        """
        if outcome.notice:
            return outcome
        if isinstance(outcome.end, Suppressed) and outcome.end.rule is not Rule.UNKNOWN_TYPE:
            parked = ledger.of_event(outcome).get(key_of(outcome)) if outcome.record.replayed else None
            try:
                ledger.write(outcome, over=parked)
            except ConfigError as error:
                if not is_last:
                    return replace(outcome, end=Retry(error.code, error.detail))
        if is_last and isinstance(outcome.end, Retry) and outcome.code == STUB:
            outcome = replace(outcome, end=Delivered(warnings=("the row never came",), how=How.STUB))
            with suppress(ConfigError):
                ledger.write(outcome, over=ledger.of_event(outcome).get(key_of(outcome)))
        return outcome

    def _parked(self, group: list[Outcome], ledger: _GuardedLedger) -> list[Outcome]:
        """Park the record of these outcomes, unless that was done before."""
        lost = [one for one in group if isinstance(one.end, Parked) and not one.notice]
        lost += [one for one in group if isinstance(one.end, Retry) and not one.notice]
        known = ledger.of_event(lost[0])
        if not lost[0].record.replayed and all(_is_parked(known, one) for one in lost):
            return [_repeated(one, known[key_of(one)].record) if one in lost else one for one in group]
        try:
            self.dead_letters.park(_for_all(lost))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the queue still has the record
            problem = named(error)
            return [_retried(one, problem) if isinstance(one.end, Parked | Retry) else one for one in group]
        # A notice that was not posted is given up together with its record.
        parked = [_as_parked(one) if isinstance(one.end, Parked | Retry) else one for one in group]
        with suppress(ConfigError):
            for one in parked:
                if isinstance(one.end, Parked) and not one.notice:
                    ledger.write(one, over=known.get(key_of(one)))
        return parked

    def _waits(self, outcomes: Sequence[Outcome]) -> list[tuple[Record, float]]:
        """For each record that is tried again, the seconds until its first delivery is due."""
        waits: dict[str, tuple[Record, float]] = {}
        for one in outcomes:
            if isinstance(one.end, Retry):
                seconds = max(0.0, one.due - self.now()) if one.due else wait(one.record.attempt)
                before = waits.get(one.record.id, (one.record, seconds))[1]
                waits[one.record.id] = one.record, min(before, seconds)
        return list(waits.values())


class _GuardedLedger:
    """The ledger during one batch. Once it could not be reached it is not asked again: each time takes seconds."""

    def __init__(self, ledger: Ledger, now: Callable[[], float]) -> None:
        self._ledger = ledger
        self._now = now
        self._down: ConfigError | None = None

    def of_event(self, outcome: Outcome) -> Mapping[DeliveryKey, StoredRecord]:
        """Return all records of the outcome's event; none if the ledger cannot be reached."""
        try:
            return self._asked(lambda: self._ledger.of_event(key_of(outcome).event))
        except ConfigError:
            return {}

    def write(self, outcome: Outcome, over: StoredRecord | None = None) -> None:
        """Write down how a delivery ended. What another worker wrote meanwhile stays. Raises ConfigError."""
        self._write(key_of(outcome), outcome, _PHASES[type(outcome.end)], outcome.code, over)

    def close_others(self, outcomes: Sequence[Outcome]) -> None:
        """Close the deliveries that an earlier attempt at a record left open, and that this one, the last, lacks."""
        parked = next((one for one in outcomes if isinstance(one.end, Parked) and not one.notice), None)
        met = {key_of(one) for one in outcomes}
        for key, stored in self.of_event(outcomes[0]).items():
            if key not in met and stored.record.phase not in FINAL | {Phase.SENDING}:
                with suppress(ConfigError):
                    self._close(key, parked or outcomes[0], stored)

    def _close(self, key: DeliveryKey, by: Outcome, stored: StoredRecord) -> None:
        if isinstance(by.end, Parked):
            self._write(key, by, Phase.PARKED, by.code, stored)
        else:
            code = by.code if isinstance(by.end, Suppressed) else Rule.SUPERSEDED.value
            self._write(key, by, Phase.SUPPRESSED, code, stored)

    def _write(self, key: DeliveryKey, outcome: Outcome, phase: Phase, code: str, over: StoredRecord | None) -> None:
        event = outcome.event
        event_type, event_id = (event.type, str(event.id)) if event else ("", "")
        record = DeliveryRecord(phase, self._now(), code=code, event_type=event_type, event_id=event_id)
        if over:  # a replay first looks for what may have been posted
            before = over.record.abandoned
            posts, since = before.ambiguous_posts, before.ambiguous_since
            record = replace(record, ambiguous_posts=posts, ambiguous_since=since)
        with suppress(ConflictError):
            self._asked(lambda: self._ledger.write(key, record, over))

    def _asked(self, call: Callable[[], T]) -> T:
        if self._down:
            raise self._down
        try:
            return call()
        except ConfigError as error:
            self._down = error
            raise


def key_of(outcome: Outcome) -> DeliveryKey:
    """Return the key of an outcome's delivery in the ledger."""
    event = outcome.event.identity if outcome.event else outcome.record.id
    return DeliveryKey(event, outcome.notification, outcome.channel, outcome.notice)


def _by_record(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    records: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        records.setdefault(outcome.record.id, []).append(outcome)
    return list(records.values())


def _is_lost(outcome: Outcome) -> bool:
    """Whether its record has to be parked, when it does not come again. A notice is not worth that."""
    return isinstance(outcome.end, Parked | Retry) and not outcome.notice


def _as_parked(outcome: Outcome) -> Outcome:
    return replace(outcome, end=Parked(outcome.code, outcome.detail))


def _for_all(lost: Sequence[Outcome]) -> Outcome:
    """Return the outcome by which a record is parked: the first one, with the codes of the others."""
    first = lost[0]
    also = tuple(sorted({one.code for one in lost} - {first.code}))
    return replace(first, end=Parked(first.code, first.detail, also))


def _retried(outcome: Outcome, problem: NotifierError) -> Outcome:
    return replace(outcome, end=Retry(problem.code, problem.detail, outcome.due))


def _is_parked(known: Mapping[DeliveryKey, StoredRecord], outcome: Outcome) -> bool:
    stored = known.get(key_of(outcome))
    return stored is not None and stored.record.phase is Phase.PARKED


def _repeated(outcome: Outcome, record: DeliveryRecord) -> Outcome:
    event = outcome.event
    if event and (other := reused(record, event.type, str(event.id))):
        return replace(outcome, end=Repeated.by_another_event(other))
    return replace(outcome, end=Repeated(outcome.code, outcome.detail))
