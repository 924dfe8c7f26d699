"""From outcomes to what becomes of their records: done, parked, or still in the queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from handler.delivery.backoff import wait
from handler.delivery.ledger import Ledger
from handler.delivery.records import DeliveryKey, Phase, StoredRecord
from handler.errors import ConfigError, named
from handler.frozen import frozen
from handler.model import Outcome, Record, State
from handler.ports import Park, Postpone
from handler.stages.book import Book, key_of
from handler.stages.deliver import REUSED, reused
from handler.stages.post import STUB


@frozen
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
        book = Book(self.ledger, self.now)
        settled = [one for record in _by_record(outcomes) for one in self._settled(record, book)]
        self.postpone.postpone(self._waits(settled))
        return settled

    def _settled(self, outcomes: list[Outcome], book: Book) -> list[Outcome]:
        is_last = outcomes[0].record.attempt >= self.max_receives
        settled = [self._noted(one, book, is_last=is_last) for one in outcomes]
        waiting = [one for one in settled if one.state is State.RETRY]
        if not waiting or is_last:
            hopeless = [one for one in settled if one.state is State.PARKED and not one.notice]
            lost = hopeless + [one for one in waiting if not one.notice]
            settled = self._parked(settled, lost, book) if lost else settled
            if outcomes[0].record.attempt > 1 and not any(one.state is State.RETRY for one in settled):
                book.sweep(settled)
        return settled

    def _noted(self, outcome: Outcome, book: Book, *, is_last: bool) -> Outcome:
        """Write down what is suppressed, and what a stub came to whose row never did.

        An event that no notification is for is nothing of ours.
        """
        if outcome.state is State.SUPPRESSED and outcome.notification:
            parked = book.known(outcome).get(key_of(outcome)) if outcome.record.replayed else None
            try:
                book.write(outcome, Phase.SUPPRESSED, parked)
            except ConfigError as error:
                if not is_last:
                    return replace(outcome, state=State.RETRY, code=error.code, detail=error.detail)
        if is_last and outcome.code == STUB:
            with suppress(ConfigError):
                book.write(outcome, Phase.DELIVERED, book.known(outcome).get(key_of(outcome)))
            return replace(outcome, state=State.DELIVERED, detail="the row never came", due=0.0)
        return outcome

    def _parked(self, outcomes: list[Outcome], lost: list[Outcome], book: Book) -> list[Outcome]:
        known = book.known(lost[0])
        if not lost[0].record.replayed and all(_is_parked(known, one) for one in lost):
            return [_repeated(one, known[key_of(one)]) if one in lost else one for one in outcomes]
        try:
            self.park.park(lost[0])
        except Exception as error:  # noqa: BLE001 - whatever went wrong, the queue still has the record
            problem = named(error)
            return [replace(one, state=State.RETRY, code=problem.code, detail=problem.detail) for one in outcomes]
        # A notice that was not posted by now goes with its record.
        gone = [*lost, *(one for one in outcomes if one.notice and one.state in (State.RETRY, State.PARKED))]
        with suppress(ConfigError):
            for one in gone:
                book.write(one, Phase.PARKED, known.get(key_of(one)))
        return [replace(one, state=State.PARKED, due=0.0) if one in gone else one for one in outcomes]

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


def _repeated(outcome: Outcome, known: StoredRecord) -> Outcome:
    if other := reused(known.record, outcome.event):
        return replace(outcome, state=State.REPEATED, code=REUSED, detail=other)
    return replace(outcome, state=State.REPEATED)


def _is_parked(known: Mapping[DeliveryKey, StoredRecord], outcome: Outcome) -> bool:
    entry = known.get(key_of(outcome))
    return entry is not None and entry.record.phase is Phase.PARKED
