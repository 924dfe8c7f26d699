"""Ask a server about a SELECT: for its plan, and how many rows it read.

The session's counters say how many rows a SELECT has read. Any account may see them. The plan of a view is shown only
to an account that may also read its tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from handler.errors import SourceError
from handler.frozen import frozen
from handler.model import Replication, Row, Value
from handler.ports import Database

Found = TypeVar("Found")

# More rows than any plan has, and more than there are counters.
_MOST: Final = 10_000
_COUNTERS: Final = "SHOW SESSION STATUS LIKE 'Handler_read%%'"
# MySQL and MariaDB: EXPLAIN of a view takes SHOW VIEW, and rights on its tables.
_HIDDEN_VIEW: Final = "error 1345"
_HIDDEN: Final = "Why is shown only to an account that may see the view (SHOW VIEW) and read its tables"


@frozen
class Asking:
    """One database, which is asked how it runs SELECTs."""

    database: Database
    name: str

    def select(self, sql: str, bounds: Mapping[str, Value] | None = None) -> list[Row]:
        """As ports.Database. Raises SourceError, ConfigError."""
        return self.database.select(self.name, sql, bounds or {}, _MOST)

    def plan(self, sql: str, bounds: Mapping[str, Value]) -> tuple[list[Row], str]:
        """Return the plan of a SELECT, and an empty text; or no plan, and why it is not shown."""
        try:
            return self.select(f"EXPLAIN FORMAT=TRADITIONAL {sql}", bounds), ""
        except SourceError as error:
            is_view = _HIDDEN_VIEW in error.detail
            return [], _HIDDEN if is_view else f"The plan cannot be seen ({error})"

    def counted(self, read: Callable[[], Found]) -> tuple[Found, int | None]:
        """Return the result of `read`, and how many rows the server read for it. Raises what `read` raises.

        The number is None, or too small, if the queries were not in one session, for example behind a proxy.
        """
        before, ready = self._counted(), self._counted()
        found = read()
        rows = self._counted() - ready - (ready - before)
        return found, rows if ready >= before else None

    def _counted(self) -> int:
        """Return how many rows the session has read. Each call adds the same number."""
        return sum(int(str(row["Value"])) for row in self.select(_COUNTERS))


@dataclass(slots=True)
class Recorded:
    """A ports.Database that remembers the last SELECT, so that its plan can be asked for."""

    database: Database
    sql: str = ""
    bounds: Mapping[str, Value] = field(default_factory=dict)

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        """As ports.Database."""
        self.sql, self.bounds = sql, parameters
        return self.database.select(database, sql, parameters, limit)

    def replicating(self, database: str) -> Replication | None:
        """As ports.Database."""
        return self.database.replicating(database)
