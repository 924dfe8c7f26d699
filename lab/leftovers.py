"""Removes what a killed local cloud left behind: processes that are still running, and its folder.

A child process ends with its parent (processes.py), unless its guard was killed too. Therefore each child has the
cloud's folder in its environment variables, and is found by that, whatever its process id is.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from lab.databases.server import socket_folder
from lab.processes import MARK, wait_until

PREFIX: Final = "notifier-"
END_SECONDS: Final = 10.0


@contextmanager
def marked(folder: Path) -> Iterator[None]:
    """Mark every child that is started within the block with the folder of this local cloud."""
    os.environ[MARK] = str(folder)
    try:
        yield
    finally:
        del os.environ[MARK]


def remove(folder: Path) -> None:
    """End the processes of a dead local cloud, and delete its folder. Raises TimeoutError if one does not end."""
    if not folder.name.startswith(PREFIX):
        return
    wait_until(lambda: not _killed(folder), f"what is left of {folder} to end", END_SECONDS)
    sockets = socket_folder((folder / "database").resolve())
    for left in (folder, sockets):
        shutil.rmtree(left, ignore_errors=True)


def _killed(folder: Path) -> list[int]:
    """Kill the processes that are marked with a folder, and return their ids."""
    found = [pid for pid in _carrying(folder) if pid != os.getpid()]
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return found


def _carrying(folder: Path) -> Iterator[int]:
    entry = f"{MARK}={folder}"
    if sys.platform != "linux":
        listed = subprocess.run(["ps", "-axEww", "-o", "pid=,command="], capture_output=True, text=True, check=True)
        rows = (line.split() for line in listed.stdout.splitlines())
        yield from (int(row[0]) for row in rows if entry in row)
        return
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):  # it has ended, or belongs to another user
            if os.fsencode(entry) in path.read_bytes().split(b"\0"):
                yield int(path.parent.name)
