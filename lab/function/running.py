"""Runs an execution environment as a child process, and talks to it."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import defpath
from pathlib import Path
from typing import Any, Final, TextIO

from lab.processes import Child, ChildError, Prefix, as_is, child, wait_until

HANDLER: Final = "handler.app.lambda_handler"
ENVIRONMENT: Final = Path(__file__).with_name("__main__.py")
INIT_SECONDS: Final = 30.0
# Added to an invocation's remaining time, which nothing enforces here.
PATIENCE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception of the handler: the name of its type without the module, and its message."""

    type: str
    message: str


@dataclass(frozen=True, slots=True)
class Invocation:
    """The result of an invocation: a `result`, or an `error`.

    `logs` are the lines written during it (in the first invocation also during init), each a JSON object; any other
    line is `{"message": line}`. `threads` are those alive after it, including the main thread. `milliseconds` is its
    duration, `cpu_milliseconds` its processor time.
    """

    result: Any
    error: Failure | None
    logs: list[dict[str, Any]]
    threads: int
    milliseconds: float
    cpu_milliseconds: float


class RunningFunction:
    """An execution environment. Invocations run one at a time. `pid` is its process id."""

    def __init__(self, process: Child, connection: socket.socket, answers: TextIO) -> None:
        self.process = process
        self._connection = connection
        self._answers = answers
        ready = self._answer(INIT_SECONDS, "the init")
        if ready["error"]:
            raise ChildError("the init failed: {type}: {message}".format(**ready["error"]) + process.log_tail())
        self.pid: int = ready["pid"]
        self.init_milliseconds: float = ready["milliseconds"]

    def invoke(self, payload: Any, remaining_ms: int = 60_000) -> Invocation:
        """Invoke the handler with a payload that JSON can hold, and a context with the remaining time.

        Raises ChildError if the process exits, TimeoutError if it is far over its time or frozen; both with the end of
        its log. After a TimeoutError the environment is unusable, as in Lambda.
        """
        self._say({"payload": payload, "remaining_ms": remaining_ms})
        answer = self._answer(remaining_ms / 1000 + PATIENCE_SECONDS, "the invocation")
        error = Failure(**answer.pop("error")) if answer["error"] else answer.pop("error")
        return Invocation(**{**answer, "error": error, "logs": [_line(text) for text in answer["logs"]]})

    def shift(self, *, wall: float = 0.0, monotonic: float = 0.0) -> None:
        """Move `time.time`, `time.monotonic` and their `_ns` variants on by these seconds.

        A freeze of an hour during which the monotonic clock stood still is `shift(wall=3600)`. `datetime.now` is not
        shifted.
        """
        self._say({"shift": {"wall": wall, "monotonic": monotonic}})
        self._answer(PATIENCE_SECONDS, "the shift")

    def freeze(self) -> None:
        """Stop the process, as Lambda does between invocations. It has stopped when this returns."""
        os.kill(self.pid, signal.SIGSTOP)
        wait_until(lambda: _state(self.pid).startswith("T"), "the freeze", PATIENCE_SECONDS, self.process)

    def thaw(self) -> None:
        """Let the process continue."""
        os.kill(self.pid, signal.SIGCONT)

    def _say(self, document: dict[str, Any]) -> None:
        try:
            self._connection.sendall(json.dumps(document).encode() + b"\n")
        except OSError as error:
            raise self._ended("something to do") from error

    def _answer(self, timeout_seconds: float, what: str) -> dict[str, Any]:
        self._connection.settimeout(timeout_seconds)
        try:
            line = self._answers.readline()
        except TimeoutError as error:
            message = f"no answer after {timeout_seconds:g} s of {what}"
            raise TimeoutError(message + self.process.log_tail()) from error
        except OSError as error:
            raise self._ended(what) from error
        if not line:
            raise self._ended(what)
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _ended(self, what: str) -> ChildError:
        return ChildError(f"the function's process ended during {what}{self.process.log_tail()}")


@contextmanager
def running_function(
    environment: Mapping[str, str],
    *,
    handler: str = HANDLER,
    artefact: Path | None = None,
    python: Path | None = None,
    prefix: Prefix = as_is,
    cwd: Path | None = None,
    log: Path | None = None,
    clock: Path | None = None,
) -> Iterator[RunningFunction]:
    """Start an execution environment, import the handler, and end it with the block or with this process.

    `environment` are all its environment variables, except PATH, LANG and TZ. `artefact` is a folder as `sam build`
    makes it, which comes first in the import path; without one, this project's code is used. `python` is the
    interpreter (None: ours). `prefix` runs its process elsewhere, such as in a network namespace. `log` also gets every
    line that it writes; without one, our standard error does. `clock` is a file that moves its clocks on, even during
    an invocation (lab/queue/clock.py). Raises ChildError or TimeoutError, with the end of its log, if the init fails.
    """
    complete = {"PATH": defpath, "LANG": "en_US.UTF-8", "TZ": ":UTC", **environment}
    if artefact:
        complete.update(PYTHONPATH=str(artefact), PYTHONDONTWRITEBYTECODE="1")
    with (
        tempfile.TemporaryDirectory(prefix="function-") as folder,  # short: a socket's path has a maximum length
        socket.socket(socket.AF_UNIX) as listener,
    ):
        meeting = Path(folder, "socket")
        listener.bind(str(meeting))
        listener.listen()
        # With -P, only the environment variables decide what can be imported.
        command = [str(python or sys.executable), "-P", str(ENVIRONMENT), handler, "--socket", str(meeting)]
        command += ["--clock", str(clock)] if clock else []
        with child(prefix(command), env=complete, cwd=cwd, log=log, grace_seconds=1) as process:
            wait_until(lambda: select.select([listener], [], [], 0)[0], "the function", INIT_SECONDS, process)
            connection, _ = listener.accept()
            with connection, connection.makefile("r", encoding="utf-8") as answers:
                yield RunningFunction(process, connection, answers)


def _state(pid: int) -> str:
    """Return the process state as `ps` shows it; T means stopped."""
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def _line(text: str) -> dict[str, Any]:
    try:
        line = json.loads(text)
    except ValueError:
        line = None
    return line if isinstance(line, dict) else {"message": text}
