"""Remembers what a resolver found, for an environment that is frozen between events.

Nothing runs in the background of a frozen environment, so a listing is renewed inside an invocation, beside the other
work, while the old one still serves:

    age below `soft`     fresh: used, nothing is asked
    below `hard`         stale: used, and renewed beside the other work
    beyond               expired: renewed first; if that fails, still used up to `last`
    beyond `last`        forgotten

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
from handler.instances import Listing, ResolveError, Resolver, Trouble


@frozen
class Ages:
    """Seconds. A source that says for how long its answer holds shortens or lengthens `soft` between its bounds."""

    soft: float = 15.0  # half of what Cloud Map itself takes to see a task's health
    shortest: float = 5.0
    longest: float = 30.0
    hard: float = 120.0
    last: float = 900.0  # addresses in a VPC are given to others, so not the day that RFC 8767 allows
    empty: float = 30.0  # a deployment can leave a gap without any instance
    retry: float = 3.0
    again: float = 1.0  # the least between two look-ups
    budget: float = 1.0  # for one look-up


AGES: Final = Ages()


@frozen
class _Known:
    listing: Listing
    at: Moment
    soft: float
    last: float


@frozen
class _Failed:
    error: ResolveError
    wait: float
    times: int


class Cache:
    """The last listing of one resolver. For one thread, beside its own: of those at most one runs, and none stays."""

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
        self._asked: Moment | None = None
        self._asking: threading.Thread | None = None

    def listing(self) -> Listing:
        """Return the instances, never older than `last`. Raises ResolveError."""
        known = self._known
        age = self._clock.age(known.at) if known else math.inf
        serves = known is not None and age < min(self._ages.hard, self._last(known))
        self.ahead()
        if known and serves:
            self._counts["fresh" if age < known.soft else "stale"] += 1
            return known.listing
        self.settle()
        return self._best_known()

    def ahead(self) -> None:
        """Begin to look up what is not fresh, beside the caller's other work; `settle` has to follow."""
        known = self._known
        if known and self._clock.age(known.at) < known.soft:
            return
        if self._asking is None and self._due():
            self._begin()

    def renew(self) -> bool:
        """Look up now, whatever is known, unless that was done within the last second. Return whether it was done."""
        if self._asking is None:
            if self._asked and self._clock.age(self._asked) < self._ages.again:
                return False
            self._begin()
        self.settle()
        return self._failed is None

    def doubt(self) -> None:
        """Let what is known count as stale: some of it was found to be wrong."""
        if self._known:
            self._known = replace(self._known, soft=0.0)

    def settle(self) -> None:
        """Wait for what was begun: a resolver bounds its time, and nothing may be left in a frozen environment."""
        if self._asking:
            self._asking.join()
            self._asking = None

    def _best_known(self) -> Listing:
        known, failed = self._known, self._failed
        if known and self._clock.age(known.at) < self._last(known):
            self._counts["last_known_good" if failed else "fresh"] += 1
            return known.listing
        raise failed.error if failed else ResolveError(Trouble.FAILED, "nothing was looked up")

    def _last(self, known: _Known) -> float:
        """The age from which on a listing is not used any more: soon, once the source says that nothing is there."""
        nothing = self._failed is not None and self._failed.error.trouble.authoritative
        return min(self._ages.empty, known.last) if nothing else known.last

    def _due(self) -> bool:
        """Whether enough time has passed since the last look-up, which is more after each failure."""
        wait = self._failed.wait if self._failed else self._ages.again
        return self._asked is None or self._clock.age(self._asked) >= wait

    def _begin(self) -> None:
        self._asked = self._clock.now()
        self._asking = threading.Thread(target=self._ask, name="look-up")
        self._asking.start()

    def _ask(self) -> None:
        at = self._clock.now()  # the answer may be as old as the question
        try:
            listing = self._resolver.resolve(self._ages.budget)
            self._check(listing)
        except ResolveError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - nobody would see it in a thread
            self._fail(ResolveError(Trouble.FAILED, type(error).__name__))
        else:
            self._counts["refresh"] += 1
            soft = self._ages.soft if listing.ttl is None else listing.ttl
            soft = min(max(soft, self._ages.shortest), self._ages.longest)
            self._known = _Known(listing, at, soft, self._ages.last * self._random.uniform(0.9, 1.0))
            self._failed = None

    def _check(self, listing: Listing) -> None:
        listing.found()
        known = self._known
        if known is None or self._clock.age(known.at) >= self._ages.hard:
            return  # a registry that lags behind does so by seconds; one that counts anew was made anew
        if (listing.revision or 0) < (known.listing.revision or 0):
            raise ResolveError(Trouble.OUT_OF_ORDER, f"revision {listing.revision} after {known.listing.revision}")

    def _fail(self, error: ResolveError) -> None:
        self._counts["empty" if error.trouble.authoritative else "refresh_failed"] += 1
        times = self._failed.times + 1 if self._failed else 1
        # Where nothing can be served meanwhile, somebody waits for the answer.
        serving = self._known is not None and not error.trouble.authoritative
        longest = self._ages.soft if serving else self._ages.retry
        wait = min(self._ages.retry * 2 ** min(times - 1, 8), longest) * self._random.uniform(0.5, 1.0)
        self._failed = _Failed(error, wait, times)
