"""Blocks that show data: `table`, `data_table` and `data_visualization`.

From docs.slack.dev/reference/block-kit/blocks/table-block, data-table-block and data-visualization-block.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from cli.slack_rules.composition import ID
from cli.slack_rules.elements import BUTTON
from cli.slack_rules.rich_text import RICH_TEXT
from cli.slack_rules.schema import (
    Problem,
    Problems,
    Spec,
    also,
    array,
    boolean,
    choice,
    integer,
    nullable,
    number,
    record,
    string,
    tagged,
)

CELLS_PER_ROW: Final = 20
TABLE_ROWS: Final = 100
TABLE_CHARACTERS: Final = 10_000  # in all cells together
DATA_TABLE_ROWS: Final = 201  # with the header. The page used to say 101 rows, and 10,000 characters
DATA_TABLE_CHARACTERS: Final = 20_000
# The page used to say 6.
SEGMENTS: Final = 12
SERIES: Final = 12
POINTS: Final = 20

_RAW_TEXT: Final = record({"text": string()})
# The page has `text` in each cell, but does not say that it is required.
_RAW_NUMBER: Final = record({"value": number()}, {"text": string()})
_CELLS: Final[dict[str, Spec]] = {"raw_text": _RAW_TEXT, "raw_number": _RAW_NUMBER, "rich_text": RICH_TEXT}
_FALLBACK: Final = tagged({"raw_text": _RAW_TEXT, "raw_number": _RAW_NUMBER})
_ACTION_CELL: Final = record({"element": tagged({"button": BUTTON})}, {"fallback": _FALLBACK})
_COLUMN: Final = record({}, {"align": choice("left", "center", "right"), "is_wrapped": boolean})


def _characters(value: Any) -> int:
    """Return the number of visible characters in cells. Slack does not say whether URLs count: here they do not."""
    if isinstance(value, list):
        return sum(map(_characters, value))
    if isinstance(value, dict):
        text = value.get("text")
        return (len(text) if isinstance(text, str) else 0) + sum(map(_characters, value.values()))
    return 0


def _at_most(most: int) -> Spec:
    def check(value: dict[str, Any], at: str) -> Problems:
        if _characters(value["rows"]) > most:
            yield Problem(f"must be less than {most + 1} characters together", f"{at}/rows")

    return check


def _even_rows(value: dict[str, Any], at: str) -> Problems:
    rows = value["rows"]
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            yield Problem(f"must have {len(rows[0])} items, as the first row has", f"{at}/rows/{index}")
    for index, cell in enumerate(rows[0]):
        if cell["type"] == "rich_text":
            yield Problem("unsupported type: rich_text", f"{at}/rows/0/{index}/type")
    if value.get("row_header_column_index", 0) >= len(rows[0]):
        yield Problem(f"must be from 0 to {len(rows[0]) - 1}", f"{at}/row_header_column_index")


TABLE: Final = also(
    record(
        {"rows": array(array(tagged(_CELLS), CELLS_PER_ROW), TABLE_ROWS)},
        {"column_settings": array(nullable(_COLUMN), CELLS_PER_ROW), "block_id": ID},
    ),
    _at_most(TABLE_CHARACTERS),
)
DATA_TABLE: Final = also(
    record(
        {
            "rows": array(array(tagged({**_CELLS, "action_cell": _ACTION_CELL}), CELLS_PER_ROW), DATA_TABLE_ROWS, 2),
            "caption": string(),
        },
        {"page_size": integer(1, 100), "row_header_column_index": integer(0), "block_id": ID},
    ),
    _even_rows,
    _at_most(DATA_TABLE_CHARACTERS),
)

# The page's own example has longer names of series. The rule is as stated on the page.
_NAME: Final = string(20)
_AXIS: Final = record({"categories": array(_NAME, POINTS)}, {"x_label": string(50), "y_label": string(50)})
_POINT: Final = record({"label": _NAME, "value": number()})
_SERIES: Final = record({"name": _NAME, "data": array(_POINT, POINTS)})


def _series_fit(value: dict[str, Any], at: str) -> Problems:
    """Check that each series has its own name, and exactly one point for each category."""
    names = Counter(each["name"] for each in value["series"])
    yield from (Problem(f"`name` must be unique: {name}", f"{at}/series") for name, count in names.items() if count > 1)
    categories = Counter(value["axis_config"]["categories"])
    for index, series in enumerate(value["series"]):
        if Counter(point["label"] for point in series["data"]) != categories:
            message = "must have exactly one item for each label of `axis_config.categories`"
            yield Problem(message, f"{at}/series/{index}/data")


_SERIES_CHART: Final = also(
    record({"series": array(_SERIES, SERIES), "axis_config": _AXIS}),
    _series_fit,
)
_PIE: Final = record({"segments": array(record({"label": _NAME, "value": number(above=0)}), SEGMENTS)})
DATA_VISUALIZATION: Final = record(
    {
        "title": string(50),
        "chart": tagged({"pie": _PIE, "bar": _SERIES_CHART, "area": _SERIES_CHART, "line": _SERIES_CHART}),
    },
    {"block_id": ID},
)
