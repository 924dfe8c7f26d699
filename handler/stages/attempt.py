"""One delivery: what the ledger knows of it decides whether anything is posted.

    nothing known            post
    waiting                  post, once its time has come
    sending, still in time   leave it to the other one
    sending, out of time     nobody knows: read back, or follow the rule for doubts
    doubtful                 the same
    stub                     edit it, once there is more to say
    delivered, suppressed    nothing
    parked                   nothing, unless it is a replay

An edit may be repeated, so that there is no doubt about one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from handler.delivery.backoff import wait
from handler.delivery.ledger import ConflictError
from handler.delivery.records import FINAL, DeliveryRecord, Phase, StoredRecord
from handler.delivery.threads import Thread
from handler.delivery.throttle import EARLY_SECONDS
from handler.errors import SlackError, named
from handler.frozen import frozen
from handler.model import Outcome, Receipt
from handler.stages.deliver import Delivery
from handler.stages.post import GRACE_SECONDS, SENDING_SECONDS, STUB, Posting

_TURNS: Final = 4
_QUEUED: Final = "SLACK_RATE_LIMITED"


@frozen
class Attempting:
    """stages.deliver.Attempt, over the ledger."""

    posting: Posting

    def __call__(self, delivery: Delivery) -> Outcome:
        """Bring a delivery as far as it gets now. Nothing is raised."""
        known = None
        try:
            for _ in range(_TURNS):
                try:
                    return self._turn(delivery, known)
                except ConflictError as other:
                    known = other.stored
        except Exception as error:  # noqa: BLE001 - a defect met by one delivery must not touch its neighbours
            problem = named(error)
            pause = problem.retry_after if isinstance(problem, SlackError) else None
            return replace(delivery.ended(problem), due=self._now() + pause if pause else 0.0)
        return delivery.waits("LEDGER_BUSY", self._now() + SENDING_SECONDS)

    def _turn(self, delivery: Delivery, known: StoredRecord | None) -> Outcome:
        if known is None and self._is_crowded(delivery):  # then a slot is not taken in vain
            known = self.posting.ledger.of_event(delivery.key.event).get(delivery.key)
        if known is None:
            return self._send(delivery, None)
        entry = known.record
        if entry.phase in FINAL:
            anew = entry.phase is Phase.PARKED and delivery.record.replayed
            return self._replay(delivery, known) if anew else delivery.repeated(entry)
        if entry.until > self._now() and self._is_early(entry):
            return delivery.waits("LEDGER_BUSY" if entry.phase is Phase.SENDING else entry.code, entry.until)
        if entry.phase is Phase.UNKNOWN or (entry.phase is Phase.SENDING and not entry.ts):
            return self._resolve(delivery, known)
        if entry.phase is Phase.STUB and delivery.message.stub:
            return delivery.waits(STUB, self._now() + wait(delivery.record.attempt))
        return self._send(delivery, known)

    def _replay(self, delivery: Delivery, known: StoredRecord) -> Outcome:
        """Begin anew after PARKED; but what Slack may have taken before is looked for first, where that is possible."""
        if known.record.ambiguous_posts and self.posting.history:
            return self._resolve(delivery, known)
        return self._send(
            delivery, StoredRecord(replace(known.record, ambiguous_posts=0, ambiguous_since=0.0), known.item)
        )

    def _send(self, delivery: Delivery, known: StoredRecord | None) -> Outcome:
        """Post or edit now; or take a slot behind the others who wait for this channel."""
        gates, destination = self.posting.gates, delivery.message.destination
        edited = known.record.ts if known and known.record.phase is not Phase.PARKED else ""
        has_slot = known is not None and known.record.phase is Phase.WAITING and known.record.code == _QUEUED
        if gates.state(destination).paused or (self._is_crowded(delivery) and not has_slot):
            slot = gates.slot(destination)
            waiting = self.posting.entry(delivery, known, Phase.WAITING, until=slot, code=_QUEUED, ts=edited)
            self.posting.ledger.write(delivery.key, waiting, known)
            return delivery.waits(_QUEUED, slot)
        thread = self.posting.thread(delivery)
        if thread and thread.busy_until:
            soon = self._now() + wait(delivery.record.attempt)
            return delivery.waits("THREAD_BUSY", min(soon, thread.busy_until))
        if thread and thread.ts and delivery.message.update:
            newest = self.posting.threads.advance(thread, delivery.message.read_at)
            if newest is None:
                return self._outrun(delivery, known, thread)
            thread, edited = newest, edited or newest.ts
        return self.posting.send(delivery, known, thread, edited)

    def _outrun(self, delivery: Delivery, known: StoredRecord | None, thread: Thread) -> Outcome:
        """The message shows what was read after this by now, and stays as it is."""
        destination = delivery.message.destination
        shown = self.posting.entry(delivery, known, Phase.DELIVERED, channel=destination, ts=thread.ts)
        self.posting.ledger.write(delivery.key, shown, known)
        return delivery.delivered(Receipt(destination, thread.ts), ["a newer state is shown already"])

    def _is_early(self, entry: DeliveryRecord) -> bool:
        """Whether a delivery has to keep to its time. One that waits by backoff is due when its record comes.

        Else a record of several deliveries, each with its own jitter, would come in vain for most of them.
        """
        if entry.phase is not Phase.WAITING:
            return True
        return entry.code == _QUEUED and entry.until > self._now() + EARLY_SECONDS

    def _is_crowded(self, delivery: Delivery) -> bool:
        return self.posting.gates.state(delivery.message.destination).has_waiters

    def _resolve(self, delivery: Delivery, known: StoredRecord) -> Outcome:
        """A post of which nobody knows: look for it, or follow the rule."""
        entry, posting = known.record.abandoned, self.posting
        in_doubt = StoredRecord(entry, known.item)
        if posting.history is None:
            if posting.gives_up(entry.ambiguous_posts):
                return delivery.parked("SLACK_AMBIGUOUS", f"{entry.ambiguous_posts} posts of which nobody knows")
            return self._send(delivery, in_doubt)
        thread = posting.thread(delivery)
        sought = replace(posting.marked(delivery), thread_ts=thread.ts if thread else "")
        found = posting.history.find(sought, entry.ambiguous_since)
        if found:
            is_first = thread is not None and not thread.ts
            return replace(posting.posted(delivery, in_doubt, found, thread if is_first else None), code="READ_BACK")
        if self._now() < entry.until + GRACE_SECONDS:
            return delivery.waits("SLACK_AMBIGUOUS", entry.until + GRACE_SECONDS)
        return self._send(delivery, in_doubt)

    def _now(self) -> float:
        return self.posting.now()
