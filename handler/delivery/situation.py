"""What is known of a delivery when it is decided what to do next."""

from __future__ import annotations

from typing import Literal

from handler.delivery.records import DeliveryRecord, Phase
from handler.frozen import frozen


@frozen
class Policy:
    """What the deployment chose. Only a bot can edit messages and read them back; a webhook can do neither."""

    can_edit: bool
    on_ambiguous: Literal["read-back", "repost", "park"]

    @property
    def reads_back(self) -> bool:
        """Whether the channel is read to find out the outcome of a post."""
        return self.on_ambiguous == "read-back"


@frozen
class Facts:
    """What a decision needs to know of a delivery. `backoff` is how many seconds a further attempt should wait."""

    event_type: str
    event_id: str
    in_thread: bool = False
    update: bool = False
    stub: bool = False
    replayed: bool = False
    backoff: float = 5.0


@frozen
class ChannelState:
    """A channel's rate limit: whether Slack asked to wait, and whether deliveries wait for their slots."""

    paused: bool = False
    has_waiters: bool = False


@frozen
class Place:
    """Where a message goes in its thread: behind the message `ts`; with an empty one, it becomes the first.

    While another worker posts the first message, `busy_until` says when to ask again (else 0).
    """

    ts: str = ""
    busy_until: float = 0.0


@frozen
class Situation:
    """What is known of a delivery at the Unix time `now`. Nothing is read before it is needed.

    `record` is the ledger's. None means that there is none; or, unless `ledger_read`, that nobody has looked. `place`
    is None until the thread was asked for. With `not_in_channel`, the channel was read, and the message is not there.
    """

    facts: Facts
    policy: Policy
    channel: ChannelState
    now: float
    record: DeliveryRecord | None = None
    ledger_read: bool = False
    place: Place | None = None
    not_in_channel: bool = False

    def next_record(self, before: DeliveryRecord, phase: Phase, **changes: object) -> DeliveryRecord:
        """Return what is written after `before`: the posts whose outcome is unknown stay counted."""
        return DeliveryRecord(
            phase,
            self.now,
            ambiguous_posts=before.ambiguous_posts,
            ambiguous_since=before.ambiguous_since,
            event_type=self.facts.event_type,
            event_id=self.facts.event_id,
            **changes,  # type: ignore[arg-type]
        )
