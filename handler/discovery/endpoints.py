"""The instances of one API for its client: which to try, and a record of how each one behaved."""

from __future__ import annotations

from collections import Counter
from random import Random

from handler.clock import Clock
from handler.discovery.cache import AGES, Ages, Cache
from handler.discovery.outliers import Outliers
from handler.instances import Endpoint, Resolver


class Endpoints:
    """A cache of instances, without those that failed recently."""

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
        """Return every instance, including ejected ones. Raises ResolveError."""
        return self._cache.listing().endpoints

    def refreshed(self) -> list[Endpoint]:
        """Return the instances after a new look-up; none if the look-up was not made or failed."""
        return self.candidates() if self._cache.refresh() else []

    def record_success(self, endpoint: Endpoint) -> None:
        """Record that the instance answered."""
        self._outliers.record_success(endpoint)

    def record_failure(self, endpoint: Endpoint) -> None:
        """Record that it refused the connection or is now another service. The listing is looked up again soon."""
        self._outliers.record_failure(endpoint)
        self._cache.mark_stale()

    def record_bad_response(self, endpoint: Endpoint) -> None:
        """Record that it accepted a request but gave no answer of its own."""
        self._outliers.record_bad_response(endpoint)

    def take_counts(self) -> dict[str, int]:
        """Return and reset the counts of what happened since the last call.

        The keys are: fresh, stale, last_known_good (listings used); refresh, refresh_failed, empty (look-ups);
        ejection; panic.
        """
        counts = dict(self._counts)
        self._counts.clear()
        return counts

    def prefetch(self) -> None:
        """Start a look-up in parallel if one is due. Call `join` afterwards."""
        self._cache.prefetch()

    def join(self) -> None:
        """Wait for the running look-up."""
        self._cache.join()
