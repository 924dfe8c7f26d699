"""An event of a soak: its content, when it is published, and how each of its deliveries must end."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Final, Literal

from handler.polling import messages
from handler.polling.state import PolledRow

End = Literal["delivered", "suppressed", "parked"]

# The poll of the soak, and the region of the orders that its SELECT returns.
POLL: Final = "soak.found"
POLLED_REGION: Final = "found"
# The first id of the soak's own orders; those of the sample shop end at 4200.
FIRST_ORDER: Final = 100_001
_NAMESPACE: Final = uuid.UUID("6f8c9f5e-52f1-4a52-9d0b-2f1d1c2a7b01")


@dataclass(frozen=True, slots=True)
class Expected:
    """One delivery of an event: `notification` and `channel` alias are the template's; it must end as `end`.

    An unreadable event is one delivery with neither.
    """

    notification: str
    channel: str
    end: End


@dataclass(frozen=True, slots=True)
class Event:
    """An event, published `at` seconds after the start; its row is written at `row_at` seconds (None: never).

    `identity` identifies its deliveries, `message_id` is SNS's id, and `body` is the message body in the queue. SQS
    delivers the message again after each of the seconds in `again`, and the publisher publishes it again after those in
    `republished`. A `polled` event is not published: a poll finds its row, and sends `body`.
    """

    number: int
    at: float
    order: int
    region: str
    row_at: float | None
    identity: str
    message_id: str
    body: str
    deliveries: tuple[Expected, ...]
    again: tuple[float, ...] = ()
    republished: tuple[float, ...] = ()
    polled: bool = False

    @property
    def posts(self) -> bool:
        """Whether at least one of its deliveries must be posted."""
        return any(one.end == "delivered" for one in self.deliveries)


def sale(number: int, at: float) -> Event:
    """Return an event that must end as one message in `orders`."""
    name = message_id(0, number)
    body = envelope(name, json.dumps({"type": "soak.sale", "id": FIRST_ORDER + number}))
    ends = (Expected("soak.sale", "orders", "delivered"),)
    return Event(number, at, FIRST_ORDER + number, "eu", at, name, name, body, ends)


def found(number: int, at: float, order: int) -> Event:
    """Return an event that only a poll finds. It must end as one message in `audit`."""
    name = messages.identity(POLL, order)
    body = messages.event(POLL, PolledRow(order, late=False), 0)
    ends = (Expected(POLL, "audit", "delivered"),)
    return Event(number, at, order, POLLED_REGION, at, name, name, body, ends, polled=True)


def envelope(name: str, message: str) -> str:
    """Return the body that a queue subscribed to a topic gets."""
    topic = "arn:aws:sns:us-east-1:000000000000:events"
    return json.dumps({"Type": "Notification", "MessageId": name, "TopicArn": topic, "Message": message})


def message_id(seed: int, number: int) -> str:
    """Return the SNS message id."""
    return str(uuid.uuid5(_NAMESPACE, f"{seed} {number}"))
