"""One HTTP request and its whole answer, or a word on how far it came: no redirect, no retry, no surprise.

Proxies in the environment (HTTPS_PROXY) are not obeyed: what stands between a secret and its reader is the
deployment's to say, not a variable's.
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

from handler.adapters.http_connection import Cause, ExchangeError, Pool, TlsPool
from handler.frozen import frozen

# Its lines quote addresses. The address of a webhook is a secret, and that of a lookup holds values of a row.
logging.getLogger("urllib3").setLevel(logging.ERROR)


@frozen
class Limits:
    """Seconds to connect and in all, and bytes of an answer's body."""

    connect: float
    total: float
    size: int


@frozen
class Deadline:
    """The moment at which everything that belongs together has to be over."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """The moment in so many seconds."""
        return cls(time.monotonic() + seconds)

    def remaining(self) -> float:
        """Seconds until then; negative once it has passed."""
        return self.at - time.monotonic()


@frozen
class Answer:
    """What a server said, read to its end. The names of headers match in any case."""

    status: int
    headers: HTTPHeaderDict
    body: bytes


class Exchange:
    """Sends requests over kept-alive connections; as many threads may share one as it keeps connections to a host."""

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
        """Keep so many connections to each of so many hosts.

        `server_name` is whom the certificate must name, where that is not the host in the address. `proxy` is asked to
        connect to an https host (CONNECT): it sees the host's name, and none of what is said.
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

        `connect` is for how many seconds a connection is waited for, where that is not the limit.
        """
        seconds = deadline.remaining()
        if seconds <= 0:
            raise ExchangeError(Cause.CONNECT_TIMEOUT, "no time was left to send it")
        try:
            response = self._pools.urlopen(
                method,
                url,
                body=body,
                headers=headers,
                retries=False,
                redirect=False,
                decode_content=False,
                # Half of what is left is the answer's, so that nothing is sent whose answer could not be awaited.
                timeout=Timeout(connect=min(connect or self._limits.connect, seconds / 2), total=seconds),
            )
        except LocationValueError:
            raise ExchangeError(Cause.NAME, "the address cannot be read") from None
        except (ReadTimeoutError, TimeoutError):
            raise ExchangeError(Cause.TIMEOUT, "no whole answer in time") from None
        except (HTTPError, HTTPException, OSError) as error:
            raise ExchangeError(Cause.CUT, f"the answer broke off ({type(error).__name__})") from None
        if len(response.data) > self._limits.size:
            raise ExchangeError(Cause.SIZE, f"the answer is larger than {self._limits.size} bytes")
        return Answer(response.status, response.headers, response.data)
