"""Slack's limits for a message, checked before it is sent, so that an error can name the part that is too large.

Sources: https://docs.slack.dev/reference/block-kit/blocks, .../block-elements and .../composition-objects, as the pages
stood in October 2026. The total is not documented; Slack answers `msg_blocks_too_long` at about 13,200 characters
(docs/decisions/0005).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from handler.templating.diagnosis import DiagnosedError, Diagnosis, Path

if TYPE_CHECKING:
    from handler.templating.kinds import Kind

MAX_TEXT: Final = 40_000
MAX_BLOCKS: Final = 50
MAX_TOTAL: Final = 12_000
MAX_UNDOCUMENTED: Final = 3_000  # of texts and addresses without a documented limit; most of the others have this one
MAX_TABLES: Final = 1
MAX_CHARTS: Final = 2
MAX_ROWS: Final[dict[str, int]] = {"table": 100, "data_table": 201}
MAX_CELLS: Final[dict[str, int]] = {"table": 10_000, "data_table": 20_000}  # characters of all cells
MAX_ID: Final = 255  # of a block_id and of an action_id

_IDS: Final = {"block_id": MAX_ID, "action_id": MAX_ID}
_CONFIRM: Final = {
    "confirm.title.text": 100,
    "confirm.text.text": 300,
    "confirm.confirm.text": 30,
    "confirm.deny.text": 30,
}
_OPTIONS: Final = {"options[].text.text": 75, "options[].value": 150, "options[].description.text": 75}
_GROUPS: Final = {f"option_groups[].{path}": most for path, most in {"label.text": 75, **_OPTIONS}.items()}
_MENU: Final = {**_CONFIRM, "placeholder.text": 150}
_STATIC_MENU: Final = {**_MENU, **_OPTIONS, **_GROUPS}
_BUTTON: Final = {**_CONFIRM, "text.text": 75, "accessibility_label": 75}
_FEEDBACK: Final = {"text.text": 75, "value": 2000, "accessibility_label": 75}

# For each type of block or element: its strings, with their maximum number of characters. The strings of a block or an
# element inside it stand in the row of that one.
_CHARACTERS: Final[dict[str, dict[str, int]]] = {
    "actions": {},
    "card": {"title.text": 150, "subtitle.text": 150, "body.text": 200, "subtext.text": 200},
    "carousel": {},
    "container": {"title.text": 150, "subtitle.text": 150},
    "context": {"elements[].text": 3000},
    "context_actions": {},
    "data_table": {"rows[][].text": 2000},
    "data_visualization": {
        "title": 50,
        "chart.segments[].label": 20,
        "chart.series[].name": 20,
        "chart.series[].data[].label": 20,
        "chart.axis_config.categories[]": 20,
        "chart.axis_config.x_label": 50,
        "chart.axis_config.y_label": 50,
    },
    "header": {"text.text": 150},
    "image": {"image_url": 3000, "alt_text": 2000, "title.text": 2000},
    "input": {"label.text": 2000, "hint.text": 2000},
    "markdown": {"text": 12_000},
    "section": {"text.text": 3000, "fields[].text": 2000},
    "table": {"rows[][].text": 2000},
    "video": {"title.text": 199, "description.text": 199, "author_name": 49},
    # elements
    "button": {**_BUTTON, "value": 2000, "url": 3000},
    "workflow_button": _BUTTON,
    "icon_button": {**_BUTTON, "value": 2000, "text.text": 3000},
    "feedback_buttons": {
        f"{side}_button.{path}": most for side in ("positive", "negative") for path, most in _FEEDBACK.items()
    },
    "overflow": {**_CONFIRM, **_OPTIONS, "options[].url": 3000},
    "checkboxes": {**_CONFIRM, **_OPTIONS},
    "radio_buttons": {**_CONFIRM, **_OPTIONS},
    "static_select": _STATIC_MENU,
    "multi_static_select": _STATIC_MENU,
    **dict.fromkeys(
        (
            "external_select", "users_select", "conversations_select", "channels_select", "multi_external_select",
            "multi_users_select", "multi_conversations_select", "multi_channels_select", "datepicker", "timepicker",
        ),
        _MENU,
    ),
    "datetimepicker": _CONFIRM,
    "plain_text_input": {"placeholder.text": 150},
}  # fmt: skip
_TEXTS: Final = {kind: {**_IDS, **texts} for kind, texts in _CHARACTERS.items()}
# ... and its lists, with their maximum number of elements.
_STATIC_LISTS: Final = {"options": 100, "option_groups": 100, "option_groups[].options": 100}
_ELEMENTS: Final[dict[str, dict[str, int]]] = {
    "actions": {"elements": 25},
    "card": {"actions": 3},
    "carousel": {"elements": 10},
    "container": {"child_blocks": 10},
    "context": {"elements": 10},
    "context_actions": {"elements": 5},
    "data_table": {"rows": MAX_ROWS["data_table"], "rows[]": 20},
    "data_visualization": {
        "chart.segments": 12,
        "chart.series": 12,
        "chart.series[].data": 20,
        "chart.axis_config.categories": 20,
    },
    "section": {"fields": 10},
    "table": {"rows": MAX_ROWS["table"], "rows[]": 20, "column_settings": 20},
    "overflow": {"options": 5},
    "checkboxes": {"options": 10},
    "radio_buttons": {"options": 10},
    "static_select": _STATIC_LISTS,
    "multi_static_select": _STATIC_LISTS,
}
# Where blocks and elements stand in a block or a cell.
_INNER: Final[dict[str, tuple[str, ...]]] = {
    "action_cell": ("element",),
    "actions": ("elements",),
    "card": ("hero_image", "icon", "actions"),
    "carousel": ("elements",),
    "container": ("icon", "child_blocks"),
    "context": ("elements",),
    "context_actions": ("elements",),
    "data_table": ("rows",),
    "input": ("element",),
    "section": ("accessory",),
}
_WITH_TABLES: Final = frozenset({*MAX_CELLS, "container"})
_MAY_BE_EMPTY: Final = frozenset({"value"})  # of a button


def check(text: str, blocks: Sequence[Mapping[str, Any]]) -> None:
    """Raise DiagnosedError (BLOCK_LIMIT) with the path of the part if Slack would refuse the message for its size."""
    _require_at_most(("text",), len(text), MAX_TEXT, "too_many_characters")
    _require_at_most(("blocks",), len(blocks), MAX_BLOCKS, "too_many_blocks")
    found = [one for number, block in enumerate(blocks) for one in _known(block, ("blocks", number))]
    kinds = [one["type"] for _, one in found]
    _require_at_most(("blocks",), sum(kind in MAX_CELLS for kind in kinds), MAX_TABLES, "too_many_tables")
    _require_at_most(("blocks",), kinds.count("data_visualization"), MAX_CHARTS, "too_many_charts")
    for number, block in enumerate(blocks):
        _require_at_most(
            ("blocks", number, "block_id"), len(str(block.get("block_id", ""))), MAX_ID, "too_many_characters"
        )
    for place, one in found:
        _check_one(place, one)
    _require_at_most(("blocks",), sum(map(characters, blocks)), MAX_TOTAL, "too_many_characters_in_all")


def position(tree: Mapping[str, Any], kind: str, path: str) -> tuple[str, str]:
    """Return where the strings of an object are looked up: from itself on, if its type has a row of limits."""
    own = tree.get("type")
    return (own, "") if isinstance(own, str) and own in _CHARACTERS else (kind, path)


def max_characters(kind: str, path: str) -> int:
    """Return the maximum number of characters at `path`, such as `fields[].text`, in a block or element `kind`."""
    return _IDS.get(path.rpartition(".")[2]) or _CHARACTERS.get(kind, {}).get(path, MAX_UNDOCUMENTED)


def characters(tree: Any) -> int:
    """Count the characters that a block adds to the total of a message. A `data_table` has its own limit."""
    if isinstance(tree, str):
        return len(tree)
    if isinstance(tree, list | tuple):
        return sum(map(characters, tree))
    if isinstance(tree, Mapping) and (kind := tree.get("type")) != "data_table":
        return sum(map(characters, tree.values())) - (len(kind) if isinstance(kind, str) else 0)
    return 0


def fullness(block: Mapping[str, Any]) -> float:
    """Return how full the tables of a block are: above 1 Slack refuses them."""
    if block.get("type") not in _WITH_TABLES:
        return 0
    tables = (one for _, one in _known(block, ()) if one["type"] in MAX_CELLS)
    return max((cell_characters(one.get("rows")) / MAX_CELLS[one["type"]] for one in tables), default=0)


def cell_characters(cells: Any) -> int:
    """Count the characters of cells of a table, or of rows of them."""
    if isinstance(cells, list):
        return sum(map(cell_characters, cells))
    if isinstance(cells, Mapping):
        text = cells.get("text")
        own = len(text) if isinstance(text, str) else 0
        return own if cells.get("type") == "raw_text" else own + sum(map(cell_characters, cells.values()))
    return 0


def _known(tree: Any, place: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the blocks and elements in a tree that have a row of limits, from the outside in, with their places."""
    if isinstance(tree, Mapping):
        kind = tree.get("type")
        if isinstance(kind, str) and kind in _CHARACTERS:
            yield place, tree
        for key in _INNER.get(str(kind), ()):
            if key in tree:
                yield from _known(tree[key], (*place, key))
    elif isinstance(tree, list | tuple):
        for number, value in enumerate(tree):
            yield from _known(value, (*place, number))


def _check_one(place: Path, one: Mapping[str, Any]) -> None:
    kind = one["type"]
    for path, most in _ELEMENTS.get(kind, {}).items():
        for where, elements in _parts_at(one, path, place):
            _require_at_most(where, len(elements), most, "too_many_block_elements")
    if kind in MAX_CELLS:
        _require_at_most(
            (*place, "rows"), cell_characters(one.get("rows")), MAX_CELLS[kind], "too_many_characters_in_all"
        )
    for path, most in _TEXTS[kind].items():
        for where, text in _parts_at(one, path, place):
            _require_at_most(where, len(text), most, "too_many_characters")
            if not text and path not in _MAY_BE_EMPTY:
                raise DiagnosedError(Diagnosis("part_empty", path=where))


def _parts_at(tree: Any, path: str, place: Path) -> Iterator[tuple[Path, Any]]:
    """Yield every string or list at a path such as `elements[].text`, with its place."""
    head, _, rest = path.partition(".")
    key = head.rstrip("[]")
    if not isinstance(tree, Mapping) or key not in tree:
        return
    branches: list[tuple[Path, Any]] = [((*place, key), tree[key])]
    for _ in range(head.count("[]")):
        branches = [
            ((*where, number), one)
            for where, found in branches
            if isinstance(found, list)
            for number, one in enumerate(found)
        ]
    for where, one in branches:
        if rest:
            yield from _parts_at(one, rest, where)
        elif isinstance(one, str | list):
            yield where, one


def _require_at_most(path: Path, size: int, limit: int, kind: Kind) -> None:
    if size > limit:
        raise DiagnosedError(Diagnosis(kind, path=path, size=size, limit=limit))
