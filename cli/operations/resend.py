"""Sends dead letters again through the normal intake, and deletes each from the dead-letter queue once it is sent."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from cli.language import say
from cli.operations import replay_message
from cli.operations.aws_errors import UnansweredError, asking
from cli.operations.dead_letters import DeadLetter
from cli.operations.dlq import DlqReader
from cli.operations.stack import Stack


@dataclass(slots=True)
class Sent:
    """The result: `sent` letters are in the intake again; `twofold` ones are still in the dead-letter queue, too.

    `problem` says why it stopped early; empty if it did not, or was `interrupted`.
    """

    sent: list[DeadLetter] = field(default_factory=list)
    twofold: list[DeadLetter] = field(default_factory=list)
    problem: str = ""
    interrupted: bool = False

    @property
    def complete(self) -> bool:
        """Return whether everything was sent."""
        return not (self.problem or self.interrupted)


def again(mailbox: DlqReader, chosen: Sequence[DeadLetter], per_second: float, progress: Callable[[int], None]) -> Sent:
    """Send letters again, at most this many per second. Ctrl-C stops between two letters."""
    done = Sent()
    with _interruption() as stop:
        for letter in chosen:
            if stop.is_set():
                break
            try:
                _send(mailbox.stack, letter)
                done.sent.append(letter)
                mailbox.delete(letter)
            except UnansweredError as error:
                done.problem = error.message
                done.twofold = done.sent[-1:] if done.sent and done.sent[-1] is letter else []
                break
            progress(len(done.sent))
            stop.wait(1 / per_second)
        done.interrupted = stop.is_set()
    return done


def chosen(
    mailbox: DlqReader, letters: Sequence[DeadLetter], per_second: float, progress: Callable[[int], None]
) -> Sent:
    """Send some of the letters again. The others are put back first, so that other readers see them."""
    sending = {letter.message_id for letter in letters}
    if others := [letter for letter in mailbox.held.values() if letter.message_id not in sending]:
        mailbox.put_back(*others)
    return again(mailbox, letters, per_second, progress)


def _send(stack: Stack, letter: DeadLetter) -> None:
    now = time.time()
    for body in letter.bodies:
        if stack.queue:
            with asking(say("send to the intake queue"), "sqs:SendMessage"):
                stack.client("sqs").send_message(QueueUrl=stack.queue, **replay_message.message(letter, body, now))
        else:
            payload = json.dumps(replay_message.invocation(letter, body, now), ensure_ascii=False).encode()
            with asking(say("invoke the function"), "lambda:InvokeFunction"):
                stack.client("lambda").invoke(FunctionName=stack.invoked, InvocationType="Event", Payload=payload)


@contextmanager
def _interruption() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C and SIGTERM set, instead of stopping the program in the middle of a letter.

    Signals reach only the main thread. In any other thread the event is never set.
    """
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def set_it(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, set_it) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
