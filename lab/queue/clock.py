"""A virtual clock: while nobody works, it jumps to the next time at which something happens."""

from __future__ import annotations

import mmap
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

# As lab/function/__main__.py reads it: how far the wall clock and the monotonic clock are ahead, in seconds.
LAYOUT: Final = struct.Struct("dd")


class VirtualClock:
    """Unix time in seconds, plus the skipped time. Functions that were started with `file` follow it at once.

    Other followers, such as a stand-in with its own clock, register with `follow`.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        file.write_bytes(LAYOUT.pack(0.0, 0.0))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), LAYOUT.size)
        self._gained = 0.0
        self._followers: list[Callable[[float], object]] = []

    def now(self) -> float:
        """Return the Unix time."""
        return time.time() + self._gained

    def follow(self, follower: Callable[[float], object]) -> None:
        """Call `follower` after each jump, with its length in seconds."""
        self._followers.append(follower)

    def advance_to(self, moment: float) -> None:
        """Jump to a Unix time; do nothing if it has passed."""
        seconds = moment - self.now()
        if seconds <= 0:
            return
        self._gained += seconds
        # The processors that we run on write each of the two values atomically, so no reader gets half of one.
        LAYOUT.pack_into(self._shared, 0, self._gained, self._gained)
        for follower in self._followers:
            follower(seconds)
