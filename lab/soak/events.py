"""An event of a soak: what is published, when, and how each of its deliveries has to end."""

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
# Orders of the soak's own; those of the sample shop end at 4200.
FIRST_ORDER: Final = 100_001
_NAMESPACE: Final = uuid.UUID("6f8c9f5e-52f1-4a52-9d0b-2f1d1c2a7b01")


@dataclass(frozen=True, slots=True)
class Expected:
    """One delivery of an event: `notification` and `channel` are the template's and its alias, and `end` how it ends.

    An event that nobody can read is one delivery without either.
    """

    notification: str
    channel: str
    end: End


@dataclass(frozen=True, slots=True)
class Event:
    """An event. `at` is the second, from the start, at which it is published, `row_at` its row (None: never).

    `identity` is what its deliveries are known by, `message_id` SNS's name of it, and `body` what a queue gets from it.
    `again` are the seconds after which SQS delivers the same message once more, `republished` those after which the
    publisher repeats itself. Nobody publishes one that is `polled`: a poll finds its row, and sends `body`.
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
        """Whether it is meant to be posted at least once."""
        return any(one.end == "delivered" for one in self.deliveries)


def sale(number: int, at: float) -> Event:
    """Return an event that ends in one message in `orders`."""
    name = message_id(0, number)
    body = envelope(name, json.dumps({"type": "soak.sale", "id": FIRST_ORDER + number}))
    ends = (Expected("soak.sale", "orders", "delivered"),)
    return Event(number, at, FIRST_ORDER + number, "eu", at, name, name, body, ends)


def found(number: int, at: float, order: int) -> Event:
    """Return an event that only a poll knows of. It ends in one message in `audit`."""
    name = messages.identity(POLL, order)
    body = messages.event(POLL, PolledRow(order, late=False), 0)
    ends = (Expected(POLL, "audit", "delivered"),)
    return Event(number, at, order, POLLED_REGION, at, name, name, body, ends, polled=True)


def envelope(name: str, message: str) -> str:
    """Return what a queue that is subscribed to a topic gets."""
    topic = "arn:aws:sns:us-east-1:000000000000:events"
    return json.dumps({"Type": "Notification", "MessageId": name, "TopicArn": topic, "Message": message})


def message_id(seed: int, number: int) -> str:
    """Return what SNS calls a message."""
    return str(uuid.uuid5(_NAMESPACE, f"{seed} {number}"))
