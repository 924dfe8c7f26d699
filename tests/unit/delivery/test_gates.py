"""What the property test found once: a gate that had expired, and was begun anew with the same revision."""

from __future__ import annotations

from handler.delivery.gates import Gates
from tests.kit import FakeTable


def test_a_known_gate_that_has_expired_does_not_overwrite_one_that_was_begun_anew() -> None:
    now = 1_770_000_000.0
    table = FakeTable(lambda: now)
    first, second = (Gates(table, table, lambda: now) for _ in range(2))
    first.close("C0ORDERS01", 1.0)
    now += 4_000
    second.close("C0ORDERS01", 60.0)
    assert first.slot("C0ORDERS01") >= now + 60
    second.refresh()
    assert second.closed("C0ORDERS01")
