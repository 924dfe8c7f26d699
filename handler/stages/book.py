"""The ledger as it is settled at the end of an invocation: what ended without a post is written down here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, TypeVar

from handler.delivery.ledger import ConflictError, Ledger
from handler.delivery.records import FINAL, DeliveryKey, DeliveryRecord, Phase, StoredRecord
from handler.errors import ConfigError
from handler.model import Outcome, State

# The rule of a delivery that its event did not ask for any more when it came again: a route or a `when` had changed.
SUPERSEDED: Final = "SUPERSEDED"

T = TypeVar("T")


class Book:
    """The ledger for one settlement. Once it cannot be reached it is not asked again: each time takes seconds."""

    def __init__(self, ledger: Ledger, now: Callable[[], float]) -> None:
        self._ledger = ledger
        self._now = now
        self._down: ConfigError | None = None

    def known(self, outcome: Outcome) -> Mapping[DeliveryKey, StoredRecord]:
        """Return what the ledger has of the outcome's event; nothing where it cannot be asked."""
        try:
            return self._asked(lambda: self._ledger.of_event(key_of(outcome).event))
        except ConfigError:
            return {}

    def write(self, outcome: Outcome, phase: Phase, over: StoredRecord | None = None) -> None:
        """Write down how a delivery ended; what stands there by now has its own reason to. Raises ConfigError."""
        self._write(key_of(outcome), outcome, phase, over)

    def sweep(self, outcomes: Sequence[Outcome]) -> None:
        """Close what an earlier attempt at a record left open, and what this one, which is its last, did not meet."""
        parked = next((one for one in outcomes if one.state is State.PARKED and not one.notice), None)
        met = {key_of(one) for one in outcomes}
        for key, known in self.known(outcomes[0]).items():
            if key not in met and known.record.phase not in FINAL | {Phase.SENDING}:
                with suppress(ConfigError):
                    self._write(key, parked or outcomes[0], Phase.PARKED if parked else Phase.SUPPRESSED, known)

    def _write(self, key: DeliveryKey, outcome: Outcome, phase: Phase, over: StoredRecord | None) -> None:
        event, code = outcome.event, outcome.code
        if phase is Phase.SUPPRESSED and outcome.state is not State.SUPPRESSED:
            code = SUPERSEDED
        event_type, event_id = (event.type, str(event.id)) if event else ("", "")
        entry = DeliveryRecord(phase, self._now(), code=code, event_type=event_type, event_id=event_id)
        if over:  # a replay reads back first what may have been posted
            before = over.record.abandoned
            entry = replace(entry, ambiguous_posts=before.ambiguous_posts, ambiguous_since=before.ambiguous_since)
        with suppress(ConflictError):
            self._asked(lambda: self._ledger.write(key, entry, over))

    def _asked(self, call: Callable[[], T]) -> T:
        if self._down:
            raise self._down
        try:
            return call()
        except ConfigError as error:
            self._down = error
            raise


def key_of(outcome: Outcome) -> DeliveryKey:
    """Return what the ledger knows an outcome's delivery by."""
    event = outcome.event.identity if outcome.event else outcome.record.id
    return DeliveryKey(event, outcome.notification, outcome.channel, outcome.notice)
