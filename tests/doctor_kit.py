"""Shared by the tests of `notifier doctor`: a poll as the compiler makes it, and the checks of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from cli.compiler import sql
from handler.health import polling
from handler.health.model import Check
from handler.model import Poll
from tests.replica_kit import Default

LONGEST: Final = 4 * 3600.0


def timed_poll(select: str, **changes: Any) -> Poll:
    """Return a poll by a time column; a join is a warning."""
    source = sql.polled_source(select)
    query = sql.read_polled(select, lines_survive=True)
    assert {problem.code for problem in query.problems} <= {"QUERY_JOIN"}
    made = Poll(query.sql, 60.0, longest=LONGEST, table=source.table, column=source.column, at=source.at)
    return replace(made, **changes)


def said(database: Default, select: str, **changes: Any) -> dict[str, Check]:
    """Return the checks of a poll, by the last word of their names; the first check has none."""
    found = [*polling.looked_at(database.replicas, "p", timed_poll(select, **changes))]
    return {check.name.removeprefix("poll p").removeprefix(", "): check for check in found}
