"""A GET to one instance of an API after the other, until one answers.

Whatever fails before a request has left is tried at the next instance, as often as there is one. What fails later is
tried once more: a GET may be repeated, but an API that is slow everywhere must not be asked everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from handler.adapters.http_connection import ExchangeError
from handler.adapters.http_exchange import Answer, Deadline, Exchange
from handler.addresses import ApiAddress
from handler.discovery.endpoints import Endpoints
from handler.frozen import frozen
from handler.instances import Endpoint

# A silent instance costs a quarter of a second, all told, and once, where there is another. A connection in a VPC takes
# 2 ms; one with TLS is given all of its time, because a processor that is shared takes a part of it.
FAILOVER_SECONDS: Final = 0.24
# Answers of something before the API, which say that the instance behind it is not well.
GATEWAY: Final = frozenset({502, 503, 504})
# It answers for other services than the one that was asked: https://www.rfc-editor.org/rfc/rfc9110#status.421
MISDIRECTED: Final = 421
MAX_DOUBTFUL: Final = 2
# Threads for a request to every instance: they wait, and need no processor.
MAX_PARALLEL: Final = 8


@frozen
class Reply:
    """What one instance did: it answered, or the exchange broke off. `stranger`: another service answered."""

    endpoint: Endpoint
    outcome: Answer | ExchangeError
    stranger: bool = False

    @property
    def good(self) -> bool:
        """Whether the API itself answered."""
        return isinstance(self.outcome, Answer) and not self.stranger and self.outcome.status not in GATEWAY

    @property
    def sent(self) -> bool:
        """Whether the API may have had the request, and did not answer well."""
        if isinstance(self.outcome, ExchangeError):
            return self.outcome.cause.sent
        return self.outcome.status in GATEWAY and not self.stranger


class Balanced:
    """The instances of one API, and the connections to them."""

    def __init__(self, address: ApiAddress, endpoints: Endpoints, exchange: Exchange) -> None:
        self._address = address
        self._endpoints = endpoints
        self._exchange = exchange

    def get(self, path: str, headers: Mapping[str, str], deadline: Deadline) -> Reply:
        """Return the first good reply, else the last one. Raises ResolveError where no instance is known."""
        doubtful = 0
        replies = self._replies(path, headers, deadline)
        reply = next(replies)
        while not reply.good and deadline.remaining() > 0:
            doubtful += reply.sent
            another = next(replies, None) if doubtful < MAX_DOUBTFUL else None
            if another is None:
                break
            reply = another
        return reply

    def get_all(self, path: str, headers: Mapping[str, str], deadline: Deadline) -> list[Reply]:
        """Return the reply of every instance, in the order of their ids. Raises ResolveError."""
        endpoints = sorted(self._endpoints.all(), key=lambda one: one.id)
        with ThreadPoolExecutor(min(MAX_PARALLEL, len(endpoints))) as pool:
            return list(pool.map(lambda one: self._ask(one, path, headers, deadline), endpoints))

    def _replies(self, path: str, headers: Mapping[str, str], deadline: Deadline) -> Iterator[Reply]:
        """One reply after the other: of the instances that are known, then of those that a new look-up adds."""
        tried: set[Endpoint] = set()
        for listing in (self._endpoints.candidates, self._endpoints.renewed):
            candidates = [one for one in listing() if one not in tried]
            for left, endpoint in zip(range(len(candidates) - 1, -1, -1), candidates, strict=True):
                tried.add(endpoint)
                reply = self._ask(endpoint, path, headers, deadline, others=left > 0)
                yield reply
                if reply.sent and not left:  # it is there, so a look-up would find the same
                    return

    def _ask(
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
            reply = Reply(endpoint, answer, stranger=not self._is_itself(answer))
        self._learn(reply)
        return reply

    def _send(self, url: str, headers: Mapping[str, str], until: Deadline, connect: float | None) -> Answer:
        try:
            return self._exchange.send("GET", url, headers, deadline=until, connect=connect)
        except ExchangeError as error:
            if not error.kept:
                raise
        # The kept connection was dead and is gone, so that this opens a new one; a GET may be sent again.
        return self._exchange.send("GET", url, headers, deadline=until, connect=connect)

    def _is_itself(self, answer: Answer) -> bool:
        name, value = self._address.identity
        return answer.status != MISDIRECTED and (not name or answer.headers.get(name) == value)

    def _learn(self, reply: Reply) -> None:
        if reply.good:
            self._endpoints.served(reply.endpoint)
        elif reply.sent:
            self._endpoints.faltered(reply.endpoint)
        else:
            self._endpoints.failed(reply.endpoint)
