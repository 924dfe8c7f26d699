"""How many events a notice about a broken template stands for, and which of them it has counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from handler.frozen import frozen
from handler.ports import StateTable
from handler.state_item import CountedItem, Item, NoticeItem

# A notice that is older than this is no longer in view, so the next event begins a new one.
KEPT_SECONDS: Final = 86_400


@frozen
class Tally:
    """How many events a notice stands for. Times are Unix seconds.

    The notice began at `began`, which names it. It tells of `told` events, those that failed since `since`; the last
    time that it was posted or edited with a new count was `told_at`. `untold` events failed after that.
    """

    began: float
    since: float
    told: int
    told_at: float
    untold: int = 0

    @classmethod
    def first(cls, now: float) -> Tally:
        """Return the tally of a notice that one event begins."""
        return cls(now, now, 1, now)

    def counted(self) -> Tally:
        """Return the tally with one more event, which the notice does not tell of yet."""
        return replace(self, untold=self.untold + 1)

    def retold(self, now: float) -> Tally:
        """Return the tally with one more event, after an edit that tells of all of them."""
        return replace(self, told=self.told + self.untold + 1, told_at=now, untold=0)

    def following(self, now: float) -> Tally:
        """Return the tally of the next notice, which tells of one more event and of those that this one did not."""
        return Tally(now, self.told_at, self.untold + 1, now)

    @property
    def more(self) -> int:
        """How many events the notice tells of beside the one that it names."""
        return self.told - 1


class Tallies:
    """The tallies of all notices, in the state table, and which events they have counted."""

    def __init__(self, table: StateTable) -> None:
        self._table = table

    def is_new(self, problem: str, event: str, now: float) -> bool:
        """Write down that an event is counted; False if that was done before.

        Raises ConfigError (LEDGER_UNAVAILABLE).
        """
        counted = Item(f"{CountedItem.PARTITION}{problem}", event, {}, int(now + KEPT_SECONDS))
        return self._table.swap(counted) is None

    def read(self, problem: str) -> Item | None:
        """Return the item of a tally, if there is one. Raises ConfigError (LEDGER_UNAVAILABLE)."""
        return next(iter(self._table.items(f"{NoticeItem.PARTITION}{problem}")), None)

    def write(self, problem: str, tally: Tally, old: Item | None) -> Item | None:
        """Replace a tally. Return the item of another worker that was faster, if there was one.

        Raises ConfigError (LEDGER_UNAVAILABLE).
        """
        return self._table.swap(encode(problem, tally).following(old))


def encode(problem: str, tally: Tally) -> Item:
    """Return the item that holds a tally."""
    values: dict[str, str | float | bytes] = {
        NoticeItem.BEGAN: tally.began,
        NoticeItem.SINCE: tally.since,
        NoticeItem.TOLD: tally.told,
        NoticeItem.TOLD_AT: tally.told_at,
        NoticeItem.UNTOLD: tally.untold,
    }
    return Item(f"{NoticeItem.PARTITION}{problem}", NoticeItem.SORT, values, int(tally.began + KEPT_SECONDS))


def decode(item: Item) -> Tally:
    """Return the tally that an item holds. The table returns a time in whole seconds as an int."""
    return Tally(
        began=float(item.number(NoticeItem.BEGAN)),
        since=float(item.number(NoticeItem.SINCE)),
        told=int(item.number(NoticeItem.TOLD)),
        told_at=float(item.number(NoticeItem.TOLD_AT)),
        untold=int(item.number(NoticeItem.UNTOLD)),
    )
