"""Time that jumps: while nobody works, the next moment at which something happens is now."""

from __future__ import annotations

import mmap
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

# As lab/function/__main__.py reads it: the seconds that the wall clock gained, and those of the monotonic one.
LAYOUT: Final = struct.Struct("dd")


class VirtualClock:
    """Unix time, in seconds, and what was jumped over. Functions that are given `file` follow it at once.

    Others, such as a stand-in with a clock of its own, are told by `follow`.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        file.write_bytes(LAYOUT.pack(0.0, 0.0))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), LAYOUT.size)
        self._gained = 0.0
        self._followers: list[Callable[[float], object]] = []

    def now(self) -> float:
        """Return the time."""
        return time.time() + self._gained

    def follow(self, follower: Callable[[float], object]) -> None:
        """Let somebody be told of each jump, in seconds, once it is made."""
        self._followers.append(follower)

    def advance_to(self, moment: float) -> None:
        """Jump to a moment; to one that is over, nothing happens."""
        seconds = moment - self.now()
        if seconds <= 0:
            return
        self._gained += seconds
        # Each of the two is written at once by every processor that we run on, so nobody reads half of one.
        LAYOUT.pack_into(self._shared, 0, self._gained, self._gained)
        for follower in self._followers:
            follower(seconds)
