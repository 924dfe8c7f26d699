"""One item of the state table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from handler.frozen import frozen


@frozen
class Item:
    """Values under a partition and a sort key. `expires_at` is a Unix time, after which it counts as gone; 0: never.

    `values` are texts, numbers and bytes; a key that a newer version of this code wrote is passed on as it is.
    """

    partition: str
    sort: str
    values: Mapping[str, str | float | bytes]
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

    def binary(self, name: str) -> bytes:
        """Return a value as bytes; empty where there is none."""
        value = self.values.get(name, b"")
        return value if isinstance(value, bytes) else b""
