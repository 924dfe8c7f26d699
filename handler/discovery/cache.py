"""Caches a resolver's listing in an execution environment that is frozen between events.

Nothing can run in the background of a frozen environment. So a listing is refreshed during an invocation, in parallel
with its other work, while the old one is still used:

    age below `soft_ttl`    fresh: used without a look-up
    age below `hard_ttl`    stale: used, and refreshed in parallel
    older                   expired: refreshed first; if that fails, used up to the age `max_stale`
    older than `max_stale`  not used any more

These are stale-while-revalidate and stale-if-error of RFC 5861.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from dataclasses import replace
from random import Random
from typing import Final

from handler.clock import Clock, Moment
from handler.frozen import frozen
from handler.instances import Listing, ResolveError, ResolveFailure, Resolver


@frozen
class Ages:
    """Ages and times in seconds. A TTL of the source replaces `soft_ttl`, limited to `min_ttl` and `max_ttl`."""

    soft_ttl: float = 15.0  # half the time that Cloud Map needs to notice a task's health
    min_ttl: float = 5.0
    max_ttl: float = 30.0
    hard_ttl: float = 120.0
    max_stale: float = 900.0  # not the day that RFC 8767 allows: addresses in a VPC are reassigned
    max_stale_if_empty: float = 30.0  # during a deployment there can be a gap without any instance
    retry_delay: float = 3.0
    min_interval: float = 1.0  # between two look-ups
    timeout: float = 1.0  # for one look-up


AGES: Final = Ages()


@frozen
class _Known:
    listing: Listing
    at: Moment
    soft_ttl: float
    max_stale: float


@frozen
class _Failed:
    error: ResolveError
    wait: float
    times: int


class Cache:
    """The last listing of one resolver. For one thread; it runs at most one look-up thread of its own at a time."""

    def __init__(
        self,
        resolver: Resolver,
        ages: Ages = AGES,
        clock: Clock | None = None,
        random: Random | None = None,
        counts: Counter[str] | None = None,
    ) -> None:
        self._resolver = resolver
        self._ages = ages
        self._clock = clock or Clock()
        self._random = random or Random()  # noqa: S311 - it spreads load, and guards nothing
        self._counts = counts if counts is not None else Counter()
        self._known: _Known | None = None
        self._failed: _Failed | None = None
        self._looked_up_at: Moment | None = None
        self._thread: threading.Thread | None = None

    def listing(self) -> Listing:
        """Return the instances, which are never older than `max_stale`. Raises ResolveError."""
        known = self._known
        age = self._clock.age(known.at) if known else math.inf
        serves = known is not None and age < min(self._ages.hard_ttl, self._max_stale(known))
        self.prefetch()
        if known and serves:
            self._counts["fresh" if age < known.soft_ttl else "stale"] += 1
            return known.listing
        self.join()
        return self._best_known()

    def prefetch(self) -> None:
        """Start a look-up in parallel if the listing is not fresh. Call `join` afterwards."""
        known = self._known
        if known and self._clock.age(known.at) < known.soft_ttl:
            return
        if self._thread is None and self._may_look_up():
            self._start()

    def refresh(self) -> bool:
        """Look up now, unless the last look-up is less than `min_interval` old. Return whether a new one succeeded."""
        if self._thread is None:
            if self._looked_up_at and self._clock.age(self._looked_up_at) < self._ages.min_interval:
                return False
            self._start()
        self.join()
        return self._failed is None

    def mark_stale(self) -> None:
        """Treat the listing as stale, because a part of it proved wrong."""
        if self._known:
            self._known = replace(self._known, soft_ttl=0.0)

    def join(self) -> None:
        """Wait for the running look-up, which has a time limit. No thread may be left in a frozen environment."""
        if self._thread:
            self._thread.join()
            self._thread = None

    def _best_known(self) -> Listing:
        known, failed = self._known, self._failed
        if known and self._clock.age(known.at) < self._max_stale(known):
            self._counts["last_known_good" if failed else "fresh"] += 1
            return known.listing
        raise failed.error if failed else ResolveError(ResolveFailure.FAILED, "nothing was looked up")

    def _max_stale(self, known: _Known) -> float:
        """Return the age at which a listing is dropped. It is lower once the source says that nothing is there."""
        nothing = self._failed is not None and self._failed.error.failure.authoritative
        return min(self._ages.max_stale_if_empty, known.max_stale) if nothing else known.max_stale

    def _may_look_up(self) -> bool:
        """Whether enough time has passed since the last look-up. After failures the wait grows."""
        wait = self._failed.wait if self._failed else self._ages.min_interval
        return self._looked_up_at is None or self._clock.age(self._looked_up_at) >= wait

    def _start(self) -> None:
        self._looked_up_at = self._clock.now()
        self._thread = threading.Thread(target=self._look_up, name="look-up")
        self._thread.start()

    def _look_up(self) -> None:
        at = self._clock.now()  # the answer may be as old as the question
        try:
            listing = self._resolver.resolve(self._ages.timeout)
            self._check(listing)
        except ResolveError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - an error in this thread would go unnoticed
            self._fail(ResolveError(ResolveFailure.FAILED, type(error).__name__))
        else:
            self._counts["refresh"] += 1
            soft = self._ages.soft_ttl if listing.ttl is None else listing.ttl
            soft = min(max(soft, self._ages.min_ttl), self._ages.max_ttl)
            self._known = _Known(listing, at, soft, self._ages.max_stale * self._random.uniform(0.9, 1.0))
            self._failed = None

    def _check(self, listing: Listing) -> None:
        listing.found()
        known = self._known
        if known is None or self._clock.age(known.at) >= self._ages.hard_ttl:
            return  # a registry lags by seconds only; revisions that start again mean that it was created again
        if (listing.revision or 0) < (known.listing.revision or 0):
            raise ResolveError(
                ResolveFailure.OUT_OF_ORDER, f"revision {listing.revision} after {known.listing.revision}"
            )

    def _fail(self, error: ResolveError) -> None:
        self._counts["empty" if error.failure.authoritative else "refresh_failed"] += 1
        times = self._failed.times + 1 if self._failed else 1
        # If there is no listing to use meanwhile, events wait for the next look-up.
        serving = self._known is not None and not error.failure.authoritative
        longest = self._ages.soft_ttl if serving else self._ages.retry_delay
        wait = min(self._ages.retry_delay * 2 ** min(times - 1, 8), longest) * self._random.uniform(0.5, 1.0)
        self._failed = _Failed(error, wait, times)
