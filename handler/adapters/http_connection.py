"""A kept-alive connection that knows what it did: whether a request left, how long it idled, and when to give up.

urllib3's exceptions alone do not say whether any of a request has left (a reset in the TLS handshake and one after the
request look the same), and its timeouts bound each silence, not the whole. Both matter to whoever must not post twice.
"""

from __future__ import annotations

import socket
import ssl
import time
from enum import StrEnum
from functools import partial
from http.client import HTTPException
from typing import Any, Final

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from handler.adapters.http_response import ResponseUntil
from handler.clock import Clock, Moment

# A NAT gateway forgets a flow after 350 s, and load balancers close theirs after 60 s by default:
# https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
IDLE_SECONDS: Final = 50.0

_clock: Final = Clock()


class Cause(StrEnum):
    """Where an exchange broke off."""

    NAME = "name"
    CONNECT = "connect"
    CONNECT_TIMEOUT = "connect timeout"
    HANDSHAKE = "handshake"
    CERTIFICATE = "certificate"
    # From here on at least a part of the request has left.
    TIMEOUT = "timeout"
    CUT = "cut"
    SIZE = "size"

    @property
    def sent(self) -> bool:
        """Whether the other side can have acted on the request."""
        return self in {Cause.TIMEOUT, Cause.CUT, Cause.SIZE}


class ExchangeError(Exception):
    """There is no whole answer. `kept`: a connection that had served before was found dead, so a new one may do."""

    def __init__(self, cause: Cause, detail: str, *, kept: bool = False) -> None:
        super().__init__(cause, detail)
        self.cause = cause
        self.detail = detail
        self.kept = kept


class _Connection(HTTPConnection):
    response_class: Any
    _used: Moment | None = None
    _connected_by = 0.0

    def connect(self) -> None:
        """Resolve, connect and shake hands within one timeout, or end with a word that nothing was sent."""
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
        except OSError as error:
            raise ExchangeError(Cause.HANDSHAKE, f"no TLS with {self.host}: {type(error).__name__}") from None
        if time.monotonic() >= self._connected_by:  # the answer would find no time left
            raise self._too_slow()

    def _new_conn(self) -> socket.socket:
        """Try the host's addresses in turn, each with its share of what is left: urllib3 gives each the whole."""
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
        """What urllib3 leaves for the next step: to connect, then to read the whole answer."""
        return self.timeout or 0.0

    def getresponse(self) -> Any:  # urllib3's response, which is none of http.client's
        kept, self._used = self._used is not None, _clock.now()
        self.response_class = partial(ResponseUntil, until=time.monotonic() + self.seconds)
        try:
            return super().getresponse()
        except TimeoutError:
            raise ExchangeError(Cause.TIMEOUT, f"no answer from {self.host} in time") from None
        except (OSError, HTTPException) as error:
            detail = f"the connection to {self.host} broke before its answer ({type(error).__name__})"
            raise ExchangeError(Cause.CUT, detail, kept=kept) from None

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
