"""Child processes that never outlive their parent, free ports, and waiting for readiness.

Each child runs under a guard process (guard.py) that holds a pipe from us. However this process ends, by return,
exception, Ctrl-C or SIGKILL, the pipe closes, and the guard ends the child's whole process group.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import SystemRandom
from typing import Final, TypeVar

Answer = TypeVar("Answer")
# Turns a command into one that runs it elsewhere, as in a network namespace: `["ip", "netns", "exec", "vpc",
# *command]`.
Prefix = Callable[[list[str]], list[str]]

GUARD: Final = Path(__file__).with_name("guard.py")
# A variable of our environment that every child gets, even one with its own environment (leftovers.py).
MARK: Final = "LOCAL_CLOUD_FOLDER"
LOG_TAIL_LINES: Final = 20
# Below the ephemeral port ranges of Linux (from 32768) and macOS (from 49152): only another server can take such a port
# between our check and the child's bind, or while a server restarts on it.
SERVER_PORTS: Final = range(15_000, 32_000)

_given_ports: set[int] = set()


class ChildError(RuntimeError):
    """A child process did not start, or exited unexpectedly. The message has the end of its log."""


class Child:
    """A running command. `pid` is its process id; `log` is the file for its output."""

    def __init__(self, guard: subprocess.Popen[str], name: str, log: Path | None) -> None:
        self.name = name
        self.log = log
        self._guard = guard
        self._status: int | None = None
        self.pid = self._started()

    def _started(self) -> int:
        word, _, rest = self._line().partition(" ")
        if word != "started":
            raise ChildError(f"{self.name} did not start: {rest or 'its guard process died'}{self.log_tail()}")
        return int(rest)

    def _line(self) -> str:
        assert self._guard.stdout is not None  # opened as a pipe
        return self._guard.stdout.readline().strip()

    @property
    def running(self) -> bool:
        """Whether the process still runs."""
        return self._guard.poll() is None

    @property
    def status(self) -> int | None:
        """Its exit status, negative for a signal; None while it runs, or if its guard was killed too."""
        if self._status is None and not self.running:
            _, _, status = self._line().partition(" ")
            self._status = int(status) if status else None
        return self._status

    def kill(self) -> int | None:
        """Kill it with SIGKILL, as a crash would; wait until it has exited, and return its status."""
        if self.running:
            with suppress(ProcessLookupError):  # it has just exited by itself
                os.kill(self.pid, signal.SIGKILL)
        self._guard.wait()
        return self.status

    def end(self) -> int | None:
        """Terminate it and its whole group; wait until they have exited, and return its status.

        Leaving the block does this too.
        """
        assert self._guard.stdin is not None  # opened as a pipe
        self._guard.stdin.close()
        self._guard.wait()
        if self.status is None:  # the guard was killed, so we do its last step
            with suppress(ProcessLookupError):
                os.killpg(self._guard.pid, signal.SIGKILL)
        return self.status

    def log_tail(self) -> str:
        """Return the last lines of its log, formatted to follow a message; empty if there are none."""
        if self.log is None or not self.log.exists():
            return ""
        lines = self.log.read_text(errors="replace").splitlines()[-LOG_TAIL_LINES:]
        return "\n".join([f"\nThe end of {self.log}:", *lines]) if lines else ""


def as_is(command: list[str]) -> list[str]:
    """Return the command unchanged: the Prefix of a command that runs right here."""
    return command


@contextmanager
def child(
    command: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
    grace_seconds: float = 5.0,
) -> Iterator[Child]:
    """Run a command until the block or this process ends; then end it and every process of its group.

    `env` and `cwd` are as for subprocess (None: ours). Both outputs are appended to `log`; without one they go to our
    standard error. At the end the group gets TERM, and KILL after `grace_seconds`. Raises ChildError if the command
    cannot be started.
    """
    guarded = [sys.executable, "-I", "-S", str(GUARD), str(grace_seconds), *map(str, command)]
    output = log.open("ab") if log else None
    try:
        guard = subprocess.Popen(
            guarded,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            env=_marked(env),
            cwd=cwd,
            text=True,
            start_new_session=True,  # Ctrl-C in a terminal must reach only us; we then end the child
        )
    finally:
        if output:
            output.close()
    with guard:
        running = Child(guard, Path(command[0]).name, log)
        try:
            yield running
        finally:
            running.end()


def _marked(env: Mapping[str, str] | None) -> Mapping[str, str] | None:
    return env if env is None or MARK not in os.environ else {**env, MARK: os.environ[MARK]}


def free_port() -> int:
    """Return a loopback port that nothing listens on, and that this process has not been given before."""
    for port in SystemRandom().sample(SERVER_PORTS, 1_000):
        if port not in _given_ports and _can_bind(port):
            _given_ports.add(port)
            return port
    raise OSError("no free port found on 127.0.0.1")


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def listening(port: int) -> bool:
    """Return whether something accepts connections on a loopback port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(check: Callable[[], Answer], what: str, timeout_seconds: float, process: Child | None = None) -> Answer:
    """Call `check` every 10 ms until its result is true, and return that result.

    `what` completes the sentence "timed out waiting for ...". Raises TimeoutError, or ChildError as soon as `process`,
    if given, has exited; both with the end of the process's log.
    """
    deadline = time.monotonic() + timeout_seconds
    while True:
        if answer := check():
            return answer
        if process and not process.running:
            ended = f"{process.name} ended (status {process.status}) while we waited for {what}"
            raise ChildError(ended + process.log_tail())
        if time.monotonic() > deadline:
            tail = process.log_tail() if process else ""
            raise TimeoutError(f"timed out after {timeout_seconds:g} s waiting for {what}{tail}")
        time.sleep(0.01)
