"""When a channel may be posted to again, shared by all execution environments.

After a 429 a channel's gate is closed until its Retry-After is over, and whoever wants to post takes a slot behind the
others: one after the other comes again in its slot, instead of all at once into the next 429. While nobody waits there
is no gate, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from handler.errors import ConfigError
from handler.ports import Shelf, Store
from handler.state_item import Item

# Slack takes about one message a second in a channel; a little less often leaves room for clocks and queues that are
# not exact. https://docs.slack.dev/apis/web-api/rate-limits
SLOT_SECONDS: Final = 1.05
# A slot is taken up to so much before its time: a queue counts in whole seconds.
EARLY_SECONDS: Final = 1.0
# How old a known state of the gates may be: who is told to wait tells itself at once, and the others within so long.
FRESH_SECONDS: Final = 1.0
# How long a gate that nobody waits at is kept.
_KEPT_SECONDS: Final = 3600
_ATTEMPTS: Final = 25
_PARTITION: Final = "gate"


class Gates:
    """The gates that were known at the start of an invocation, and those that were met in it."""

    def __init__(self, store: Store, shelf: Shelf, now: Callable[[], float]) -> None:
        self._store = store
        self._shelf = shelf
        self._now = now
        self._known: dict[str, Item] = {}
        self._read_at = 0.0

    @property
    def are_fresh(self) -> bool:
        """Whether they were read a moment ago."""
        return 0 <= self._now() - self._read_at < FRESH_SECONDS

    def refresh(self) -> None:
        """Read the gates. Raises nothing: the ledger will say what is wrong."""
        began = self._now()
        with suppress(ConfigError):
            self._known = {item.sort: item for item in self._shelf.items(_PARTITION)}
            self._read_at = began

    def closed(self, destination: str) -> bool:
        """Whether Slack said to wait, and the time is not over."""
        item = self._known.get(destination)
        return item is not None and self._now() < item.number("closed_until")

    def crowded(self, destination: str) -> bool:
        """Whether others wait for their slots, so that who has none takes one behind them."""
        item = self._known.get(destination)
        return item is not None and self._now() < item.number("free_at")

    def close(self, destination: str, seconds: float) -> None:
        """Let nobody post there for so long. Raises ConfigError (LEDGER_UNAVAILABLE)."""
        until = self._now() + seconds
        self._change(
            destination,
            lambda values: {
                "closed_until": max(until, values.get("closed_until", 0.0)),
                "free_at": max(until, values.get("free_at", 0.0)),
            },
        )

    def slot(self, destination: str) -> float:
        """Take the next slot, and return when it is. Raises ConfigError (LEDGER_UNAVAILABLE)."""
        taken = self._change(
            destination,
            lambda values: {
                **values,
                "free_at": max(self._now(), values.get("free_at", 0.0), values.get("closed_until", 0.0)) + SLOT_SECONDS,
            },
        )
        return taken.number("free_at") - SLOT_SECONDS

    def _change(self, destination: str, changed: Callable[[dict[str, float]], dict[str, float]]) -> Item:
        """Replace a gate by a changed one; if another worker was faster, start again from the stored one.

        A known gate that has expired counts as missing: another worker may have created it again, with the same
        revisions.
        """
        old = self._known.get(destination)
        if old and old.expires_at <= self._now():
            old = None
        for _ in range(_ATTEMPTS):
            before = {name: old.number(name) for name in ("closed_until", "free_at")} if old else {}
            values = changed(before)
            item = Item(_PARTITION, destination, values, int(max(values.values()) + _KEPT_SECONDS)).following(old)
            old = self._store.swap(item)
            if old is None:
                self._known[destination] = item
                return item
        raise ConfigError("LEDGER_UNAVAILABLE", "too many write the same gate at once")
