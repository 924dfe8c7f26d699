"""How old a listing may be, and how often its source is asked."""

from __future__ import annotations

import threading
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handler.discovery.cache import Ages, Cache
from handler.instances import Listing, ResolveError, ResolveFailure

from .kit import DOWN, GONE, FakeResolver, Hands, listing, names

AGES = Ages()


class Cached:
    """A cache over a fake, with everything that moves it."""

    def __init__(self, answer: Listing | Exception, seed: int = 1) -> None:
        self.resolver = FakeResolver(answer)
        self.hands = Hands()
        self.counts: Counter[str] = Counter()
        self.cache = Cache(self.resolver, AGES, self.hands.clock, Random(seed), self.counts)

    def found(self) -> list[str]:
        try:
            return names(self.cache.listing())
        finally:
            self.cache.join()


def test_a_listing_is_asked_for_once_while_it_is_fresh() -> None:
    cached = Cached(listing("a", "b"))
    for _ in range(10):
        assert cached.found() == ["a", "b"]
        cached.hands.move(1)
    assert cached.resolver.asked == 1
    assert cached.counts == {"refresh": 1, "fresh": 10}


def test_a_stale_listing_serves_while_it_is_renewed() -> None:
    cached = Cached(listing("a"))
    cached.found()
    cached.resolver.answer = listing("b")
    cached.hands.move(AGES.soft_ttl)
    assert cached.found() == ["a"]
    assert cached.found() == ["b"]
    assert cached.resolver.asked == 2
    assert cached.counts["stale"] == 1


def test_an_expired_listing_is_renewed_before_it_serves() -> None:
    cached = Cached(listing("a"))
    cached.found()
    cached.resolver.answer = listing("b")
    cached.hands.move(AGES.hard_ttl)
    assert cached.found() == ["b"]


@pytest.mark.parametrize("frozen", [True, False])
def test_an_hour_is_an_hour_whichever_clock_went_on(frozen: bool) -> None:
    cached = Cached(listing("a"))
    cached.found()
    cached.resolver.answer = DOWN
    cached.hands.move(3600, frozen=frozen)
    with pytest.raises(ResolveError) as caught:
        cached.found()
    assert caught.value is DOWN


def test_a_wall_clock_that_was_set_back_makes_everything_old() -> None:
    cached = Cached(listing("a"))
    cached.found()
    cached.resolver.answer = listing("b")
    cached.hands.move(-60, frozen=True)
    assert cached.found() == ["b"]


def test_the_last_good_listing_serves_through_an_outage_of_a_quarter_of_an_hour() -> None:
    cached = Cached(listing("a"))
    cached.found()
    cached.resolver.answer = DOWN
    for _ in range(80):  # 800 s, below the least bound
        cached.hands.move(10)
        assert cached.found() == ["a"]
    assert cached.counts["last_known_good"] > 50
    cached.hands.move(AGES.max_stale - 800)
    with pytest.raises(ResolveError):
        cached.found()


def test_an_outage_is_not_asked_about_at_each_event() -> None:
    cached = Cached(listing("a"))
    cached.found()
    cached.resolver.answer = DOWN
    for _ in range(600):
        cached.hands.move(1)
        cached.found()
    # After the first few, one look-up in 7.5 to 15 s.
    assert 600 / AGES.soft_ttl <= cached.resolver.asked <= 600 / (AGES.soft_ttl / 2) + 5


def test_nothing_known_is_asked_for_again_after_three_seconds_at_most() -> None:
    cached = Cached(DOWN)
    for _ in range(20):
        with pytest.raises(ResolveError):
            cached.found()
    assert cached.resolver.asked == 1
    cached.resolver.answer = listing("a")
    cached.hands.move(AGES.retry_delay)
    assert cached.found() == ["a"]


@pytest.mark.parametrize("answer", [listing(), GONE, ResolveError(ResolveFailure.NO_NAME, "A api.internal")])
def test_that_nothing_is_there_is_believed_after_half_a_minute(answer: Listing | Exception) -> None:
    cached = Cached(listing("a"))
    cached.found()
    cached.resolver.answer = answer
    cached.hands.move(AGES.soft_ttl)
    assert cached.found() == ["a"]
    assert cached.found() == ["a"]
    cached.hands.move(AGES.max_stale_if_empty - AGES.soft_ttl)
    with pytest.raises(ResolveError) as caught:
        cached.found()
    assert caught.value.failure.authoritative
    assert cached.counts["empty"] >= 1
    cached.resolver.answer = listing("b")
    cached.hands.move(AGES.retry_delay)
    assert cached.found() == ["b"]


def test_an_older_state_of_the_registry_is_not_believed() -> None:
    cached = Cached(listing("a", revision=7))
    cached.found()
    cached.resolver.answer = listing("old", revision=6)
    cached.hands.move(AGES.soft_ttl)
    cached.found()
    assert cached.found() == ["a"]
    cached.hands.move(AGES.hard_ttl)  # a registry that was made anew counts anew
    assert cached.found() == ["old"]


@pytest.mark.parametrize(("ttl", "soft"), [(0.0, AGES.min_ttl), (10.0, 10.0), (3600.0, AGES.max_ttl)])
def test_the_sources_own_word_counts_within_bounds(ttl: float, soft: float) -> None:
    cached = Cached(listing("a", ttl=ttl))
    cached.found()
    cached.hands.move(soft - 0.1)
    cached.found()
    assert cached.resolver.asked == 1
    cached.hands.move(0.1)
    cached.found()
    assert cached.resolver.asked == 2


def test_a_renewal_is_refused_within_a_second() -> None:
    cached = Cached(listing("a"))
    cached.found()
    assert not cached.cache.refresh()
    cached.hands.move(AGES.min_interval)
    assert cached.cache.refresh()
    cached.resolver.answer = DOWN
    cached.hands.move(AGES.min_interval)
    assert not cached.cache.refresh()
    assert cached.resolver.asked == 3


def test_what_is_doubted_is_renewed_ahead_of_time() -> None:
    cached = Cached(listing("a"))
    cached.found()
    cached.cache.mark_stale()
    cached.hands.move(AGES.min_interval)
    cached.resolver.answer = listing("b")
    assert cached.found() == ["a"]
    assert cached.found() == ["b"]


def test_a_look_up_runs_beside_the_caller_and_only_once() -> None:
    release = threading.Event()

    class Slow(FakeResolver):
        def resolve(self, seconds: float) -> Listing:
            assert release.wait(10)
            return super().resolve(seconds)

    resolver = Slow(listing("a"))
    cache = Cache(resolver)
    for _ in range(50):
        cache.prefetch()
    assert sum(thread.name == "look-up" for thread in threading.enumerate()) == 1
    release.set()
    assert names(cache.listing()) == ["a"]
    cache.join()
    assert resolver.asked == 1
    assert not any(thread.name == "look-up" for thread in threading.enumerate())


def test_a_defect_of_a_resolver_is_a_failed_look_up() -> None:
    cached = Cached(RuntimeError("secret"))
    with pytest.raises(ResolveError) as caught:
        cached.found()
    assert (caught.value.failure, caught.value.detail) == (ResolveFailure.FAILED, "RuntimeError")


STEPS = st.lists(
    st.tuples(st.sampled_from(["good", "down", "gone", "old"]), st.floats(0, 2000), st.booleans(), st.booleans()),
    max_size=30,
)


@given(STEPS, st.integers())
def test_nothing_is_ever_served_that_is_older_than_its_bound(
    steps: list[tuple[str, float, bool, bool]], seed: int
) -> None:
    """Each listing is named after the moment at which it was asked for, so that its true age can be told."""
    cached = Cached(DOWN, seed)
    revision = 0
    for answer, seconds, frozen, renew in steps:
        cached.hands.move(seconds, frozen=frozen)
        revision += 1
        now = cached.hands.wall
        cached.resolver.answer = {
            "good": listing(f"{now!r}", revision=revision), "old": listing(f"{now!r}", revision=0),
            "down": DOWN, "gone": GONE,
        }[answer]  # fmt: skip
        if renew:
            cached.cache.refresh()
        try:
            (name,) = cached.found()
        except ResolveError:
            continue
        assert now - float(name) <= AGES.max_stale
