"""The cheat sheet of Slack's markup: what it says to write passes lint, and the rest has the finding that it names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import STAGE, Compile

PAGES = ("docs/markup.md", "docs/ja/markup.md")
FILES = {"_stages/test.yaml": f"{STAGE}mentions: {{oncall: U01234567}}\n"}
TEMPLATE = """\
id: integer
channel: orders
lookups: {order: {sql: "SELECT number, url, owner_email, note FROM orders WHERE id = :id"}}
samples: {one: {id: 1, lookups: {order: {number: A-17, url: "https://x.example", owner_email: a@b.example, note: n}}}}
"""


def rows(page: str) -> Iterator[tuple[str, bool, str]]:
    """What each table says to write, or with a finding not to write, and whether its place is plain text."""
    heading = ""
    for line in Path(page).read_text("utf-8").splitlines():
        heading = line if line.startswith("## ") else heading
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) < 3 or cells[-1].startswith("-") or cells[-1].startswith("lint"):
            continue
        wide = len(cells) > 3
        yield from ((text, "header" in heading, "") for text in spans(cells[1] if wide else cells[0]))
        yield from ((text, "header" in heading, cells[-1].strip("`")) for text in spans(cells[-2]))


def spans(cell: str) -> list[str]:
    """The pieces of code in a cell."""
    return [text.strip().replace(r"\|", "|") for _, text in re.findall(r"(`+)(.+?)\1", cell)]


@pytest.mark.parametrize("page", PAGES)
def test_the_pages_have_the_same_rows(page: str) -> None:
    assert [*rows(page)] == [*rows(PAGES[0])]
    assert len([*rows(page)]) > 40


@pytest.mark.parametrize(("text", "plain", "finding"), [*rows(PAGES[0])])
def test_lint_says_what_the_page_says(compiled: Compile, text: str, plain: bool, finding: str) -> None:
    written = json.dumps(text, ensure_ascii=False)
    part = f"text: ok\nblocks: [{{header: {written}}}]\n" if plain else f"text: {written}\n"
    assert {one.code for one in compiled(TEMPLATE + part, FILES).findings} == ({finding} if finding else set())
