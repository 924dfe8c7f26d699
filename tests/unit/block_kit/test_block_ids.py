"""A block_id occurs once in a message."""

from __future__ import annotations

from typing import Any

import pytest

from handler.block_kit.ids import with_unique_ids
from handler.block_kit.limits import MAX_ID

LONGEST = "x" * MAX_ID


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ([], []),
        ([None, None], [None, None]),
        (["a", "b"], ["a", "b"]),
        (["a", None, "a", "a"], ["a", None, "a-2", "a-3"]),
        (["a", "a-2", "a"], ["a", "a-2", "a-3"]),
        (["a", "a", "a-2"], ["a", "a-3", "a-2"]),
        (["", ""], ["", ""]),
        ([5, 5], [5, 5]),
        ([["x"], ["x"]], [["x"], ["x"]]),
        ([LONGEST, LONGEST], [LONGEST, f"{LONGEST[:-2]}-2"]),
    ],
)
def test_what_repeats_gets_a_number(written: list[Any], sent: list[Any]) -> None:
    blocks = [{"type": "divider"} if one is None else {"type": "divider", "block_id": one} for one in written]
    assert [block.get("block_id") for block in with_unique_ids(blocks)] == sent


def test_the_given_blocks_stay_as_they_are() -> None:
    blocks = [{"block_id": "a"}, {"block_id": "a"}]
    with_unique_ids(blocks)
    assert blocks == [{"block_id": "a"}, {"block_id": "a"}]


def test_what_repeats_inside_a_block_gets_a_number_too() -> None:
    child = {"type": "divider", "block_id": "a"}
    blocks = [child, {"type": "container", "block_id": "a", "child_blocks": [child, child]}]
    first, container = with_unique_ids(blocks)
    assert (first["block_id"], container["block_id"]) == ("a", "a-2")
    assert [one["block_id"] for one in container["child_blocks"]] == ["a-3", "a-4"]


@pytest.mark.parametrize("odd", [None, "x", ["x"], {}])
def test_children_that_are_none_are_left_to_slack(odd: Any) -> None:
    block = {"type": "container", "child_blocks": odd}
    assert with_unique_ids([block]) == [block]
