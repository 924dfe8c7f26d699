"""Client-side load balancing with failover: a GET to one instance after another, until one answers.

A request that fails before it was sent goes to the next instance, as long as there is one. A request that fails later
is repeated once: a GET may be repeated, but a slow API must not get the request at every instance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from handler.adapters.http.connection import ExchangeError
from handler.adapters.http.exchange import Answer, Deadline, Exchange
from handler.addresses import ApiAddress
from handler.discovery.endpoints import Endpoints
from handler.frozen import frozen
from handler.instances import Endpoint

# While there is another instance, one that does not respond costs a quarter of a second, once. A connection in a VPC
# takes 2 ms. A connection with TLS gets the full time, because the handshake is slow on a shared processor.
FAILOVER_SECONDS: Final = 0.24
# Answers of a gateway or proxy, which mean that the instance behind it does not work.
GATEWAY_ERRORS: Final = frozenset({502, 503, 504})
# The server does not serve the requested host: https://www.rfc-editor.org/rfc/rfc9110#status.421
MISDIRECTED: Final = 421
MAX_FAILED_REQUESTS: Final = 2
# Threads for requests to every instance. They only wait for the network.
MAX_PARALLEL: Final = 8


@frozen
class Reply:
    """The result of one request: an answer or an error. `wrong_service`: another service answered."""

    endpoint: Endpoint
    outcome: Answer | ExchangeError
    wrong_service: bool = False

    @property
    def good(self) -> bool:
        """Whether the API itself answered."""
        return isinstance(self.outcome, Answer) and not self.wrong_service and self.outcome.status not in GATEWAY_ERRORS

    @property
    def sent(self) -> bool:
        """Whether the API may have received the request but gave no good answer."""
        if isinstance(self.outcome, ExchangeError):
            return self.outcome.cause.sent
        return self.outcome.status in GATEWAY_ERRORS and not self.wrong_service


class LoadBalancer:
    """The instances of one API and the connections to them."""

    def __init__(self, address: ApiAddress, endpoints: Endpoints, exchange: Exchange) -> None:
        self._address = address
        self._endpoints = endpoints
        self._exchange = exchange

    def get(self, path: str, headers: Mapping[str, str], deadline: Deadline) -> Reply:
        """Return the first good reply, else the last reply. Raises ResolveError if no instance is known."""
        failed_requests = 0
        replies = self._replies(path, headers, deadline)
        reply = next(replies)
        while not reply.good and deadline.remaining() > 0:
            failed_requests += reply.sent
            another = next(replies, None) if failed_requests < MAX_FAILED_REQUESTS else None
            if another is None:
                break
            reply = another
        return reply

    def get_all(self, path: str, headers: Mapping[str, str], deadline: Deadline) -> list[Reply]:
        """Return the reply of every instance, in the order of their ids. Raises ResolveError."""
        endpoints = sorted(self._endpoints.all(), key=lambda one: one.id)
        with ThreadPoolExecutor(min(MAX_PARALLEL, len(endpoints))) as pool:
            return list(pool.map(lambda one: self._request(one, path, headers, deadline), endpoints))

    def _replies(self, path: str, headers: Mapping[str, str], deadline: Deadline) -> Iterator[Reply]:
        """Yield replies one by one: of the known instances, then of those that a new look-up adds."""
        tried: set[Endpoint] = set()
        for listing in (self._endpoints.candidates, self._endpoints.refreshed):
            candidates = [one for one in listing() if one not in tried]
            for left, endpoint in zip(range(len(candidates) - 1, -1, -1), candidates, strict=True):
                tried.add(endpoint)
                reply = self._request(endpoint, path, headers, deadline, others=left > 0)
                yield reply
                if reply.sent and not left:  # the instance exists, so a look-up would return it again
                    return

    def _request(
        self, endpoint: Endpoint, path: str, headers: Mapping[str, str], deadline: Deadline, *, others: bool = False
    ) -> Reply:
        origin = self._address.origin
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        url = f"{origin.scheme}://{host}:{endpoint.port}{origin.base}{path}"
        until = Deadline.after(deadline.remaining() / 2) if others else deadline
        connect = FAILOVER_SECONDS if others and origin.scheme == "http" else None
        try:
            answer = self._send(url, headers, until, connect)
        except ExchangeError as error:
            reply = Reply(endpoint, error)
        else:
            reply = Reply(endpoint, answer, wrong_service=not self._is_right_service(answer))
        self._record(reply)
        return reply

    def _send(self, url: str, headers: Mapping[str, str], until: Deadline, connect: float | None) -> Answer:
        try:
            return self._exchange.send("GET", url, headers, deadline=until, connect=connect)
        except ExchangeError as error:
            if not error.reused:
                raise
        # The kept connection was dead and is closed. This opens a new one; a GET may be repeated.
        return self._exchange.send("GET", url, headers, deadline=until, connect=connect)

    def _is_right_service(self, answer: Answer) -> bool:
        name, value = self._address.identity
        return answer.status != MISDIRECTED and (not name or answer.headers.get(name) == value)

    def _record(self, reply: Reply) -> None:
        if reply.good:
            self._endpoints.record_success(reply.endpoint)
        elif reply.sent:
            self._endpoints.record_bad_response(reply.endpoint)
        else:
            self._endpoints.record_failure(reply.endpoint)
