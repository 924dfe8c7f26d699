"""How many rows a server has read, by the counters of its session."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from handler.health.asking import Asking
from handler.model import Row, Value


@dataclass
class Counters:
    """A server with these values of two counters, one after the other."""

    values: list[int]

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:
        assert (database, sql) == ("default", "SHOW SESSION STATUS LIKE 'Handler_read%%'")
        value = self.values.pop(0)
        return [
            Row(Variable_name="Handler_read_key", Value="3"),
            Row(Variable_name="Handler_read_next", Value=str(value)),
        ]


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        ([10, 17, 124], 100),  # asking adds 7
        ([10, 10, 10], 0),
        ([90, 10, 124], None),  # another session
    ],
)
def test_rows_are_counted_without_those_of_asking(values: list[int], rows: int | None) -> None:
    assert Asking(Counters(values), "default").counted(lambda: "found") == ("found", rows)
