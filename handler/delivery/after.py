"""What to remember of a delivery after a decision was carried out, and how it ends. Pure, like `decide`."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from handler.delivery.decide import (
    AMBIGUOUS,
    GRACE_SECONDS,
    LEASE_SECONDS,
    QUEUED,
    REPOST_SECONDS,
    STUB,
    Edit,
    Post,
    ReadBack,
    TakeSlot,
    gives_up,
    retry,
)
from handler.delivery.records import DeliveryRecord, Phase
from handler.delivery.situation import Place, Situation
from handler.errors import NotifierError, SlackError
from handler.frozen import frozen
from handler.model import Receipt
from handler.outcome import Delivered, End, How, Parked, Retry

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


@frozen
class Failure:
    """Slack was not reached, or refused. `slot` is the Unix time of the slot that was taken after a 429, if any."""

    error: NotifierError
    slot: float | None = None


@frozen
class NewerShown:
    """The message to edit shows what was read later than this."""

    ts: str
    destination: str


@frozen
class SlotTaken:
    """The slot's Unix time."""

    at: float


Result = Receipt | Failure | NewerShown | SlotTaken


@frozen
class Step:
    """The record to write, and how the delivery ends.

    With `begins_thread` the message is the first of its thread. With `lost_thread` it was meant as a reply, but Slack
    posted it outside of the thread, whose first message is gone.
    """

    record: DeliveryRecord
    end: End
    begins_thread: bool = False
    lost_thread: bool = False


def is_gone(decision: Post | Edit, result: Result) -> bool:
    """Whether the message to edit, or the thread to reply to, is gone or locked, so that a new message takes its place.

    That happens once for a delivery.
    """
    if not isinstance(result, Failure) or not isinstance(result.error, SlackError) or result.error.reason not in _GONE:
        return False
    return isinstance(decision, Edit) or (bool(decision.thread_ts) and not decision.replaces)


def anew(it: Situation, decision: Post | Edit, place: Place | None) -> Post:
    """Return the post that takes the place of what is gone. `place` is where its thread is now (None: no thread).

    Usually it begins the thread anew. If another worker has done that meanwhile, it is a reply.
    """
    claim = it.next_record(decision.claim, Phase.SENDING, until=it.now + LEASE_SECONDS)
    if place and not place.ts:
        return Post(claim, begins_thread=True, replaces="thread")
    thread_ts = place.ts if place else ""
    return Post(claim, thread_ts, replaces="message" if isinstance(decision, Edit) else "")


def after(it: Situation, decision: TakeSlot | ReadBack | Post | Edit, result: Result) -> Step:
    """Return what to remember after a decision was carried out."""
    record = decision.claim if isinstance(decision, Post | Edit) else decision.before
    match result:
        case SlotTaken():
            waiting = it.next_record(record, Phase.WAITING, until=result.at, code=QUEUED, ts=record.ts)
            return Step(waiting, retry(QUEUED, result.at))
        case NewerShown():
            shown = it.next_record(record, Phase.DELIVERED, channel=result.destination, ts=result.ts)
            receipt = Receipt(result.destination, result.ts)
            return Step(shown, Delivered(receipt, ("a newer state is shown already",)))
        case Receipt():
            return _accepted(it, decision, record, result)
        case Failure():
            return Step(*_failed(it, record, result))


def _accepted(
    it: Situation, decision: TakeSlot | ReadBack | Post | Edit, record: DeliveryRecord, receipt: Receipt
) -> Step:
    """Slack has the message."""
    begins = not isinstance(decision, TakeSlot) and decision.begins_thread
    lost = isinstance(decision, Post) and bool(decision.thread_ts) and not receipt.thread_ts
    is_stub = it.facts.stub and it.policy.can_edit
    phase = Phase.STUB if is_stub else Phase.DELIVERED
    known = it.next_record(record, phase, code=receipt.fallback, channel=receipt.channel, ts=receipt.ts)
    if is_stub:
        return Step(known, retry(STUB, it.now + it.facts.backoff), begins, lost)
    warnings = (receipt.fallback,) if receipt.fallback else ()
    how = How.FOUND if isinstance(decision, ReadBack) else How.POSTED
    return Step(known, Delivered(receipt, warnings, how), begins, lost)


def _failed(it: Situation, record: DeliveryRecord, failure: Failure) -> tuple[DeliveryRecord, End]:
    """Nothing was posted; or it is unknown whether anything was. An edit can be repeated whatever its outcome."""
    error = failure.error
    if error.code == AMBIGUOUS and not record.ts:
        posts, since = record.ambiguous_posts + 1, record.ambiguous_since or record.at
        due = it.now + (GRACE_SECONDS if it.policy.reads_back else REPOST_SECONDS)
        unknown = it.next_record(record, Phase.UNKNOWN, until=due, code=error.code)
        unknown = replace(unknown, ambiguous_posts=posts, ambiguous_since=since)
        if gives_up(it.policy, posts):
            return unknown, Parked(AMBIGUOUS, error.detail)
        return unknown, Retry(AMBIGUOUS, error.detail, due)
    due = failure.slot or it.now + (it.facts.backoff if error.retry else 0.0)
    waiting = it.next_record(record, Phase.WAITING, until=due, code=error.code, ts=record.ts)
    return waiting, Retry(error.code, error.detail, due) if error.retry else Parked(error.code, error.detail)
