"""A process between us and a child, which ends the child when we end, for whatever reason.

Run as `python guard.py GRACE_SECONDS COMMAND...`, as the leader of a process group of its own. Its standard input is a
pipe whose other end only its parent holds: the kernel closes that pipe when the parent exits, crashes or is killed.
Then, or when the guard itself gets a signal to end, it ends its whole group: TERM first, KILL after the grace.

On standard output it says `started PID` (or `failed REASON`), and at the end `ended STATUS`. It needs only the
standard library and process groups, so it works on both Linux and macOS.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys

LIFELINE = 0
ASKED_TO_END = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})


def main() -> None:
    """Start the command, wait until it exits or must be ended, and leave no process of the group behind."""
    grace_seconds, command = float(sys.argv[1]), sys.argv[2:]
    signals = _signal_pipe()
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sys.stderr)
    except OSError as error:
        _say(f"failed {error}")
        return
    _say(f"started {child.pid}")
    _wait_for_an_end(child, signals)
    # The group's id is our own process id, so no other group can have it.
    if child.poll() is None:
        os.killpg(0, signal.SIGTERM)
        os.killpg(0, signal.SIGCONT)  # a stopped process handles TERM only after it continues
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(grace_seconds)
    if child.poll() is None:
        child.kill()
    _say(f"ended {child.wait()}")
    os.killpg(0, signal.SIGKILL)


def _signal_pipe() -> int:
    """Return the reading end of a pipe that gets a byte for each termination signal.

    A handler, unlike SIG_IGN, is not inherited by the child.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    for number in (*ASKED_TO_END, signal.SIGCHLD):
        signal.signal(number, lambda *_: None)
    return reading


def _wait_for_an_end(child: subprocess.Popen[bytes], signals: int) -> None:
    while child.poll() is None:
        ready, _, _ = select.select([LIFELINE, signals], [], [])
        if LIFELINE in ready or ASKED_TO_END.intersection(os.read(signals, 64)):
            return


def _say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):  # the reader has gone: we are here to clean up after it
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
