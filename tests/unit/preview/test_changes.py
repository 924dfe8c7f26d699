"""A difference shows what was removed and added, and in lines that are alike which words."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from cli.preview.changes import Change, changes, shown

TEN = [f"line {number}" for number in range(10)]


def printed(found: list[Change], **options: object) -> str:
    console = Console(file=io.StringIO(), soft_wrap=True, **options)  # type: ignore[arg-type]
    for change in found:
        console.print(shown(change))
    return console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [], ""),
        (TEN, TEN, ""),
        ([], ["a"], "+ a\n"),
        (["a"], [], "- a\n"),
        (["a", "b"], ["a", "c"], "  a\n- b\n+ c\n"),
        (TEN, [*TEN[:5], *TEN[6:]], "…\n  line 3\n  line 4\n- line 5\n  line 6\n  line 7\n…\n"),
        (TEN, ["new", *TEN], "+ new\n  line 0\n  line 1\n…\n"),
        (["text: [bold]:tea:[/bold]"], ["text: x"], "- text: [bold]:tea:[/bold]\n+ text: x\n"),
        (["合計: 1" * 30], ["合計: 2" * 30], f"- {'合計: 1' * 30}\n+ {'合計: 2' * 30}\n"),
    ],
)
def test_a_difference_reads_the_same_in_a_pipe(before: list[str], after: list[str], expected: str) -> None:
    assert printed(changes(before, after), width=40) == expected


@pytest.mark.parametrize(
    ("before", "after", "removed", "added"),
    [
        ("text: from Ada Lovelace", "text: from Ada Byron", "Lovelace", "Byron"),
        ("受付: 2025年8月", "受付: 2026年8月", "2025", "2026"),
        ("text: a long line of words", "text: a line of words", "long ", ""),
        ("header: Paid", "[Open] https://x", "", ""),
    ],
)
def test_the_words_that_differ_are_marked(before: str, after: str, removed: str, added: str) -> None:
    old, new = changes([before], [after])
    assert "".join(text for text, differs in old.parts if differs) == removed
    assert "".join(text for text, differs in new.parts if differs) == added
    assert (old.text, new.text) == (before, after)


def test_what_differs_by_much_is_replaced_whole() -> None:
    before, after = [f"line {n}" for n in range(1500)], [f"line {n}" for n in range(10_000, 10_700)]
    found = changes(["first", *before, "last"], ["first", *after, "last"])
    assert [change.text for change in found if change.sign == "-"] == before
    assert [change.text for change in found if change.sign == "+"] == after


def test_a_terminal_shows_colours() -> None:
    assert "\x1b[1;7;31m1\x1b[0m" in printed(changes(["a b c 1"], ["a b c 2"]), force_terminal=True)
