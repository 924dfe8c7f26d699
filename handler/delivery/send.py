"""Carries out what is decided for one delivery: reads, claims, posts, and writes down what happened."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Final

from handler.block_kit.fallback import with_footer
from handler.delivery.after import Failure, NewerShown, Result, SlotTaken, Step, after, anew, is_gone
from handler.delivery.backoff import wait
from handler.delivery.decide import (
    LEASE_SECONDS,
    Edit,
    NeedRecord,
    NeedThread,
    Post,
    ReadBack,
    Stop,
    TakeSlot,
    decide,
    retry,
)
from handler.delivery.delivery import Delivery, ended_by
from handler.delivery.ledger import ConflictError, Ledger
from handler.delivery.records import DeliveryRecord, StoredRecord
from handler.delivery.situation import Policy, Situation
from handler.delivery.tallies import Tallies
from handler.delivery.threads import Thread, Threads
from handler.delivery.throttle import ChannelThrottle, pause_after
from handler.errors import ConfigError, NotifierError, SlackError, named
from handler.frozen import frozen
from handler.model import Message, Receipt
from handler.outcome import Delivered, End, Outcome
from handler.ports import Slack

# How often another worker may be faster before the delivery is left for later.
_CONFLICTS: Final = 4
_FOOTERS: Final = {
    "thread": "The first message of this thread is gone or locked; this one begins it anew.",
    "message": "The message that this one replaces is gone or locked.",
}


@frozen
class Deliverer:
    """Slack, and what is remembered around each post. For several threads."""

    slack: Slack
    policy: Policy
    ledger: Ledger
    throttle: ChannelThrottle
    threads: Threads
    tallies: Tallies
    now: Callable[[], float]

    def invocation(self) -> AbstractContextManager[None]:
        """Read the rate limits of all channels while the block prepares the messages."""
        return self.throttle.refreshing()

    def __call__(self, delivery: Delivery) -> Outcome:
        """Bring a delivery as far as it gets now. Raises nothing."""
        attempt = _Attempt(self, delivery)
        try:
            end = attempt.run()
        except Exception as error:  # noqa: BLE001 - a defect that one delivery meets must not touch its neighbours
            problem = named(error)
            pause = problem.retry_after if isinstance(problem, SlackError) else None
            end = ended_by(problem, self.now() + pause if pause else 0.0)
        return attempt.delivery.outcome(end)


class _Attempt:
    """One attempt at one delivery: what was read so far, and the record and the thread as they are stored."""

    def __init__(self, by: Deliverer, delivery: Delivery) -> None:
        self._by = by
        self._given = self.delivery = delivery
        self._stored: StoredRecord | None = None
        self._thread: Thread | None = None
        self._it = self._unread()

    def run(self) -> End:
        """Decide and carry out until something ends it. Raises NotifierError."""
        for _ in range(_CONFLICTS):
            try:
                return self._run()
            except ConflictError as other:
                self._stored, self._thread, self.delivery = other.stored, None, self._given
                self._it = replace(self._unread(), record=other.stored.record, ledger_read=True)
        return retry("LEDGER_BUSY", self._by.now() + LEASE_SECONDS)

    def _run(self) -> End:
        while True:  # at most one of each read, and then an end
            match decision := decide(self._it):
                case Stop(end):
                    return end
                case NeedRecord():
                    self._read_record()
                case NeedThread():
                    self._join_thread()
                case TakeSlot():
                    return self._take_slot(decision)
                case ReadBack():
                    if found := self._find(decision):
                        return self._finish(after(self._now(), decision, found))
                    self._it = replace(self._now(), not_in_channel=True)
                case Post() | Edit():
                    return self._send(decision)

    def _unread(self) -> Situation:
        by, delivery = self._by, self.delivery
        channel = by.throttle.state(delivery.message.destination)
        return Situation(delivery.facts(wait(delivery.record.attempt)), by.policy, channel, by.now())

    def _now(self) -> Situation:
        return replace(self._it, now=self._by.now())

    # What is read

    def _read_record(self) -> None:
        key = self.delivery.key
        self._stored = self._by.ledger.of_event(key.event).get(key)
        record = self._stored.record if self._stored else None
        self._it = replace(self._now(), record=record, ledger_read=True)

    def _join_thread(self) -> None:
        message = self.delivery.message
        self._thread = self._by.threads.join(message.destination, message.thread, self.delivery.key.mark)
        self._it = replace(self._now(), place=self._thread.place)

    def _find(self, decision: ReadBack) -> Receipt | None:
        sought = replace(self._marked(), thread_ts=decision.thread_ts)
        return self._by.slack.find(sought, decision.since)

    # What is written

    def _take_slot(self, decision: TakeSlot) -> End:
        slot = self._by.throttle.slot(self.delivery.message.destination)
        return self._write(after(self._now(), decision, SlotTaken(slot)))

    def _send(self, decision: Post | Edit) -> End:
        """Claim, post or edit, and write down what came of it."""
        if isinstance(decision, Edit) and decision.newest_only:
            if not self._shows_this_next():
                return self._write(after(self._now(), decision, self._newer()))
            decision = replace(decision, claim=self._renewed(decision.claim))
        result = self._claim_and_call(decision)
        if is_gone(decision, result):
            decision, result = self._begin_anew(decision)
        return self._finish(after(self._now(), decision, result))

    def _claim_and_call(self, decision: Post | Edit) -> Result:
        self._stored = self._by.ledger.write(self.delivery.key, decision.claim, self._stored)
        return self._call(decision)

    def _begin_anew(self, gone: Post | Edit) -> tuple[Post | Edit, Result]:
        """Post a message in the place of what is gone, and say so in it."""
        if self._thread:
            self._thread = self._by.threads.lost(self._thread, self.delivery.key.mark)
            if self._thread.place.busy_until:
                return gone, Failure(NotifierError("THREAD_BUSY"))
        decision = anew(self._now(), gone, self._thread.place if self._thread else None)
        if decision.replaces:
            self.delivery = replace(
                self.delivery, message=with_footer(self.delivery.message, _FOOTERS[decision.replaces])
            )
        return decision, self._claim_and_call(decision)

    def _renewed(self, claim: DeliveryRecord) -> DeliveryRecord:
        """The claim with its full lease, after a call that can take seconds."""
        now = self._by.now()
        return replace(claim, at=now, until=now + LEASE_SECONDS)

    def _call(self, decision: Post | Edit) -> Result:
        """Call Slack once. Anything but a NotifierError is a defect, and leaves the claim to run out."""
        slack, message, began = self._by.slack, self._marked(), time.perf_counter()
        try:
            if isinstance(decision, Edit):
                receipt = slack.edit(message, decision.claim.ts)
            else:
                receipt = slack.post(replace(message, thread_ts=decision.thread_ts))
        except NotifierError as error:
            return Failure(error, self._slot_after(error))
        took = round(1000 * (time.perf_counter() - began), 1)
        self.delivery = replace(self.delivery, milliseconds={**self.delivery.milliseconds, "post": took})
        return receipt

    def _slot_after(self, error: NotifierError) -> float | None:
        """After a 429, pause the channel for everybody, and take a slot behind the others."""
        if error.code != "SLACK_RATE_LIMITED":
            return None
        seconds = pause_after(error)
        destination = self.delivery.message.destination
        try:
            self._by.throttle.pause(destination, seconds)
            return self._by.throttle.slot(destination)
        except ConfigError:
            return self._by.now() + seconds

    def _shows_this_next(self) -> bool:
        """Whether the thread's first message may show this: nothing that was read later is shown, or about to be."""
        newest = self._thread and self._by.threads.advance(self._thread, self.delivery.message.read_at)
        self._thread = newest or self._thread
        return newest is not None

    def _newer(self) -> NewerShown:
        ts = self._thread.place.ts if self._thread else ""
        return NewerShown(ts, self.delivery.message.destination)

    def _write(self, step: Step) -> End:
        """Write a record before anything is posted. Raises ConflictError, ConfigError."""
        self._by.ledger.write(self.delivery.key, step.record, self._stored)
        return step.end

    def _finish(self, step: Step) -> End:
        """Write down what Slack did. After this point, a ledger failure must not cause a second post."""
        warnings: tuple[str, ...] = ()
        try:
            self._by.ledger.write(self.delivery.key, step.record, self._stored)
            warnings = self._keep_thread(step)
        except ConflictError:
            warnings = ("another attempt took over meanwhile",)
        except ConfigError as error:
            warnings = (f"not in the ledger: {error}",)
        end = step.end
        return Delivered(end.receipt, (*end.warnings, *warnings), end.how) if isinstance(end, Delivered) else end

    def _keep_thread(self, step: Step) -> tuple[str, ...]:
        """Let the message be its thread's first; a reply that Slack posted outside of its thread says so."""
        thread, message, by = self._thread, self.delivery.message, self._by
        if thread is None or not (step.begins_thread or step.lost_thread):
            return ()
        if step.lost_thread:
            thread = by.threads.lost(thread, self.delivery.key.mark)
        by.threads.begun(thread, step.record.ts, message.read_at)
        if not step.lost_thread:
            return ()
        try:
            by.slack.edit(with_footer(message, _FOOTERS["thread"]), step.record.ts)
        except NotifierError as error:
            return (f"its thread is gone, which it does not say: {error.code}",)
        return ("its thread is gone: it begins it anew",)

    def _marked(self) -> Message:
        """The message with what it can be found by, where it may be looked for."""
        message = self.delivery.message
        return replace(message, mark=self.delivery.key.mark) if self._by.policy.reads_back else message
