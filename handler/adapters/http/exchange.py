"""One HTTP request and its complete answer, or an error that tells how far it came. No redirects, no retries.

HTTPS_PROXY in the environment is ignored: only the deployment's settings decide through which proxy a secret passes.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Mapping
from functools import partial
from http.client import HTTPException

from urllib3 import HTTPHeaderDict, PoolManager, ProxyManager, Timeout
from urllib3.exceptions import HTTPError, LocationValueError, ReadTimeoutError

from handler.adapters.http.connection import Cause, ExchangeError, Pool, TlsPool
from handler.frozen import frozen

# urllib3 logs URLs. The URL of a webhook is a secret, and the URL of a lookup contains values of a row.
logging.getLogger("urllib3").setLevel(logging.ERROR)


@frozen
class Limits:
    """Limits: seconds to connect, seconds in total, and bytes of an answer's body."""

    connect: float
    total: float
    size: int


@frozen
class Deadline:
    """The time of the monotonic clock by which all steps of one operation have to end."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline in so many seconds."""
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Return the seconds left; negative after the deadline."""
        return self.at - time.monotonic()


@frozen
class Answer:
    """A server's complete answer. Header names are case-insensitive."""

    status: int
    headers: HTTPHeaderDict
    body: bytes


class Exchange:
    """Sends requests over keep-alive connections. As many threads may share it as it keeps connections to a host."""

    def __init__(
        self,
        tls: ssl.SSLContext | None,
        limits: Limits,
        *,
        connections: int,
        hosts: int = 1,
        server_name: str = "",
        proxy: str = "",
    ) -> None:
        """Keep up to `connections` connections to each of up to `hosts` hosts.

        `server_name` is the name that the certificate must contain, if that is not the host in the URL. `proxy` is the
        URL of a proxy for https hosts (CONNECT): it sees the name of the host but not the traffic.
        """
        self._limits = limits
        manager = partial(ProxyManager, proxy) if proxy else PoolManager
        self._pools = manager(hosts, maxsize=connections, ssl_context=tls, server_hostname=server_name or None)
        self._pools.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
        *,
        deadline: Deadline,
        connect: float | None = None,
    ) -> Answer:
        """Send once, and return the answer whatever its status. Raises ExchangeError.

        `connect` limits the seconds to connect, instead of Limits.connect.
        """
        seconds = deadline.remaining()
        if seconds <= 0:
            raise ExchangeError(Cause.CONNECT_TIMEOUT, "no time was left to send the request")
        try:
            response = self._pools.urlopen(
                method,
                url,
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                decode_content=False,
                # Half of the time left is reserved for the answer: never send a request without time for its answer.
                timeout=Timeout(connect=min(connect or self._limits.connect, seconds / 2), total=seconds),
            )
        except LocationValueError:
            raise ExchangeError(Cause.NAME, "the address cannot be read") from None
        except (ReadTimeoutError, TimeoutError):
            raise ExchangeError(Cause.TIMEOUT, "no complete answer in time") from None
        except (HTTPError, HTTPException, OSError) as error:
            raise ExchangeError(Cause.CUT, f"the answer broke off ({type(error).__name__})") from None
        if len(response.data) > self._limits.size:
            raise ExchangeError(Cause.SIZE, f"the answer is larger than {self._limits.size} bytes")
        return Answer(response.status, response.headers, response.data)
