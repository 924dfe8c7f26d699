"""An SQS standard queue: at-least-once delivery, no guaranteed order. The caller passes the time; no clock is read.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
Where AWS documents no behaviour, the one that is harder on clients was chosen, and a comment says so.
"""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

LONGEST_SECONDS: Final = 43_200.0  # default visibility timeout in seconds


class ReceiptError(ValueError):
    """An invalid receipt: the message was received again, or is no longer in flight."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message. `visible_at`, `sent_at` and `received_at` are Unix times; `receipt` is that of the latest receive."""

    id: str
    body: str
    sent_at: float
    visible_at: float
    attributes: Mapping[str, str] = field(default_factory=dict)
    receives: int = 0
    first_received_at: float = 0.0
    received_at: float = 0.0
    receipt: str = ""


class Queue:
    """A thread-safe queue. With `dead_letters`, messages that were received `max_receives` times move there."""

    def __init__(
        self,
        name: str,
        *,
        visibility: float = 360.0,
        max_receives: int = 0,
        dead_letters: Queue | None = None,
        random: Random | None = None,
    ) -> None:
        self.name = name
        self._visibility = visibility
        self._max_receives = max_receives
        self._dead_letters = dead_letters
        self._random = random or Random()
        # By our own key: a message that is delivered twice is stored as two messages with one id.
        self._messages: dict[str, Message] = {}
        self._lock = threading.RLock()

    @property
    def messages(self) -> list[Message]:
        """Return the messages in the queue, visible or not, oldest first."""
        with self._lock:
            return list(self._messages.values())

    def send(
        self, body: str, now: float, *, attributes: Mapping[str, str] | None = None, delay: float = 0.0, name: str = ""
    ) -> Message:
        """Add a message. With the `name` of another one, it is a duplicate delivery of that message."""
        message = Message(name or str(uuid.uuid4()), body, now, now + delay, attributes or {})
        with self._lock:
            self._messages[str(uuid.uuid4())] = message
        return message

    def receive(self, now: float, limit: int = 10, visibility: float | None = None) -> list[Message]:
        """Receive visible messages, roughly oldest first, and hide them for `visibility` seconds."""
        hidden = self._visibility if visibility is None else visibility
        received: list[Message] = []
        with self._lock:
            visible = [(key, message) for key, message in self._messages.items() if message.visible_at <= now]
            visible.sort(key=lambda pair: pair[1].visible_at + self._random.random())
            for key, message in visible:
                if len(received) == limit:
                    break
                if self._dead_letters and message.receives >= self._max_receives:
                    self._bury(key, now)
                    continue
                self._messages[key] = _received(message, now, hidden, f"{key}:{uuid.uuid4()}")
                received.append(self._messages[key])
        return received

    def delete(self, receipt: str) -> None:
        """Delete a message. The receipt of an earlier receive has no effect, as AWS warns."""
        key = receipt.partition(":")[0]
        with self._lock:
            if key in self._messages and self._messages[key].receipt == receipt:
                del self._messages[key]

    def change_visibility(self, receipt: str, seconds: float, now: float) -> None:
        """Make a message in flight visible after `seconds`. Raises ReceiptError.

        AWS does not document what happens with the receipt of an earlier receive.
        """
        key = receipt.partition(":")[0]
        with self._lock:
            message = self._messages.get(key)
            if message is None or message.receipt != receipt or message.visible_at <= now:
                raise ReceiptError("the message is not in flight under this receipt")
            if now + seconds - message.received_at > LONGEST_SECONDS:
                raise ReceiptError("Total VisibilityTimeout for the message is beyond the limit [43200 seconds]")
            self._messages[key] = replace(message, visible_at=now + seconds)

    def next_visible(self) -> float | None:
        """Return the time at which the next message is visible; None for an empty queue."""
        return min((message.visible_at for message in self.messages), default=None)

    def _bury(self, key: str, now: float) -> None:
        assert self._dead_letters is not None  # the caller checked
        message = self._messages.pop(key)
        self._dead_letters.send(message.body, now, attributes=message.attributes, name=message.id)


def _received(message: Message, now: float, hidden: float, receipt: str) -> Message:
    return replace(
        message,
        receives=message.receives + 1,
        first_received_at=message.first_received_at if message.receives else now,
        received_at=now,
        visible_at=now + hidden,
        receipt=receipt,
    )


def md5(text: str) -> str:
    """Return the MD5 digest that SQS returns for a body."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
