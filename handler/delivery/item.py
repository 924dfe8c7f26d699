"""One item of the state table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Item:
    """Values under a partition and a sort key. `expires_at` is a Unix time, after which it counts as gone.

    `values` are texts and numbers; a key that a newer version of this code wrote is passed on as it is.
    """

    partition: str
    sort: str
    values: Mapping[str, str | float]
    expires_at: int
    revision: int = 1

    def following(self, old: Item | None) -> Item:
        """Return the item as it replaces another: with its revision, and what that one held beside these values."""
        if old is None:
            return replace(self, revision=1)
        return replace(self, values={**old.values, **self.values}, revision=old.revision + 1)

    def number(self, name: str) -> float:
        """Return a value as a number; 0 where there is none."""
        value = self.values.get(name, 0)
        return value if isinstance(value, int | float) else 0

    def text(self, name: str) -> str:
        """Return a value as a text; empty where there is none."""
        value = self.values.get(name, "")
        return value if isinstance(value, str) else ""
