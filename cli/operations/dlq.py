"""Reads the dead-letter queue without emptying it: messages are hidden from others until they are put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from cli.language import say
from cli.operations import dead_letters, metrics
from cli.operations.aws_errors import UnansweredError, asking
from cli.operations.dead_letters import DeadLetter
from cli.operations.stack import Stack

# SQS's limits: messages per batch, and seconds of visibility timeout.
BATCH: Final = 10
MAX_SECONDS: Final = 43_200
# Upper bound for reading one message, and a margin for start and end.
READING_SECONDS: Final = 0.1
MARGIN_SECONDS: Final = 60
# A long poll asks all of SQS's servers, so an empty answer is the end of the queue. So are some answers with known
# messages only, whose visibility timeout is over.
FRUITLESS: Final = 3
_WAIT_SECONDS: Final = 1


@dataclass(slots=True)
class DlqReader:
    """The letters that this program has received and hidden, by id. `more`: others are unread, or hidden elsewhere."""

    stack: Stack
    held: dict[str, DeadLetter] = field(default_factory=dict)
    more: bool = False

    def delete(self, letter: DeadLetter) -> None:
        """Delete a letter from the queue. Raises UnansweredError."""
        with asking(say("delete from the dead-letter queue"), "sqs:DeleteMessage"):
            self._client.delete_message(QueueUrl=self.stack.dead_letters, ReceiptHandle=letter.receipt)
        self.held.pop(letter.message_id)

    def put_back(self, *kept: DeadLetter) -> None:
        """Make letters visible again; all of them without arguments. If that fails, they become so by their timeout."""
        going = list(kept or self.held.values())
        while batch := going[:BATCH]:
            del going[:BATCH]
            for letter in batch:
                self.held.pop(letter.message_id, None)
            entries = [
                {"Id": str(number), "ReceiptHandle": letter.receipt, "VisibilityTimeout": 0}
                for number, letter in enumerate(batch)
            ]
            with suppress(UnansweredError), asking(say("put letters back"), "sqs:ChangeMessageVisibility"):
                self._client.change_message_visibility_batch(QueueUrl=self.stack.dead_letters, Entries=entries)

    def read(self, limit: int, seconds: int, progress: Callable[[int], None]) -> None:
        """Receive at most `limit` letters, hidden for this many seconds. Raises UnansweredError."""
        fruitless = 0
        while fruitless < FRUITLESS and len(self.held) < limit:
            messages = self._receive(min(BATCH, limit - len(self.held)), seconds)
            if not messages:
                break
            new = 0
            for message in messages:
                letter = dead_letters.read(message)
                new += letter.message_id not in self.held
                self.held[letter.message_id] = letter  # only the last receipt is valid
            fruitless = 0 if new else fruitless + 1
            progress(len(self.held))
        self.more = len(self.held) >= limit

    def _receive(self, count: int, seconds: int) -> list[dict[str, Any]]:
        with asking(say("read the dead-letter queue"), "sqs:ReceiveMessage"):
            answer = self._client.receive_message(
                QueueUrl=self.stack.dead_letters,
                MaxNumberOfMessages=count,
                VisibilityTimeout=seconds,
                WaitTimeSeconds=_WAIT_SECONDS,
                MessageAttributeNames=["All"],
                AttributeNames=["All"],
            )
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found

    @property
    def _client(self) -> Any:
        return self.stack.client("sqs")


@contextmanager
def opened(stack: Stack, limit: int, seconds: float, progress: Callable[[int], None]) -> Iterator[DlqReader]:
    """Receive at most `limit` letters, and make those that are left visible again when the block ends in any way.

    `seconds` is how long the work on one letter takes. If the program is killed, the letters stay hidden for the sum of
    that, and no longer. Raises UnansweredError.
    """
    mailbox = DlqReader(stack)
    expected = min(limit, metrics.depth(stack, stack.dead_letters).visible + BATCH)
    held_for = min(int(expected * (READING_SECONDS + seconds)) + MARGIN_SECONDS, MAX_SECONDS)
    try:
        mailbox.read(limit, held_for, progress)
        yield mailbox
    finally:
        mailbox.put_back()
