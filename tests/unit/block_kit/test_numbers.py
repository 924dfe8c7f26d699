"""An expression that stands for a number of a block."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from handler.block_kit.expand import Expander
from handler.model import Leaf
from handler.templating import DiagnosedError, Templates

LEAF = Leaf("expression", "x", "order.created.yaml:9 blocks[0].value")
TREE: dict[str, Any] = {"type": "some", "value": LEAF}


@pytest.mark.parametrize(
    ("value", "made"),
    [
        (5, 5),
        (Decimal("12.5"), 12.5),
        (Decimal("25.0"), 25),
        ("-3.5", -3.5),
        ("１２", 12),
        (0, 0),
        (10**60, 10**60),
        (datetime(2026, 1, 5, 10, tzinfo=UTC), 1_767_607_200),
        (datetime(1, 1, 1, tzinfo=UTC), -62_135_596_800),
    ],
)
def test_a_number_or_a_time_is_one(value: Any, made: float) -> None:
    assert list(Expander(Templates()).blocks(TREE, {"x": value})) == [{"type": "some", "value": made}]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "TEMPLATE_FAILED"),
        ("", "TEMPLATE_FAILED"),
        ("many", "TEMPLATE_FAILED"),
        (True, "TEMPLATE_FAILED"),
        ([1], "TEMPLATE_FAILED"),
        (date(2026, 1, 5), "TEMPLATE_FAILED"),
        (Decimal("NaN"), "TEMPLATE_FAILED"),
        (Decimal("Infinity"), "TEMPLATE_FAILED"),
        (Decimal("1E+999999"), "TEMPLATE_LIMIT"),
        (Decimal("1E-999999"), "TEMPLATE_LIMIT"),
        (10**200, "TEMPLATE_LIMIT"),
    ],
)
def test_anything_else_is_an_error_without_the_value(value: Any, code: str) -> None:
    with pytest.raises(DiagnosedError) as caught:
        list(Expander(Templates()).blocks(TREE, {"x": value}))
    assert caught.value.code == code
    assert caught.value.detail.startswith(LEAF.where)
    assert "many" not in caught.value.detail
