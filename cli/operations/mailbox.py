"""The dead-letter queue, read without emptying it: what is looked at is hidden from others until it is put back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from cli.language import say
from cli.operations import gauges, letters
from cli.operations.letters import Letter
from cli.operations.refusals import UnansweredError, asking
from cli.operations.stack import Stack

# SQS's own limits: messages of a batch, and seconds for which one can be hidden.
BATCH: Final = 10
MAX_SECONDS: Final = 43_200
# What reading takes at most for each message, and a margin for the start and the end.
READING_SECONDS: Final = 0.1
MARGIN_SECONDS: Final = 60
# A receive that waits asks all of SQS's servers, so one without messages is the end; and so are some that bring only
# what is known, whose time of being hidden is over.
FRUITLESS: Final = 3
_WAIT_SECONDS: Final = 1


@dataclass(slots=True)
class Mailbox:
    """The letters that this program holds, by their id. `more` says that others are left, unread or held elsewhere."""

    stack: Stack
    held: dict[str, Letter] = field(default_factory=dict)
    more: bool = False

    def delete(self, letter: Letter) -> None:
        """Take a letter out of the queue for good. Raises UnansweredError."""
        with asking(say("delete from the dead-letter queue"), "sqs:DeleteMessage"):
            self._client.delete_message(QueueUrl=self.stack.dead_letters, ReceiptHandle=letter.receipt)
        self.held.pop(letter.message_id)

    def put_back(self, *kept: Letter) -> None:
        """Let letters be seen by others again; all of them if none is named. Where that fails, they are in time."""
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
        """Take hold of at most `limit` letters for so many seconds. Raises UnansweredError."""
        fruitless = 0
        while fruitless < FRUITLESS and len(self.held) < limit:
            messages = self._receive(min(BATCH, limit - len(self.held)), seconds)
            if not messages:
                break
            new = 0
            for message in messages:
                letter = letters.read(message)
                new += letter.message_id not in self.held
                self.held[letter.message_id] = letter  # the last receipt is the one that counts
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
def opened(stack: Stack, limit: int, seconds: float, progress: Callable[[int], None]) -> Iterator[Mailbox]:
    """Read at most `limit` letters, and put back those that are still there when the block ends, however it does.

    `seconds` is how long what is done with each letter takes: a program that is killed keeps them hidden until the sum
    of that is over, and no longer. Raises UnansweredError.
    """
    mailbox = Mailbox(stack)
    expected = min(limit, gauges.depth(stack, stack.dead_letters).visible + BATCH)
    held_for = min(int(expected * (READING_SECONDS + seconds)) + MARGIN_SECONDS, MAX_SECONDS)
    try:
        mailbox.read(limit, held_for, progress)
        yield mailbox
    finally:
        mailbox.put_back()
