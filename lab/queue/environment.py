"""One execution environment of the function in its own thread: started when needed, killed, frozen and thawed."""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from lab.function import Failure, RunningFunction
from lab.processes import ChildError
from lab.queue.messages import Message

Start = Callable[[], AbstractContextManager[RunningFunction]]


@dataclass(frozen=True, slots=True)
class Batch:
    """An invocation: its payload, its messages, and the remaining time that it is given."""

    messages: Sequence[Message]
    payload: dict[str, Any]
    remaining_ms: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of an invocation: a `result` or an `error`, or `died` if its process exited first."""

    batch: Batch
    result: Any = None
    error: Failure | None = None
    died: bool = False
    logs: Sequence[dict[str, Any]] = field(default_factory=tuple)


class Environment:
    """An execution environment. `ended` is called in its thread. Everything else is for the owner's thread."""

    def __init__(self, name: str, start: Start, ended: Callable[[Environment, Ended], None]) -> None:
        self.name = name
        self.batch: Batch | None = None
        self.frozen = False
        self.starts = 0
        self._start = start
        self._ended = ended
        self._begun = 0.0
        self._function: RunningFunction | None = None
        self._process = ExitStack()
        self._batches: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def begin(self, batch: Batch) -> None:
        """Start an invocation."""
        self.batch = batch
        self._begun = 0.0
        self._batches.put(batch)

    @property
    def seconds(self) -> float:
        """How long the invocation has been running, without its cold start."""
        return time.perf_counter() - self._begun if self._begun else 0.0

    @property
    def interruptible(self) -> bool:
        """Whether an invocation is in progress, in a process that has started."""
        return self.batch is not None and self._begun > 0

    def kill(self) -> None:
        """Kill the process with SIGKILL. The current invocation ends as `died`."""
        self._signal(signal.SIGKILL)
        self.frozen = False

    def freeze(self) -> None:
        """Stop the process."""
        self._signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self) -> None:
        """Let the process continue."""
        self._signal(signal.SIGCONT)
        self.frozen = False

    def close(self) -> None:
        """End the process and the thread."""
        self.kill()
        self._batches.put(None)
        self._thread.join()

    def _signal(self, number: signal.Signals) -> None:
        function = self._function
        if function and function.process.running:
            with suppress(ProcessLookupError):  # it has just exited by itself
                os.kill(function.pid, number)

    def _work(self) -> None:
        while (batch := self._batches.get()) is not None:
            self._ended(self, self._invoke(batch))
        self._process.close()

    def _invoke(self, batch: Batch) -> Ended:
        try:
            function = self._started()
            self._begun = time.perf_counter()
            done = function.invoke(batch.payload, batch.remaining_ms)
        except (ChildError, TimeoutError):
            self._function = None
            self._process.close()
            return Ended(batch, died=True)
        return Ended(batch, done.result, done.error, logs=done.logs)

    def _started(self) -> RunningFunction:
        """Return the process; start one if there is none, as Lambda does after one has died between invocations."""
        if self._function is None or not self._function.process.running:
            self._process.close()
            self.starts += 1
            self._function = self._process.enter_context(self._start())
        return self._function
