"""The plain text of a message: what is cut of a long one, and what is never cut."""

from __future__ import annotations

import pytest

from handler.block_kit.fallback import MAX_TEXT, plain
from handler.model import Message

LINES = "a line of it\n" * 900
FOOTER = "_Test by Ada: order.created, in yen_\n_Meant for orders_"


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("x", "x", ""),
        ("x" * MAX_TEXT, "x" * MAX_TEXT, ""),
        ("x" * (MAX_TEXT + 1), "x" * MAX_TEXT, "…"),
        ("x" * (MAX_TEXT - 2) + "&amp;" * 9, "x" * (MAX_TEXT - 2), "…"),
        (f"{'x' * MAX_TEXT}\n{FOOTER}", "x" * (MAX_TEXT - len(FOOTER)), f"…\n{FOOTER}"),
        (f"{LINES}{FOOTER}", "a line of it\n", f"\na line of it\n{FOOTER}"),
    ],
    ids=["short", "longest", "longer", "half an entity", "a footer", "many lines"],
)
def test_a_long_text_is_cut_before_its_last_lines(text: str, start: str, end: str) -> None:
    found, _, why = plain(Message("order.created", "orders", "C1", text, [{"type": "divider"}]), "<x>").text.rpartition(
        "\n"
    )
    assert why == "_(plain text: order.created.yaml, &lt;x&gt;)_"
    assert found.startswith(start)
    assert found.endswith(end)
    assert len(found) <= MAX_TEXT + 2
