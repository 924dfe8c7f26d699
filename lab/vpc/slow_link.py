"""A slow or lossy link: carries every frame between two interfaces with delay and loss. Few kernels here have netem.

Run as `python slow_link.py CONTROL_SOCKET ONE OTHER`. The socket takes `DELAY PERCENT`, the one-way delay in seconds
and the loss, and answers once this applies to the next frames. Frames never overtake each other.
"""

from __future__ import annotations

import random
import select
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

# From linux/if_packet.h and linux/if_ether.h; Python's socket module does not have them.
SOL_PACKET = 263
PACKET_VNET_HDR = 15
PACKET_IGNORE_OUTGOING = 23
ETH_P_ALL = 3
MOST_BYTES = 1 << 17
BUFFER_BYTES = 1 << 22


@dataclass
class Quality:
    """The delay and the loss of the link."""

    delay_seconds: float = 0.0
    lost_percent: float = 0.0


@dataclass
class Way:
    """One direction: a queue of frames, each with the time at which it is due."""

    source: socket.socket
    target: socket.socket
    waiting: deque[tuple[float, bytes]] = field(default_factory=deque)

    def take(self, quality: Quality) -> None:
        """Receive one frame, and queue or lose it."""
        frame = self.source.recv(MOST_BYTES)
        if random.random() * 100 >= quality.lost_percent:
            last = self.waiting[-1][0] if self.waiting else 0.0
            self.waiting.append((max(last, time.monotonic() + quality.delay_seconds), frame))

    def give(self) -> None:
        """Send the frames that are due."""
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            with suppress(OSError):  # the other end is down, or busy: the frame is lost, as on any network
                self.target.send(self.waiting.popleft()[1])


def main() -> None:
    """Carry frames until told to end."""
    path, *interfaces = sys.argv[1:]
    one, other = map(_interface, interfaces)
    ways = {one: Way(one, other), other: Way(other, one)}
    quality = Quality()
    with socket.socket(socket.AF_UNIX) as control:
        control.bind(path)
        control.listen()
        while True:
            due = [way.waiting[0][0] for way in ways.values() if way.waiting]
            patience = max(0.0, min(due) - time.monotonic()) if due else None
            ready, _, _ = select.select([control, *ways], [], [], patience)
            for each in ready:
                if each is control:
                    quality = _ordered(control)
                else:
                    ways[each].take(quality)
            for way in ways.values():
                way.give()


def _interface(name: str) -> socket.socket:
    """Return a socket with everything that arrives at an interface, each frame with a header about pending offloads.

    With it, a checksum that is not yet computed and a packet that is not yet segmented pass unharmed.
    """
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    packets.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    packets.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
    packets.setblocking(False)
    packets.bind((name, ETH_P_ALL))
    return packets


def _ordered(control: socket.socket) -> Quality:
    connection, _ = control.accept()
    with connection:
        delay, percent = map(float, connection.recv(100).split())
        connection.sendall(b"done")
    return Quality(delay, percent)


if __name__ == "__main__":
    main()
