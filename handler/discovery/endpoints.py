"""The instances of one API as its client sees them: whom to try, and what became of it."""

from __future__ import annotations

from collections import Counter
from random import Random

from handler.clock import Clock
from handler.discovery.cache import AGES, Ages, Cache
from handler.discovery.outliers import Outliers
from handler.instances import Endpoint, Resolver


class Endpoints:
    """A cache of instances, without those that failed of late."""

    def __init__(
        self, resolver: Resolver, ages: Ages = AGES, clock: Clock | None = None, random: Random | None = None
    ) -> None:
        self._counts: Counter[str] = Counter()
        clock, random = clock or Clock(), random or Random()  # noqa: S311 - it spreads load, and guards nothing
        self._cache = Cache(resolver, ages, clock, random, self._counts)
        self._outliers = Outliers(clock, random, self._counts)

    def candidates(self) -> list[Endpoint]:
        """Return at least one instance, best first. Raises ResolveError."""
        return self._outliers.ordered(self._cache.listing().endpoints)

    def all(self) -> tuple[Endpoint, ...]:
        """Return every instance, whatever is held against it. Raises ResolveError."""
        return self._cache.listing().endpoints

    def renewed(self) -> list[Endpoint]:
        """Return the instances after a new look-up; none where there was no reason to hope for others."""
        return self.candidates() if self._cache.renew() else []

    def served(self, endpoint: Endpoint) -> None:
        """It answered for itself."""
        self._outliers.served(endpoint)

    def failed(self, endpoint: Endpoint) -> None:
        """It took no connection, or is another service by now: what is known is looked up anew soon."""
        self._outliers.failed(endpoint)
        self._cache.doubt()

    def faltered(self, endpoint: Endpoint) -> None:
        """It took a request, and gave no answer of its own."""
        self._outliers.faltered(endpoint)

    def counted(self) -> dict[str, int]:
        """Return how often what happened since the last time.

        A listing was fresh, stale or last_known_good; there was a refresh, refresh_failed or empty; ejection; panic.
        """
        counts = dict(self._counts)
        self._counts.clear()
        return counts

    def ahead(self) -> None:
        """Begin to look up what is due, beside the caller's other work; `settle` has to follow."""
        self._cache.ahead()

    def settle(self) -> None:
        """Wait for what was begun."""
        self._cache.settle()
