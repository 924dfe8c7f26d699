"""Each channel's rate limit, shared by all execution environments.

After a 429 the channel is paused until its Retry-After is over, and each delivery takes a slot behind the others. So
they come one after the other, instead of all at once into the next 429. While nobody waits, nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Final

from handler.delivery.situation import ChannelState
from handler.errors import ConfigError, NotifierError, SlackError
from handler.ports import StateTable
from handler.state_item import Item, ThrottleItem

# Slack takes about one message a second in a channel. Slots are a little further apart, because clocks and queues are
# not exact. https://docs.slack.dev/apis/web-api/rate-limits
SLOT_SECONDS: Final = 1.05
# How old the known state may be. An environment that meets a 429 knows it at once, the others within this time.
FRESH_SECONDS: Final = 1.0
# How long a channel is paused after a 429 without a Retry-After.
DEFAULT_PAUSE_SECONDS: Final = 30.0
# How long the state of a channel is kept after the last slot.
_KEPT_SECONDS: Final = 3600
_ATTEMPTS: Final = 25


_OPEN: Final = ChannelState()


def pause_after(error: NotifierError) -> float:
    """Return for how many seconds a channel is paused after a 429."""
    asked = error.retry_after if isinstance(error, SlackError) else None
    return DEFAULT_PAUSE_SECONDS if asked is None else asked


class ChannelThrottle:
    """The rate limits of all channels: as the table had them a moment ago, and as this environment changed them."""

    def __init__(self, table: StateTable, now: Callable[[], float]) -> None:
        self._table = table
        self._now = now
        self._known: dict[str, Item] = {}
        self._read_at = 0.0

    @property
    def is_fresh(self) -> bool:
        """Whether the state was read within the last FRESH_SECONDS."""
        return 0 <= self._now() - self._read_at < FRESH_SECONDS

    def refresh(self) -> None:
        """Read the state of all channels. Raises nothing: if the table is down, the ledger will say so."""
        began = self._now()
        with suppress(ConfigError):
            self._known = {item.sort: item for item in self._table.items(ThrottleItem.PARTITION)}
            self._read_at = began

    @contextmanager
    def refreshing(self) -> Iterator[None]:
        """Read the state in a thread while the block runs, unless it is fresh."""
        if self.is_fresh:
            yield
            return
        with ThreadPoolExecutor(1) as reader:
            reader.submit(self.refresh)
            yield

    def state(self, destination: str) -> ChannelState:
        """Return the state of a channel, without asking the table."""
        item = self._known.get(destination)
        if item is None:
            return _OPEN
        now = self._now()
        return ChannelState(now < item.number(ThrottleItem.PAUSED_UNTIL), now < item.number(ThrottleItem.FREE_AT))

    def pause(self, destination: str, seconds: float) -> None:
        """Let nobody post to a channel for these seconds. Raises ConfigError (LEDGER_UNAVAILABLE)."""
        until = self._now() + seconds

        def paused(before: Mapping[str, float]) -> dict[str, float]:
            return {name: max(until, before.get(name, 0.0)) for name in _TIMES}

        self._change(destination, paused)

    def slot(self, destination: str) -> float:
        """Take the next slot, and return its Unix time. Raises ConfigError (LEDGER_UNAVAILABLE)."""

        def taken(before: Mapping[str, float]) -> dict[str, float]:
            return {**before, ThrottleItem.FREE_AT: max(self._now(), *before.values()) + SLOT_SECONDS}

        return self._change(destination, taken).number(ThrottleItem.FREE_AT) - SLOT_SECONDS

    def _change(self, destination: str, changed: Callable[[Mapping[str, float]], dict[str, float]]) -> Item:
        """Replace a channel's state by a changed one; if another worker was faster, start again from the stored one.

        A known state that has expired counts as missing: another worker may have created it again, with the same
        revisions.
        """
        old = self._known.get(destination)
        if old and old.expires_at <= self._now():
            old = None
        for _ in range(_ATTEMPTS):
            values = changed({name: old.number(name) for name in _TIMES} if old else dict.fromkeys(_TIMES, 0.0))
            expires_at = int(max(values.values()) + _KEPT_SECONDS)
            item = Item(ThrottleItem.PARTITION, destination, values, expires_at).following(old)
            old = self._table.swap(item)
            if old is None:
                self._known[destination] = item
                return item
        raise ConfigError("LEDGER_UNAVAILABLE", "too many workers change the rate limit of one channel at once")


_TIMES: Final = (ThrottleItem.PAUSED_UNTIL, ThrottleItem.FREE_AT)
