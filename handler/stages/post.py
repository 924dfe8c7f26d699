"""One post, between two writes of the ledger: the claim before it, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

from handler.delivery.backoff import wait
from handler.delivery.ledger import ConflictError, Ledger
from handler.delivery.records import DeliveryRecord, Phase, StoredRecord
from handler.delivery.threads import Thread, Threads
from handler.delivery.throttle import ChannelThrottle
from handler.errors import ConfigError, NotifierError, SlackError
from handler.fallback import noted
from handler.frozen import frozen
from handler.model import Message, Outcome, Receipt
from handler.ports import Editor, History, Sink
from handler.stages.deliver import Delivery

# A post has ended, well or not, after so long (adapters/slack_transport.py), clocks that differ a little included.
SENDING_SECONDS: Final = 20.0
# A message shows in a channel's history a moment after it was taken; Slack does not say how long that can be.
GRACE_SECONDS: Final = 10.0
# Without reading back, the one further post waits until a short failure of Slack's is over.
REPOST_SECONDS: Final = 120.0
# Where Slack asks to wait, and does not say for how long.
DEFAULT_PAUSE_SECONDS: Final = 30.0
# Of how many posts of one delivery nobody may know, where nothing is read back.
MAX_DOUBTS: Final = 2
# A message stands for a row that has not come yet, and is edited once it has.
STUB: Final = "ROW_STUB"

# Slack's words for a message that is gone or locked, or cannot be edited any more.
# https://docs.slack.dev/reference/methods/chat.postMessage, .../chat.update
_GONE: Final = frozenset(
    {
        "thread_not_found",
        "message_not_found",
        "cannot_reply_to_message",
        "restricted_action_thread_locked",
        "restricted_action_non_threadable_channel",
        "cant_update_message",
        "edit_window_closed",
    }
)
_BEGUN_ANEW: Final = "The first message of this thread is gone or locked; this one begins it anew."
_REPLACED: Final = "The message that this one replaces is gone or locked."

Doubt = Literal["repost", "park"]


@frozen
class Posting:
    """Slack, with what is remembered of it.

    `editor` is None where nothing can be edited, `history` where nothing can be read back: then `doubt` is the rule.
    """

    sink: Sink
    editor: Editor | None
    history: History | None
    doubt: Doubt
    ledger: Ledger
    gates: ChannelThrottle
    threads: Threads
    now: Callable[[], float]

    def thread(self, delivery: Delivery) -> Thread | None:
        """Return the thread that a message belongs to. Raises ConfigError (LEDGER_UNAVAILABLE)."""
        message = delivery.message
        if not message.thread or self.editor is None:
            return None
        return self.threads.join(message.destination, message.thread, delivery.key.mark)

    def marked(self, delivery: Delivery) -> Message:
        """Return the message with what it can be found by, where somebody may look for it."""
        return replace(delivery.message, mark=delivery.key.mark) if self.history else delivery.message

    def send(self, delivery: Delivery, known: StoredRecord | None, thread: Thread | None, edited: str) -> Outcome:
        """Claim the delivery, and post it, or edit the message `edited`. Raises ConflictError, ConfigError."""
        claim = self.entry(delivery, known, Phase.SENDING, until=self.now() + SENDING_SECONDS, ts=edited)
        return self._post(delivery, self.ledger.write(delivery.key, claim, known), thread)

    def _post(self, delivery: Delivery, claim: StoredRecord, thread: Thread | None, *, again: bool = False) -> Outcome:
        edited = claim.record.ts
        message = replace(self.marked(delivery), thread_ts=thread.ts if thread else "")
        began = time.perf_counter()
        try:
            receipt = self.editor.edit(message, edited) if edited and self.editor else self.sink.post(message)
        except NotifierError as error:
            is_gone = isinstance(error, SlackError) and error.reason in _GONE and (edited or message.thread_ts)
            return (
                self._begin_anew(delivery, claim, thread)
                if is_gone and not again
                else self._failed(delivery, claim, error)
            )
        took = {**delivery.milliseconds, "post": round(1000 * (time.perf_counter() - began), 1)}
        return self.posted(replace(delivery, milliseconds=took), claim, receipt, thread)

    def _begin_anew(self, delivery: Delivery, claim: StoredRecord, thread: Thread | None) -> Outcome:
        """Post without the message that is gone, and say so."""
        if thread:
            thread = self.threads.lost(thread, delivery.key.mark)
        if thread and thread.busy_until:
            return self._failed(delivery, claim, NotifierError("THREAD_BUSY"))
        unedited = self.entry(delivery, claim, Phase.SENDING, until=self.now() + SENDING_SECONDS)
        claim = self.ledger.write(delivery.key, unedited, claim)
        words = noted(delivery.message, _BEGUN_ANEW if thread else _REPLACED)
        return self._post(replace(delivery, message=words), claim, thread, again=True)

    def posted(self, delivery: Delivery, claim: StoredRecord, receipt: Receipt, thread: Thread | None) -> Outcome:
        """Write down what Slack said. From here on nothing may be posted again for want of the ledger."""
        stub = delivery.message.stub and self.editor is not None
        phase = Phase.STUB if stub else Phase.DELIVERED
        entry = self.entry(delivery, claim, phase, channel=receipt.channel, ts=receipt.ts, code=receipt.fallback)
        remarks = [receipt.fallback] if receipt.fallback else []
        try:
            self.ledger.write(delivery.key, entry, claim)
            if thread and not (thread.ts and (receipt.thread_ts or claim.record.ts)):
                remarks += self._first(delivery, receipt, thread)
        except ConflictError:
            remarks.append("another attempt took over meanwhile")
        except ConfigError as error:
            remarks.append(f"not in the ledger: {error}")
        if stub:
            return delivery.waits(STUB, self.now() + wait(delivery.record.attempt))
        return delivery.delivered(receipt, remarks)

    def _first(self, delivery: Delivery, receipt: Receipt, thread: Thread) -> list[str]:
        """Let the message be its thread's first; where it was meant as a reply, let it say so."""
        if not thread.ts:
            self.threads.begun(thread, receipt.ts, delivery.message.read_at)
            return []
        self.threads.begun(self.threads.lost(thread, delivery.key.mark), receipt.ts, delivery.message.read_at)
        try:
            if self.editor:
                self.editor.edit(noted(delivery.message, _BEGUN_ANEW), receipt.ts)
        except NotifierError as error:
            return [f"its thread is gone, which it does not say: {error.code}"]
        return ["its thread is gone: it begins it anew"]

    def _failed(self, delivery: Delivery, claim: StoredRecord, error: NotifierError) -> Outcome:
        """Write down that nothing was posted, or that nobody knows."""
        if error.code == "SLACK_AMBIGUOUS" and not claim.record.ts:
            return self._doubted(delivery, claim, error)
        due = self._due(delivery, error)
        entry = self.entry(delivery, claim, Phase.WAITING, until=due, code=error.code, ts=claim.record.ts)
        self._try_write(delivery, entry, claim)
        return replace(delivery.ended(error), due=due)

    def _due(self, delivery: Delivery, error: NotifierError) -> float:
        """When it makes sense to try again. A 429 closes the channel's gate for everybody."""
        if not (isinstance(error, SlackError) and error.code == "SLACK_RATE_LIMITED"):
            return self.now() + (wait(delivery.record.attempt) if error.retry else 0.0)
        seconds = DEFAULT_PAUSE_SECONDS if error.retry_after is None else error.retry_after
        try:
            self.gates.pause(delivery.message.destination, seconds)
            return self.gates.slot(delivery.message.destination)
        except ConfigError:
            return self.now() + seconds

    def _doubted(self, delivery: Delivery, claim: StoredRecord, error: NotifierError) -> Outcome:
        doubts, began = claim.record.ambiguous_posts + 1, claim.record.ambiguous_since or claim.record.at
        due = self.now() + (GRACE_SECONDS if self.history else REPOST_SECONDS)
        entry = self.entry(delivery, claim, Phase.UNKNOWN, until=due, code=error.code)
        self._try_write(delivery, replace(entry, ambiguous_posts=doubts, ambiguous_since=began), claim)
        if self.gives_up(doubts):
            return delivery.parked("SLACK_AMBIGUOUS", error.detail)
        return replace(delivery.ended(error), due=due)

    def gives_up(self, doubts: int) -> bool:
        """Whether nothing more is posted after so many posts of which nobody knows."""
        return self.history is None and (self.doubt == "park" or doubts >= MAX_DOUBTS)

    def _try_write(self, delivery: Delivery, entry: DeliveryRecord, over: StoredRecord) -> None:
        """Write where that is possible; else the claim stands, runs out, and counts as a doubt."""
        try:
            self.ledger.write(delivery.key, entry, over)
        except (ConflictError, ConfigError):
            return

    def entry(
        self,
        delivery: Delivery,
        known: StoredRecord | None,
        phase: Phase,
        *,
        until: float = 0.0,
        code: str = "",
        channel: str = "",
        ts: str = "",
    ) -> DeliveryRecord:
        """Return what is written next: the doubts so far go along."""
        doubts, doubted_at = (known.record.ambiguous_posts, known.record.ambiguous_since) if known else (0, 0.0)
        event = delivery.event
        return DeliveryRecord(
            phase, self.now(), until, code, channel, ts, doubts, doubted_at, event.type, str(event.id)
        )
