"""How a delivery ends: one type for each end, and the Outcome that is logged and counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import ClassVar, Final

from handler.frozen import frozen
from handler.model import Event, Receipt, Record


class State(StrEnum):
    """How a delivery can end. RETRY leaves its record in the queue; the other states are final.

    REPEATED means that the delivery had ended before, so nothing was done.
    """

    DELIVERED = "delivered"
    SUPPRESSED = "suppressed"
    PARKED = "parked"
    REPEATED = "repeated"
    RETRY = "retry"


class Rule(StrEnum):
    """The rule by which nothing was posted. The value is logged as the code."""

    WHEN = "WHEN"  # its `when` does not hold
    NO_ROUTE = "NO_ROUTE"  # none of its routes holds
    ROW_NOT_FOUND = "ROW_NOT_FOUND"  # `missing: skip`: the row never appeared,
    API_NOT_FOUND = "API_NOT_FOUND"  # the API never had the document,
    ROW_STALE = "ROW_STALE"  # or the row never reached the event's version
    COUNTED = "NOTICE_COUNTED"  # its template is broken, and the notice about that counts one more event
    SUPERSEDED = "SUPERSEDED"  # at a later attempt, the template no longer asked for this delivery
    UNKNOWN_TYPE = "EVENT_TYPE_UNKNOWN"  # no template has this type, and the deployment ignores such events


class How(StrEnum):
    """How the function knows that Slack has a message. The value is logged as the code."""

    POSTED = ""
    FOUND = "READ_BACK"  # an earlier post was found in the channel
    STUB = "ROW_STUB"  # a message without its row was posted, and the row never appeared


# The code of an event that is not posted because another event has used its `event_id`: a mistake of the publisher.
IDENTITY_REUSED: Final = "EVENT_IDENTITY_REUSED"


@frozen
class Delivered:
    """Slack has the message. `warnings` say how it differs from what the template asks for."""

    state: ClassVar = State.DELIVERED
    receipt: Receipt | None = None
    warnings: tuple[str, ...] = ()
    how: How = How.POSTED

    @property
    def code(self) -> str:
        """What is logged as the code."""
        return self.how.value

    @property
    def detail(self) -> str:
        """What is logged as the detail."""
        return "; ".join(self.warnings)


@frozen
class Suppressed:
    """Nothing was posted because of a rule; `detail` is the rule's place in the template."""

    state: ClassVar = State.SUPPRESSED
    rule: Rule
    detail: str = ""

    @property
    def code(self) -> str:
        """What is logged as the code."""
        return self.rule.value


@frozen
class Parked:
    """The delivery cannot succeed. Its record goes to the dead-letter queue.

    A record is parked once for all its deliveries: `also` are the codes of the others that could not succeed.
    """

    state: ClassVar = State.PARKED
    code: str
    detail: str = ""
    also: tuple[str, ...] = ()


@frozen
class Repeated:
    """The delivery had already ended with this code; with `identity_reused` it was another event's delivery."""

    state: ClassVar = State.REPEATED
    code: str
    detail: str = ""
    receipt: Receipt | None = None

    @classmethod
    def by_another_event(cls, detail: str, receipt: Receipt | None = None) -> Repeated:
        """Return the end of a delivery whose `event_id` another event has used."""
        return cls(IDENTITY_REUSED, detail, receipt)

    @property
    def identity_reused(self) -> bool:
        """Whether another event has used the `event_id`."""
        return self.code == IDENTITY_REUSED


@frozen
class Retry:
    """It is tried again at `due`, a Unix time (0: by the number of attempts)."""

    state: ClassVar = State.RETRY
    code: str
    detail: str = ""
    due: float = 0.0


End = Delivered | Suppressed | Parked | Repeated | Retry


@frozen
class Outcome:
    """How one attempt at a delivery ended, and what was known by then.

    A `notice` tells a channel about a broken template; the delivery that it replaces has an outcome of its own.
    `milliseconds` is the duration of each stage.
    """

    record: Record
    end: End
    event: Event | None = None
    notification: str = ""
    channel: str = ""
    notice: bool = False
    milliseconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def state(self) -> State:
        """The state of the end."""
        return self.end.state

    @property
    def code(self) -> str:
        """The code or the rule of the end."""
        return self.end.code

    @property
    def detail(self) -> str:
        """Details of the end, for the log."""
        return self.end.detail

    @property
    def receipt(self) -> Receipt | None:
        """Slack's answer, if it has the message."""
        return self.end.receipt if isinstance(self.end, Delivered | Repeated) else None

    @property
    def due(self) -> float:
        """When it is tried again, a Unix time; 0 if that is unknown, or never."""
        return self.end.due if isinstance(self.end, Retry) else 0.0

    @property
    def ignored(self) -> bool:
        """Whether no template has the event's type, and the deployment ignores such events (EventTypes=known)."""
        return isinstance(self.end, Suppressed) and self.end.rule is Rule.UNKNOWN_TYPE
