"""Cache policies for the instances of an API, all over the same HTTP client, and the counts of their results."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final, Protocol

from handler.adapters.http.api import LIMITS
from handler.adapters.http.connection import ExchangeError
from handler.adapters.http.exchange import Answer, Deadline, Exchange
from handler.adapters.http.load_balancing import LoadBalancer
from handler.addresses import ApiAddress, Origin
from handler.clock import Clock
from handler.discovery.cache import AGES
from handler.discovery.endpoints import Endpoints
from handler.instances import Endpoint, Listing, ResolveError, Resolver

IDENTITY: Final = ("x-service", "shop")
_BUDGET: Final = AGES.timeout


class Policy(Protocol):
    """How an environment gets one document."""

    def get(self, path: str) -> Answer | None:
        """Return the response that is trusted; None if there is none."""


@dataclass
class Counted:
    """A resolver that counts: `asked`, `unanswered`, and `same`, the look-ups that changed nothing."""

    resolver: Resolver
    asked: int = 0
    unanswered: int = 0
    same: int = 0
    _found: frozenset[Endpoint] = frozenset()

    def resolve(self, seconds: float) -> Listing:
        """Look up the instances, and count. They are sorted, so that runs are the same. Raises ResolveError."""
        self.asked += 1
        try:
            listing = self.resolver.resolve(seconds)
        except ResolveError:
            self.unanswered += 1
            raise
        found = frozenset(listing.endpoints)
        self.same += found == self._found
        self._found = found
        return replace(listing, endpoints=tuple(sorted(found, key=lambda one: one.id)))


@dataclass
class Tally:
    """The results of requests. `believed` counts trusted responses of other services, by their names."""

    requests: int = 0
    failed: int = 0
    believed: Counter[str] = field(default_factory=Counter)

    def count(self, answer: Answer | None, *, exists: bool) -> None:
        """Count the response to a request for a document that exists, or does not."""
        name, own = IDENTITY
        self.requests += 1
        service = answer.headers[name] if answer else own
        if service != own:
            self.believed[service] += 1
        elif not answer or answer.status != (200 if exists else 404):
            self.failed += 1


@dataclass
class _Plain:
    """Sends a request to a random instance."""

    resolver: Resolver
    random: Random
    exchange: Exchange = field(default_factory=lambda: Exchange(None, LIMITS, connections=1, hosts=32))

    def _one_of(self, endpoints: tuple[Endpoint, ...], path: str) -> Answer | None:
        if not endpoints:
            return None
        one = self.random.choice(endpoints)
        try:
            return self.exchange.send("GET", f"http://{one.host}:{one.port}{path}", {}, deadline=_deadline())
        except ExchangeError:
            return None

    def _found(self) -> tuple[Endpoint, ...]:
        try:
            return self.resolver.resolve(_BUDGET).endpoints
        except ResolveError:
            return ()


class NoCache(_Plain):
    """Looks up before each request, and once more if there is no response."""

    def get(self, path: str) -> Answer | None:
        """Return the response, as Policy.get does."""
        return self._one_of(self._found(), path) or self._one_of(self._found(), path)


@dataclass
class AskOn404(_Plain):
    """Caches until a 404 or no response; then looks up, and retries if that found other instances."""

    _known: tuple[Endpoint, ...] = ()

    def get(self, path: str) -> Answer | None:
        """Return the response, as Policy.get does."""
        answer = self._one_of(self._known, path)
        if answer and answer.status != 404:
            return answer
        found = self._found()
        if not found or (answer and found == self._known):
            return answer
        self._known = found
        return self._one_of(found, path)


class Evidence:
    """The function's own policy: drops instances that refuse connections, or fail the check by `identity`."""

    def __init__(self, resolver: Resolver, random: Random, clock: Clock, identity: tuple[str, str]) -> None:
        address = ApiAddress(
            "default", Origin("cloudmap://shop.internal/api", resolver, "http", "api"), "", "", identity
        )
        self._endpoints = Endpoints(resolver, clock=clock, random=random)
        self._load_balancer = LoadBalancer(address, self._endpoints, _exchange())

    def get(self, path: str) -> Answer | None:
        """Return the response, as Policy.get does."""
        self._endpoints.prefetch()
        try:
            reply = self._load_balancer.get(path, {}, _deadline())
        except ResolveError:
            return None
        finally:
            self._endpoints.join()
        return reply.outcome if isinstance(reply.outcome, Answer) and not reply.wrong_service else None


def _exchange() -> Exchange:
    return Exchange(None, LIMITS, connections=1, hosts=32)


def _deadline() -> Deadline:
    return Deadline.after(LIMITS.total)
