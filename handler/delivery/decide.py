"""What to do next for one delivery. Pure: nothing here reads or writes anything.

`decide` looks at the delivery's record:

    none                          post
    waiting                       post; one that waits for a slot posts when its time has come
    sending, lease still valid    leave it to the worker that has it
    sending, lease over           the worker is gone: the outcome of its post is unknown
    unknown                       read the channel back, or follow the deployment's rule
    stub                          edit the message as soon as there is more to say
    delivered, suppressed         nothing: it has ended
    parked                        nothing, unless it is replayed

It asks for more (`NeedRecord`, `NeedThread`, `ReadBack`) only where the answer matters, so a delivery that goes well
reads nothing. `after` (after.py) takes a decision and its result.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from handler.delivery.records import FINAL, DeliveryRecord, Phase
from handler.delivery.situation import Facts, Policy, Situation
from handler.errors import CODES
from handler.frozen import frozen
from handler.model import Receipt
from handler.outcome import End, Parked, Repeated, Retry

# A post has ended, well or not, within this time (the Slack adapter's limits), with room for clocks that differ.
LEASE_SECONDS: Final = 20.0
# A message appears in a channel's history a moment after Slack accepted it; Slack does not say how long that can take.
GRACE_SECONDS: Final = 10.0
# Without reading back, the one further post waits until a short failure of Slack's is over.
REPOST_SECONDS: Final = 120.0
# How many posts of one delivery may have an unknown outcome, where nothing is read back.
MAX_AMBIGUOUS_POSTS: Final = 2
# The code of a delivery whose message stands for a row that has not come yet, and is edited once it has.
STUB: Final = "ROW_STUB"
QUEUED: Final = "SLACK_RATE_LIMITED"
AMBIGUOUS: Final = "SLACK_AMBIGUOUS"

# A delivery may come this much before its slot: a queue counts in whole seconds.
EARLY_SECONDS: Final = 1.0


@frozen
class NeedRecord:
    """Read the delivery's record."""


@frozen
class NeedThread:
    """Find the thread; where there is none yet, claim it."""


@frozen
class TakeSlot:
    """Take the channel's next slot, and wait for it. `before` is the record until then."""

    before: DeliveryRecord


@frozen
class ReadBack:
    """Look for the message in the channel, and in the thread `thread_ts`, since the Unix time `since`."""

    before: DeliveryRecord
    since: float
    thread_ts: str = ""
    begins_thread: bool = False


@frozen
class Post:
    """Write `claim`, then post the message: as a reply to `thread_ts`, or as the first of its thread.

    `replaces` says what is gone, and is replaced by this message: its thread, or the message to edit.
    """

    claim: DeliveryRecord
    thread_ts: str = ""
    begins_thread: bool = False
    replaces: Literal["", "thread", "message"] = ""


@frozen
class Edit:
    """Write `claim`, then edit the message `claim.ts`.

    With `newest_only` several events edit that message. One that was read earlier must not overwrite a later one.
    """

    claim: DeliveryRecord
    newest_only: bool = False
    begins_thread: bool = False


@frozen
class Stop:
    """Do nothing now: the delivery waits, or has ended."""

    end: End


Decision = NeedRecord | NeedThread | TakeSlot | ReadBack | Post | Edit | Stop


def decide(it: Situation) -> Decision:
    """Return the next thing to do."""
    record = it.record
    if record is None:
        if it.channel.has_waiters and not it.ledger_read:  # it may have a slot already
            return NeedRecord()
        return _send(it, DeliveryRecord(Phase.WAITING, it.now))
    if record.phase in FINAL:
        return _ended(it, record)
    if record.until > it.now and _keeps_its_time(it, record):
        return _wait("LEDGER_BUSY" if record.phase is Phase.SENDING else record.code, record.until)
    if record.phase is Phase.UNKNOWN or (record.phase is Phase.SENDING and not record.ts):
        return _resolve(it, record.abandoned)
    if record.phase is Phase.STUB and it.facts.stub:
        return _wait(STUB, it.now + it.facts.backoff)
    return _send(it, record)


def _ended(it: Situation, record: DeliveryRecord) -> Decision:
    """After the end nothing is posted, except by a replay of what was parked."""
    if record.phase is not Phase.PARKED or not it.facts.replayed:
        return Stop(repeated(record, it.facts))
    if record.ambiguous_posts and it.policy.reads_back:  # one of them may be in the channel
        return _resolve(it, record)
    return _send(it, replace(record, ambiguous_posts=0, ambiguous_since=0.0))


def _keeps_its_time(it: Situation, record: DeliveryRecord) -> bool:
    """Whether a delivery has to wait until its record's time. One that waits by backoff may come with its event.

    Otherwise an event with several deliveries, each with its own jitter, would come in vain for most of them.
    """
    if record.phase is not Phase.WAITING:
        return True
    return record.code == QUEUED and record.until > it.now + EARLY_SECONDS


def _resolve(it: Situation, record: DeliveryRecord) -> Decision:
    """The outcome of a post is unknown: look for the message, or follow the rule."""
    if not it.policy.reads_back:
        if gives_up(it.policy, record.ambiguous_posts):
            return Stop(Parked(AMBIGUOUS, f"{record.ambiguous_posts} posts whose outcome is unknown"))
        return _send(it, record)
    if _needs_thread(it):
        return NeedThread()
    if not it.not_in_channel:
        place = it.place
        begins = place is not None and not place.ts
        return ReadBack(record, record.ambiguous_since, place.ts if place else "", begins)
    if it.now < record.until + GRACE_SECONDS:
        return _wait(AMBIGUOUS, record.until + GRACE_SECONDS)
    return _send(it, record)


def _send(it: Situation, record: DeliveryRecord) -> Decision:
    """Post or edit now; or take a slot behind the others that wait for this channel."""
    edited = record.ts if it.policy.can_edit and record.phase is not Phase.PARKED else ""
    has_slot = record.phase is Phase.WAITING and record.code == QUEUED
    if it.channel.paused or (it.channel.has_waiters and not has_slot):
        return TakeSlot(it.next_record(record, Phase.WAITING, code=QUEUED, ts=edited))
    if _needs_thread(it):
        return NeedThread()
    place = it.place
    if place and place.busy_until:
        return _wait("THREAD_BUSY", min(it.now + it.facts.backoff, place.busy_until))
    newest_only = place is not None and bool(place.ts) and it.facts.update
    if newest_only and place:
        edited = edited or place.ts
    claim = it.next_record(record, Phase.SENDING, until=it.now + LEASE_SECONDS, ts=edited)
    begins = place is not None and not place.ts
    if edited:
        return Edit(claim, newest_only, begins)
    return Post(claim, place.ts if place else "", begins)


def _needs_thread(it: Situation) -> bool:
    return it.facts.in_thread and it.policy.can_edit and it.place is None


def gives_up(policy: Policy, ambiguous_posts: int) -> bool:
    """Whether nothing more is posted after this many posts whose outcome is unknown."""
    return not policy.reads_back and (policy.on_ambiguous == "park" or ambiguous_posts >= MAX_AMBIGUOUS_POSTS)


def repeated(record: DeliveryRecord, facts: Facts) -> Repeated:
    """Return the end of a delivery that had ended before."""
    receipt = Receipt(record.channel, record.ts) if record.channel else None
    if other := reused(record, facts.event_type, facts.event_id):
        return Repeated.by_another_event(other, receipt)
    return Repeated(record.phase.value.upper(), record.code, receipt)


def reused(record: DeliveryRecord, event_type: str, event_id: str) -> str:
    """Return what to say where a record is about another event with the same `event_id`; empty where it is not.

    Records of early versions do not say what they are about.
    """
    if not record.event_type or (record.event_type, record.event_id) == (event_type, event_id):
        return ""
    theirs = f"{record.event_type} {record.event_id}"
    return f"{event_type} {event_id} has the event_id of {theirs}, so it was not posted"


def retry(code: str, due: float) -> Retry:
    """Return the end of a delivery that is tried again at `due`, a Unix time."""
    return Retry(code, CODES[code].meaning if code in CODES else "", due)


def _wait(code: str, due: float) -> Stop:
    return Stop(retry(code, due))
