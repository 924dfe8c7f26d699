"""Lines end where they may in Japanese, and where they always did in English."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console, Group

from cli.operations.line_breaks import Words

WRAPPED = [
    ("この id の行がないか、まだ届いていません", 20, ["この id の行がない", "か、まだ届いていませ", "ん"]),
    ("待ってください。", 14, ["待ってくださ", "い。"]),  # no line begins with a full stop
    ("必ず（読み取り）", 6, ["必ず", "（読み", "取り）"]),  # and none ends with an opening bracket
    ("no row has this id", 10, ["no row has", "this id"]),
    ("one\n二つ", 10, ["one", "二つ"]),
    ("https://example.org/", 10, ["https://ex", "ample.org/"]),
    ("", 10, [""]),
]


@pytest.mark.parametrize(("text", "width", "lines"), WRAPPED)
def test_a_text_is_wrapped(text: str, width: int, lines: list[str]) -> None:
    console = Console(file=StringIO(), width=width)
    console.print(Group(Words(text)))
    assert [line.rstrip() for line in console.file.getvalue().split("\n")[:-1]] == lines
