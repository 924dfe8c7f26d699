"""An answer that has to be whole by a moment: http.client's, with a clock on its reading side."""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse, IncompleteRead
from typing import Any


class ReadUntil(io.RawIOBase):
    """The reading side of a socket, up to a moment: a peer that sends a byte a second gains no time by it.

    `raw` is the socket's own reading side, `until` a time of the monotonic clock. Raises TimeoutError.
    """

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, until: float) -> None:
        self._sock = sock
        self._raw = raw
        self._until = until
        self.ended = False

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Wait for bytes no longer than until the moment."""
        remaining = self._until - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._sock.settimeout(remaining)
        count = self._raw.readinto(buffer)
        self.ended = count == 0
        return count

    def close(self) -> None:
        """Let go of the socket too."""
        self._raw.close()
        super().close()


class ResponseUntil(HTTPResponse):
    """An answer of which the status line, the headers and the body are read up to a moment."""

    def __init__(self, sock: socket.socket, *args: Any, until: float, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._wire = ReadUntil(sock, self.fp.detach(), until)
        self.fp = io.BufferedReader(self._wire)

    def begin(self) -> None:
        """Read up to the end of the headers, which http.client also sees where they only break off."""
        super().begin()
        if self._wire.ended:
            raise IncompleteRead(b"")
