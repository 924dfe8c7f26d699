"""The data for the examples of filters, and the examples in docstrings and guides."""

from __future__ import annotations

import inspect
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handler.model import Leaf, LeafContext, Locale, Row
from handler.templating import FILTERS, Templates

MENTIONS = {"oncall": "S024BE7LD", "ada": "U024BE7LH", "all": "here"}
PEOPLE = {"ada@example.org": "U024BE7LH", "17": "S024BE7LD"}
LOCALES = {
    "en": Locale("UTC", "en", MENTIONS, {"order_status": {"shipped": "On its way"}}, PEOPLE),
    "ja": Locale("Asia/Tokyo", "ja", MENTIONS, {"order_status": {"shipped": "発送済み"}}, PEOPLE),
}
CONTEXT: dict[str, Any] = {
    "order": {"at": datetime(2026, 1, 5, 10, tzinfo=UTC), "note": None},
    "rows": [Row(sku="TEA-1"), Row(sku="TEA-2")],
    "now": datetime(2026, 1, 5, 12, tzinfo=UTC),
}

# A filter, its source expression, the expected text, and the language.
Example = tuple[str, str, str, str]


def rendered(source: str, context: LeafContext = "mrkdwn", language: str = "en", **values: Any) -> str:
    templates = Templates(locale=LOCALES[language])
    return templates.render(Leaf(context, source, "f.yaml:3 text"), {**CONTEXT, **values})


def of_docstrings() -> list[Example]:
    lines = [(name, line) for name in FILTERS for line in (inspect.getdoc(FILTERS[name]) or "").splitlines()]
    found = [(name, re.fullmatch(r"(ja: )?(\S*\{\{.*\}\}\S*) -> (.*)", line)) for name, line in lines]
    return [(name, match[2], match[3], "ja" if match[1] else "en") for name, match in found if match]


def of_docs(page: str, heading: str) -> list[Example]:
    """Return the rows of a page's table of filters: | `filter(...)` | `source` | `shown` | `shown in Japanese` |."""
    table = Path(page).read_text("utf-8").partition(f"\n### {heading}\n")[2].partition("\n#")[0]
    rows = [re.split(r" *(?<!\\)\| *", line)[1:-1] for line in table.splitlines() if line.startswith("| `")]
    return [
        (re.split(r"\W", _code(row[0]))[0], _code(row[1]), _code(shown), language)
        for row in rows
        for language, shown in zip(("en", "ja"), row[2:], strict=True)
        if shown
    ]


def _code(cell: str) -> str:
    return re.sub(r"^(`+) ?(.*?) ?\1$", r"\2", cell).replace(r"\|", "|")
