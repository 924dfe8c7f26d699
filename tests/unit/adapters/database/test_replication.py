"""What a replica says of itself, and how often it is asked. A real one: tests/integration/test_replica_faults.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from handler.adapters.database.replication import ReplicationStatus
from handler.errors import SourceError
from handler.model import Replication

COLUMNS = ["Replica_IO_Running", "Replica_SQL_Running", "Seconds_Behind_Source"]
UP, DOWN = ("Yes", "Yes", 3), ("Yes", "No", None)
NEW, OLD = "SHOW REPLICA STATUS", "SHOW SLAVE STATUS"


def asked(*steps: Sequence[tuple[Any, ...]] | Exception) -> tuple[ReplicationStatus, list[str]]:
    """A server that answers so, one after the other, and the statements that it got."""
    statements: list[str] = []

    def ask(sql: str) -> tuple[list[str], Sequence[tuple[Any, ...]]]:
        statements.append(sql)
        step = steps[min(len(statements), len(steps)) - 1]
        if isinstance(step, Exception):
            raise step
        return COLUMNS, step

    return ReplicationStatus(ask), statements


@pytest.mark.parametrize(
    ("rows", "state"),
    [
        ([UP], Replication(True, 3.0)),
        ([DOWN], Replication(False, None)),
        ([UP, ("Yes", "Yes", 9)], Replication(True, 9.0)),
        ([UP, DOWN], Replication(False, None)),
    ],
)
def test_a_replica_is_as_well_as_its_worst_channel(rows: list[tuple[Any, ...]], state: Replication) -> None:
    status, _ = asked(rows)
    assert status.read() == state


@pytest.mark.parametrize(
    ("steps", "statements"),
    [
        ([SourceError("DB_DENIED")], [NEW]),
        ([[]], [NEW]),
        ([SourceError("QUERY_INVALID")], [NEW, OLD]),
        ([SourceError("QUERY_INVALID"), SourceError("DB_DENIED")], [NEW, OLD]),
    ],
    ids=["not permitted", "no replica", "no such statement", "old, not permitted"],
)
def test_a_server_that_does_not_say_is_not_asked_again(steps: list[Any], statements: list[str]) -> None:
    status, sent = asked(*steps)
    assert [status.read() for _ in range(3)] == [None] * 3
    assert sent == statements


@pytest.mark.parametrize("error", [SourceError("DB_UNAVAILABLE"), SourceError("DB_TIMEOUT"), RuntimeError()])
def test_a_failure_is_not_the_last_word(error: Exception) -> None:
    status, _ = asked(error, [UP])
    assert [status.read(), status.read()] == [None, Replication(True, 3.0)]


def test_an_old_server_is_asked_in_its_own_words_at_once_the_next_time() -> None:
    status, sent = asked(SourceError("QUERY_INVALID"), [UP])
    assert [status.read(), status.read()] == [Replication(True, 3.0)] * 2
    assert sent == [NEW, OLD, OLD]
