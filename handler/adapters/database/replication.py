"""The state of replication, which can explain why an expected row is missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from handler.adapters.database import dialect
from handler.errors import SourceError
from handler.model import Replication

# Runs a statement; returns the names of the columns and the rows.
Query = Callable[[str], tuple[list[str], Sequence[tuple[Any, ...]]]]


class ReplicationStatus:
    """Reads the state of replication. If the server cannot tell, it is not asked again."""

    def __init__(self, query: Query) -> None:
        """`query` raises SourceError."""
        self._query = query
        self._statements = list(dialect.REPLICATION_STATUS)

    def read(self) -> Replication | None:
        """Return the state; None if the server is not a replica or the account lacks the privilege. Raises nothing."""
        while self._statements:
            try:
                columns, rows = self._query(self._statements[0])
                found = [dialect.replication(dict(zip(columns, row, strict=True))) for row in rows]
            except SourceError as error:
                if error.code == "QUERY_INVALID":  # an older server may know the next statement
                    del self._statements[0]
                    continue
                if error.code == "DB_DENIED":
                    self._statements.clear()
                return None
            except Exception:  # noqa: BLE001 - no error here may hide the error that is being explained
                return None
            if found:
                return _combine(found)
            self._statements.clear()
        return None


def _combine(channels: Sequence[tuple[bool, float | None]]) -> Replication:
    """Combine the channels of a replica with several primaries: all of them must run, and the largest lag counts."""
    lags = [lag for _, lag in channels if lag is not None]
    return Replication(all(running for running, _ in channels), max(lags) if len(lags) == len(channels) else None)
