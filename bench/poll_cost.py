"""Counts the external calls of a poll's run: the same on every machine."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from unittest.mock import patch

from botocore.endpoint import Endpoint

from handler.ports import Database

# The server's session counters: statements of any kind, and bytes of both directions, before TLS.
_COUNTERS: Final = ("Bytes_received", "Bytes_sent", "Questions")
_STATUS: Final = f"SHOW SESSION STATUS WHERE Variable_name IN {_COUNTERS}"


@dataclass(frozen=True, slots=True)
class Cost:
    """The statements sent to the database, the AWS calls by name, and the opened connections.

    `database_bytes` and `aws_bytes` include both directions; `aws_bytes` excludes headers.
    """

    statements: int
    calls: Mapping[str, int]
    connections: int
    database_bytes: int
    aws_bytes: int

    @property
    def line(self) -> str:
        """The cost in one line."""
        calls = ", ".join(f"{times} {name}" for name, times in sorted(self.calls.items()))
        asked = f"{self.statements} statements ({self.database_bytes} bytes), {calls} ({self.aws_bytes} bytes)"
        return f"{asked}, {self.connections} new connections"


@dataclass
class _Seen:
    calls: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    connections: int = 0


def cost(database: Database, act: Callable[[], object]) -> Cost:
    """Return the cost of an act that reads from the database `default`, over its persistent connection.

    If the act opens a new connection, statements and bytes are counted only from then on.
    """
    before = _status(database)
    seen = _seen(act)
    after = _status(database)
    own = _difference(after, _status(database))  # the cost of reading the counters themselves
    spent = {name: count - own[name] for name, count in _difference(before, after).items()}
    moved = spent["Bytes_received"] + spent["Bytes_sent"]
    return Cost(spent["Questions"], dict(seen.calls), seen.connections, moved, seen.bytes)


def _seen(act: Callable[[], object]) -> _Seen:
    """Run an act, and return its AWS calls and the number of opened connections."""
    seen = _Seen()
    make, connect = Endpoint.make_request, socket.socket.connect

    def made(self: Endpoint, operation: Any, request: dict[str, Any]) -> Any:
        answer = make(self, operation, request)
        seen.calls[operation.name] += 1
        seen.bytes += len(request["body"]) + len(answer[0].content)
        return answer

    def connected(self: socket.socket, address: Any) -> None:
        seen.connections += 1
        connect(self, address)

    with patch.object(Endpoint, "make_request", made), patch.object(socket.socket, "connect", connected):
        act()
    return seen


def _status(database: Database) -> dict[str, int]:
    rows = database.select("default", _STATUS, {}, len(_COUNTERS))
    return {str(row["Variable_name"]): int(str(row["Value"])) for row in rows}


def _difference(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    return {name: after[name] - count for name, count in before.items()}
