"""Each recipe is a whole template, passes lint, and looks as its page says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from handler.model import Message
from tests.sample_run import run

from .conftest import STAGE, Compile

MORE = "prefix: ''\nvars: {admin_url: https://x}\npeople: {hanako@example.org: U0123456789}\n"
STAGES = {"_stages/test.yaml": STAGE + MORE}
PAGES = {page: Path(page).read_text("utf-8") for page in ("docs/recipes.md", "docs/ja/recipes.md")}
RECIPE = re.compile(r"^## (\d+)\. .*?```yaml\n(.*?)```\n.*?```\n(.*?)```", re.MULTILINE | re.DOTALL)
RECIPES = [(page, *found) for page, text in PAGES.items() for found in RECIPE.findall(text)]
EMOJI = {":package:": "📦", ":warning:": "⚠️"}


@pytest.mark.parametrize("page", PAGES)
def test_there_are_ten_recipes(page: str) -> None:
    assert [number for one, number, *_ in RECIPES if one == page] == [str(number) for number in range(1, 11)]


@pytest.mark.parametrize(("page", "number", "example", "shown"), RECIPES)
def test_a_recipe_is_whole_and_looks_as_its_page_says(
    compiled: Compile, page: str, number: str, example: str, shown: str
) -> None:
    compilation = compiled(example, STAGES)
    assert compilation.findings == (), (page, number)
    posted = ["\n".join(lines(message)) for one in run(compilation) for message in one.messages]
    assert posted == shown.rstrip("\n").split("\n\n")


def lines(message: Message) -> Iterator[str]:
    """What people see of a message, without the line in the notification if there are blocks."""
    for block in message.blocks or [{"type": "section", "text": message.text}]:
        for text in _texts(block):
            yield from _seen(text).split("\n")


def _texts(block: Any) -> Iterator[str]:
    match block["type"]:
        case "table":
            yield from (" | ".join(cell["text"] for cell in row) for row in block["rows"])
        case "actions":
            yield "  ".join(f"[ {one['text']['text']} ]" for one in block["elements"])
        case _:
            text = block["text"]
            yield (text if isinstance(text, str) else text["text"]).rstrip("\n")


def _seen(text: str) -> str:
    text = re.sub(r"<https?:[^|>]*\|([^>]*)>", r"\1", text).replace("<@U0123456789>", "@Hanako Yamada")
    text = re.sub(r"\*([^*\n]+)\*", r"\1", text)
    for code, sign in EMOJI.items():
        text = text.replace(code, sign)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
