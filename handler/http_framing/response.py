"""One complete HTTP answer, read before a deadline: http.client's response class with a stream reader of its own.

If an answer on a kept connection is not read exactly to its end, each later request gets the answer to the one before.
http.client skips `100 Continue` but no other interim answer, ends the headers at the first line that it cannot parse,
and leaves it to its callers to find the end of the body. So this module reads head and body, framed as in RFC 9112,
before any caller sees the answer. An ambiguous answer is an error.
"""

from __future__ import annotations

import io
import re
import socket
import ssl
import time
from http.client import HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected
from typing import Any, Final

# Maximum size of an answer's head plus those of its interim answers; servers' own limits are 4 to 32 KiB.
MAX_HEAD_BYTES: Final = 65_536
# RFC 9110 sets no limit (section 15.2). A 102 may be repeated every few seconds, and some servers send several 103.
MAX_INTERIM_ANSWERS: Final = 32
# Maximum length of the line with a chunk's size and extensions.
_MAX_CHUNK_LINE_BYTES: Final = 4096

_STATUS: Final = re.compile(rb"HTTP/1\.[0-9] ([1-9][0-9]{2})(?: [^\r\n\0]*)?\r?\n")
_FIELD: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*\r?\n")
_FOLD: Final = re.compile(rb"[ \t][^\r\n\0]*\r?\n")
_FOLDED: Final = re.compile(rb"\r?\n[ \t]+")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n\0]*)?\r?\n")
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_BLANK: Final = (b"\r\n", b"\n")


class AnswerError(HTTPException):
    """The bytes are not a valid HTTP/1.1 answer with an unambiguous end."""


class AnswerTooLargeError(HTTPException):
    """The body is larger than the limit."""


class DeadlineReader(io.RawIOBase):
    """Reads a socket up to a deadline, which a peer cannot extend by sending one byte a second.

    `raw` is the socket's own reader, `until` a time of the monotonic clock. Raises TimeoutError.
    """

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, until: float) -> None:
        self._sock = sock
        self._raw = raw
        self._until = until
        self.sealed = False

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Wait for bytes until the deadline. After `sealed` is set, read nothing more."""
        if self.sealed:
            return None
        remaining = self._until - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        self._sock.settimeout(remaining)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        """Release the socket too."""
        self._raw.close()
        super().close()


def is_silent(sock: socket.socket) -> bool:
    """Return whether the peer has neither sent anything that is still unread nor closed the connection.

    If a byte is found it is lost, because the connection cannot be used any more. TLS control messages do not count.
    """
    before = sock.gettimeout()
    sock.settimeout(0)
    try:
        sock.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    finally:
        sock.settimeout(before)
    return False


class DeadlineResponse(HTTPResponse):
    """The final answer to a request, read completely before a deadline; interim answers are skipped.

    `size` limits the body in bytes. `will_close` is true, so that http.client closes the connection, unless the stream
    is known to be exactly at the end of this answer. Raises AnswerError, AnswerTooLargeError, RemoteDisconnected if
    there was no answer, IncompleteRead, TimeoutError.
    """

    fp: Any

    def __init__(self, sock: socket.socket, *args: Any, until: float, size: int, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self._sock = sock
        self._size = size
        self._request = options.get("method")
        self._raw = DeadlineReader(sock, self.fp.detach(), until)
        self._wire = io.BufferedReader(self._raw)
        self.fp = None
        self.nothing_follows = False  # whether the stream ended with this answer

    def begin(self) -> None:
        """Read the answer to its end."""
        try:
            self.fp = io.BytesIO(_FOLDED.sub(b" ", self._final_head()))
            super().begin()
            body, framed = self._body()
            self.nothing_follows = self._nothing_follows()
        finally:
            self._wire.close()
        self.will_close = not (framed and self.nothing_follows and self._is_kept_open())
        del self.headers["Transfer-Encoding"]  # already decoded; urllib3 would decode it again
        self.fp, self.length, self.chunked = io.BytesIO(body), len(body), False

    def _final_head(self) -> bytes:
        self._await_first_byte()
        left = MAX_HEAD_BYTES
        for _ in range(MAX_INTERIM_ANSWERS + 1):
            line = self._line(left)
            status = _STATUS.fullmatch(line)
            if status is None:
                raise AnswerError("its first line is not a status of HTTP/1.1")
            if status[1] == b"101":
                raise AnswerError("it changes to another protocol")
            head = line + self._fields(left - len(line))
            if not status[1].startswith(b"1"):
                return head
            left -= len(head)
        raise AnswerError(f"more than {MAX_INTERIM_ANSWERS} interim answers")

    def _await_first_byte(self) -> None:
        """Wait for the first byte. If the peer closes a kept connection instead, it may not have read the request."""
        try:
            begun = self._wire.peek(1)
        except ConnectionError:
            begun = b""
        if not begun:
            raise RemoteDisconnected("the connection was closed without an answer")

    def _fields(self, most: int) -> bytes:
        """Read header or trailer lines up to and including the blank line, at most `most` bytes."""
        fields = bytearray()
        while (line := self._line(most - len(fields))) not in _BLANK:
            if not (_FIELD.fullmatch(line) or (fields and _FOLD.fullmatch(line))):
                raise AnswerError("a line of its headers is not a header")
            fields += line
        return bytes(fields + line)

    def _line(self, most: int) -> bytes:
        line = self._wire.readline(max(most, 0))
        if not line.endswith(b"\n"):
            raise AnswerError("its headers are too large") if len(line) >= most else IncompleteRead(line)
        return line

    def _body(self) -> tuple[bytes, bool]:
        """Return the body, and whether the answer itself gives the body's end. RFC 9112, section 6.3."""
        codings = self.headers.get_all("Transfer-Encoding", [])
        lengths = [length.strip(" \t") for length in self.headers.get_all("Content-Length", [])]
        if (codings and lengths) or len(lengths) > 1:
            raise AnswerError("its length is given more than once")
        if codings and (self.version != 11 or [coding.strip(" \t").lower() for coding in codings] != ["chunked"]):
            raise AnswerError("its transfer coding is not chunked")
        if lengths and not _LENGTH.fullmatch(lengths[0]):
            raise AnswerError("its length is not a number")
        if self._has_no_body():
            return b"", True
        if codings:
            return self._chunks(), True
        if lengths:
            return self._read_exactly(self._require_size(int(lengths[0]))), True
        body = self._wire.read(self._size + 1)
        self._require_size(len(body))
        return body, False

    def _has_no_body(self) -> bool:
        tunnel = self._request == "CONNECT" and 200 <= self.status < 300
        return tunnel or self._request == "HEAD" or self.status in {204, 304}

    def _chunks(self) -> bytes:
        body = bytearray()
        while size := self._chunk_size():
            self._require_size(len(body) + size)
            body += self._read_exactly(size)
            if self._read_exactly(2) != b"\r\n":
                raise AnswerError("a chunk is longer than it says")
        self._fields(MAX_HEAD_BYTES)
        return bytes(body)

    def _chunk_size(self) -> int:
        line = self._line(_MAX_CHUNK_LINE_BYTES)
        found = _CHUNK.fullmatch(line)
        if found is None:
            raise AnswerError("a chunk has no size")
        return int(found[1], 16)

    def _read_exactly(self, count: int) -> bytes:
        found = self._wire.read(count)
        if len(found) < count:
            raise IncompleteRead(found, count - len(found))
        return found

    def _require_size(self, count: int) -> int:
        if count > self._size:
            raise AnswerTooLargeError(f"its body is larger than {self._size} bytes")
        return count

    def _nothing_follows(self) -> bool:
        self._raw.sealed = True
        return not self._wire.peek(1) and is_silent(self._sock)

    def _is_kept_open(self) -> bool:
        tokens = {word.strip().lower() for line in self.headers.get_all("Connection", []) for word in line.split(",")}
        return "close" not in tokens and (self.version == 11 or "keep-alive" in tokens)
