"""A keep-alive connection that knows whether a request was sent, how long it was idle, and when to give up.

urllib3's exceptions do not tell whether any part of a request was sent (a reset during the TLS handshake looks like one
after the request), and its timeouts limit each pause, not the whole exchange. A client that must not post twice needs
both.
"""

from __future__ import annotations

import socket
import ssl
import time
from enum import StrEnum
from http.client import HTTPException, RemoteDisconnected
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from handler.clock import Clock, Moment
from handler.http_framing.boundary import AtBoundary, StaleConnectionError
from handler.http_framing.response import AnswerError, AnswerTooLargeError, DeadlineResponse

# A NAT gateway forgets a flow after 350 s, and load balancers close theirs after 60 s by default:
# https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
IDLE_SECONDS: Final = 50.0
# Maximum size of any answer in bytes; a caller may set a lower limit.
LARGEST: Final = 1 << 20

_clock: Final = Clock()


class Cause(StrEnum):
    """The step at which an exchange failed."""

    NAME = "name"
    CONNECT = "connect"
    CONNECT_TIMEOUT = "connect timeout"
    HANDSHAKE = "handshake"
    CERTIFICATE = "certificate"
    # With the following causes at least a part of the request was sent.
    TIMEOUT = "timeout"
    CUT = "cut"
    MALFORMED = "malformed"
    SIZE = "size"

    @property
    def sent(self) -> bool:
        """Whether the server may have acted on the request."""
        return self in {Cause.TIMEOUT, Cause.CUT, Cause.MALFORMED, Cause.SIZE}


class ExchangeError(Exception):
    """There is no complete answer. `reused`: a kept connection turned out to be dead, so a new one may work."""

    def __init__(self, cause: Cause, detail: str, *, reused: bool = False) -> None:
        super().__init__(cause, detail)
        self.cause = cause
        self.detail = detail
        self.reused = reused


class _Connection(AtBoundary, HTTPConnection):
    largest = LARGEST
    _tunnel_headers: dict[str, str]
    _used: Moment | None = None
    _connected_by = 0.0

    def connect(self) -> None:
        """Resolve, connect and do the TLS handshake within one timeout. Raises ExchangeError; nothing was sent then."""
        self._used = None
        self._connected_by = time.monotonic() + self.seconds
        try:
            super().connect()
        except ssl.SSLCertVerificationError as error:
            raise ExchangeError(Cause.CERTIFICATE, f"{self.host}: {error.verify_message}") from None
        except ssl.SSLError as error:
            raise ExchangeError(Cause.HANDSHAKE, f"no TLS with {self.host}: {error.reason}") from None
        except TimeoutError:
            raise self._too_slow() from None
        except (OSError, HTTPException) as error:
            raise ExchangeError(Cause.HANDSHAKE, f"no TLS with {self.host}: {type(error).__name__}") from None
        if time.monotonic() >= self._connected_by:  # no time would be left for the answer
            raise self._too_slow()

    def _new_conn(self) -> socket.socket:
        """Try the host's addresses in turn, each with its share of the time left. urllib3 gives each the full time."""
        try:
            found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise ExchangeError(Cause.NAME, f"{self.host} cannot be resolved") from None
        problem = self._too_slow()
        for number, (*_, address) in enumerate(found):
            left = self._connected_by - time.monotonic()
            if left <= 0:
                break
            try:
                sock = socket.create_connection((str(address[0]), self.port), left / (len(found) - number))
            except TimeoutError:
                problem = self._too_slow()
            except OSError as error:
                problem = ExchangeError(Cause.CONNECT, f"no connection to {self.host}: {error.strerror}")
            else:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sock.settimeout(max(self._connected_by - time.monotonic(), 0.001))
                return sock
        raise problem

    def _too_slow(self) -> ExchangeError:
        return ExchangeError(Cause.CONNECT_TIMEOUT, f"no connection to {self.host} in {self.seconds:.2g} s")

    @property
    def seconds(self) -> float:
        """The seconds that urllib3 allows for the next step: connecting, then reading the whole answer."""
        return self.timeout or 0.0

    def _tunnel(self) -> None:
        """Ask the proxy to connect. http.client takes any interim answer for a refusal and loses what follows it."""
        host = f"[{self._tunnel_host}]" if ":" in str(self._tunnel_host) else self._tunnel_host
        target = f"{host}:{self._tunnel_port}"
        headers = {"Host": target, **self._tunnel_headers}
        lines = [f"CONNECT {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        self.sock.sendall("\r\n".join(lines).encode("ascii"))
        answer = DeadlineResponse(self.sock, method="CONNECT", until=self._connected_by, size=LARGEST)
        answer.begin()
        if not 200 <= answer.status < 300:
            raise ExchangeError(Cause.CONNECT, f"the proxy does not connect to {self._tunnel_host}: {answer.status}")
        if not answer.nothing_follows:
            raise ExchangeError(Cause.HANDSHAKE, "the proxy sent more than its answer, or closed the connection")

    def request(self, *args: Any, **options: Any) -> None:
        try:
            super().request(*args, **options)
        except StaleConnectionError as error:
            raise ExchangeError(Cause.CONNECT, str(error), reused=self._used is not None) from None

    def getresponse(self) -> Any:
        reused, self._used = self._used is not None, _clock.now()
        try:
            return super().getresponse()
        except TimeoutError:
            raise ExchangeError(Cause.TIMEOUT, f"no answer from {self.host} in time") from None
        except AnswerTooLargeError:
            raise ExchangeError(Cause.SIZE, f"the answer is larger than {self.largest} bytes") from None
        except AnswerError as error:
            raise ExchangeError(Cause.MALFORMED, f"the answer of {self.host} cannot be read: {error}") from None
        except RemoteDisconnected:
            raise ExchangeError(
                Cause.CUT, f"the connection to {self.host} broke before its answer", reused=reused
            ) from None
        except (OSError, HTTPException) as error:
            raise ExchangeError(Cause.CUT, f"the answer of {self.host} broke off ({type(error).__name__})") from None

    @property
    def is_connected(self) -> bool:
        return super().is_connected and (self._used is None or _clock.age(self._used) < IDLE_SECONDS)


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class Pool(HTTPConnectionPool):
    """Kept connections to one host."""

    ConnectionCls = _Connection


class TlsPool(HTTPSConnectionPool):
    """Kept connections to one host, over TLS."""

    ConnectionCls = _TlsConnection
