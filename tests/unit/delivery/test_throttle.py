"""What is known of the channels' rate limits, and for how long."""

from __future__ import annotations

import pytest

from handler.delivery.throttle import FRESH_SECONDS, ChannelThrottle
from handler.errors import ConfigError
from handler.state_item import Item
from tests.kit import FakeTable


def test_a_known_state_that_has_expired_does_not_overwrite_one_that_was_begun_anew() -> None:
    now = 1_770_000_000.0
    table = FakeTable(lambda: now)
    first, second = (ChannelThrottle(table, lambda: now) for _ in range(2))
    first.pause("C0ORDERS01", 1.0)
    now += 4_000
    second.pause("C0ORDERS01", 60.0)
    assert first.slot("C0ORDERS01") >= now + 60
    second.refresh()
    assert second.state("C0ORDERS01").paused


@pytest.mark.parametrize(
    ("later", "fresh"), [(0.0, True), (FRESH_SECONDS * 0.99, True), (FRESH_SECONDS, False), (-1.0, False)]
)
def test_what_was_read_is_fresh_for_a_second_by_a_clock_that_may_be_set_back(later: float, fresh: bool) -> None:
    now = 1_770_000_000.0
    table = FakeTable(lambda: now)
    throttle = ChannelThrottle(table, lambda: now)
    assert not throttle.is_fresh
    throttle.refresh()
    now += later
    assert throttle.is_fresh == fresh


def test_a_read_that_failed_is_not_fresh() -> None:
    class Unreachable:
        def items(self, partition: str) -> list[Item]:
            raise ConfigError("LEDGER_UNAVAILABLE", partition)

    throttle = ChannelThrottle(Unreachable(), lambda: 1_770_000_000.0)
    throttle.refresh()
    assert not throttle.is_fresh
