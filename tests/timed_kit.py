"""A poll by a time column that an operator controls; the table, the state and the queue are in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from handler.errors import SourceError
from handler.model import Poll, Row, Value
from handler.polling.time_cursor import SECOND, Unit
from tests.operated_polls import START, Operated

LONGEST = 3600.0
POLL = Poll("SELECT id, settled_at AS at FROM payments", 60.0, longest=LONGEST, at="settled_at")


@dataclass
class Payments:
    """ports.Database: when each payment was settled, in seconds after START. `unit` is that of the column.

    It raises `error`, if set. A row whose id is `hidden` is not committed yet.
    """

    unit: Unit = "time"
    settled: dict[str, float] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    now: float = START
    error: Exception | None = None
    selects: int = 0

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        self.selects += 1
        if self.error:
            raise self.error
        backwards = "DESC" in sql
        rows = sorted((self._stored(at), id_) for id_, at in self.settled.items() if id_ not in self.hidden)
        if bounds := self._bounds(parameters):
            beyond = bounds.__ge__ if backwards else bounds.__le__
            rows = [row for row in rows if beyond(row[: len(bounds)])]
        return [
            Row(id=id_, at=self._shown(at), text=str(at), now=int(self.now))
            for at, id_ in (rows[::-1] if backwards else rows)[:limit]
        ]

    def _bounds(self, parameters: Mapping[str, Value]) -> tuple[Any, ...]:
        """Return where the SELECT starts: a time, or a time and a row id; empty if it has no start."""
        if "at" not in parameters:
            return ()
        at = parameters["at"]
        if "id" in parameters:
            return int(str(at)), str(parameters["id"])
        return ((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * SECOND if isinstance(at, datetime) else at,)

    def _stored(self, at: float) -> int:
        return round((START + at) * SECOND) // {"s": SECOND, "ms": 1000}.get(self.unit, 1)

    def _shown(self, at: int) -> Value:
        return datetime.fromtimestamp(at / SECOND, UTC) if self.unit == "time" else at


class Timed(Operated):
    """One poll by a time column, at one point in time."""

    database: Payments

    def __init__(self, poll: Poll = POLL, settled: Mapping[str, float] | None = None, unit: Unit = "time") -> None:
        super().__init__(poll, Payments(unit, dict(settled or {})))

    def minute(self, remaining: float = 60.0) -> list[Any]:
        """Tick, and run the requested polls; the database has the same clock."""
        self.database.now = self.now + 60
        return super().minute(remaining)

    def settle(self, ids: Iterable[str]) -> None:
        """Settle these payments now."""
        self.database.settled |= dict.fromkeys(ids, self.now - START)

    def failing(self, error: SourceError | None) -> None:
        self.database.error = error


def above(seconds: float) -> int:
    """Return the lower bound in a start request for the rows from `seconds` after START on."""
    return round((START + seconds) * SECOND) - 1
