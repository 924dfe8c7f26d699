"""Whether a replica follows its primary: why a row that should be there is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from handler.adapters import dialect
from handler.errors import SourceError
from handler.model import Replication

# Runs a statement: the names of the columns, and the rows.
Ask = Callable[[str], tuple[list[str], Sequence[tuple[Any, ...]]]]


class ReplicationStatus:
    """Asks a replica about itself; one that will not say is asked once."""

    def __init__(self, ask: Ask) -> None:
        """`ask` raises SourceError."""
        self._ask = ask
        self._statements = list(dialect.REPLICATION_STATUS)

    def read(self) -> Replication | None:
        """Return what the replica says; None where it is none, or the account may not ask. Raises nothing."""
        while self._statements:
            try:
                columns, rows = self._ask(self._statements[0])
                found = [dialect.replication(dict(zip(columns, row, strict=True))) for row in rows]
            except SourceError as error:
                if error.code == "QUERY_INVALID":  # an older server may understand the next one
                    del self._statements[0]
                    continue
                if error.code == "DB_DENIED":
                    self._statements.clear()
                return None
            except Exception:  # noqa: BLE001 - whatever it is, it must not stand before the error that led here
                return None
            if found:
                return _together(found)
            self._statements.clear()
        return None


def _together(channels: Sequence[tuple[bool, float | None]]) -> Replication:
    """A replica of several primaries follows if it follows each of them, and is as late as the latest."""
    lags = [lag for _, lag in channels if lag is not None]
    return Replication(all(running for running, _ in channels), max(lags) if len(lags) == len(channels) else None)
