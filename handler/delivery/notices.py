"""When the notice about a broken template is posted, edited, or only counts one more event. Pure.

All events that fail with one problem of one template share a notice in their channel. Two things are stored about it:

    its record    how far its post is, as with every delivery (records.py). It belongs to no event: any event that
                  comes while a post is due makes it
    its tally     how many events it stands for (tallies.py)

So 200 events are one message. A bot edits it; a webhook cannot, and posts the next notice after an hour.
"""

from __future__ import annotations

from typing import Final, Literal

from handler.delivery.decide import LEASE_SECONDS, gives_up
from handler.delivery.records import FINAL, DeliveryKey, DeliveryRecord, Phase
from handler.delivery.situation import ChannelState, Policy
from handler.delivery.tallies import Tally
from handler.frozen import frozen

# A count that changes more often than this can hardly be read. Slack allows about 50 edits a minute in all.
# https://docs.slack.dev/apis/web-api/rate-limits
EDIT_SECONDS: Final = 30.0
# How long a webhook, which cannot edit, waits before it posts the next notice.
REPOST_SECONDS: Final = 3600.0

Act = Literal["post", "edit", "nothing"]


@frozen
class Standing:
    """What is known of a notice when an event fails. `is_new`: the event has not been counted yet."""

    tally: Tally | None
    record: DeliveryRecord | None
    is_new: bool
    policy: Policy
    channel: ChannelState
    now: float


@frozen
class Plan:
    """The tally to write (None: it stays), and what to do then."""

    tally: Tally | None
    act: Act


def plan(it: Standing) -> Plan:
    """Return what an event that failed does to the notice about its problem."""
    tally, record = it.tally, it.record
    if tally is None:
        return Plan(Tally.first(it.now), "post")
    if not _has_ended(record, it.policy):
        if not it.is_new:  # it may be the one that has to post, and came back for it
            return Plan(None, "post")
        return Plan(tally.counted(), "post" if _is_due(tally, record, it.now) else "nothing")
    if not it.is_new:
        return Plan(None, "nothing")
    quiet = it.now - max(tally.told_at, record.at if record else 0.0)
    if it.policy.can_edit:
        is_posted = record is not None and record.phase is Phase.DELIVERED
        is_free = not (it.channel.paused or it.channel.has_waiters)
        can_tell = is_posted and is_free and quiet >= EDIT_SECONDS
        return Plan(tally.retold(it.now), "edit") if can_tell else Plan(tally.counted(), "nothing")
    if quiet >= REPOST_SECONDS:
        return Plan(tally.following(it.now), "post")
    return Plan(tally.counted(), "nothing")


def _has_ended(record: DeliveryRecord | None, policy: Policy) -> bool:
    """Whether nothing more is posted: the notice is in the channel, or its posts' outcomes stay unknown."""
    if record is None:
        return False
    if record.phase in (Phase.UNKNOWN, Phase.SENDING):
        return gives_up(policy, record.abandoned.ambiguous_posts)
    return record.phase in FINAL


def _is_due(tally: Tally, record: DeliveryRecord | None, now: float) -> bool:
    """Whether a post is due that nobody is making: the event that was to make it failed, or was killed."""
    return now >= (record.until if record else tally.began + LEASE_SECONDS)


def key_of_notice(problem: str, began: float, notification: str, channel: str) -> DeliveryKey:
    """Return the key of a notice's record. In place of an event's identity it has a text that no event can have.

    An identity has only printable characters (handler/stages/parse.py).
    """
    return DeliveryKey(f"notice\n{problem}\n{began!r}", notification, channel, notice=True)
