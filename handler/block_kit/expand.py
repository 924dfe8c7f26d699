"""Turn the blocks of a template into Slack's blocks: expand groups (`if`, `for`) and fill the strings with values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from datetime import datetime
from itertools import accumulate
from typing import Any, Final

from handler.block_kit import limits
from handler.block_kit.fallback import context_line
from handler.frozen import frozen
from handler.model import Group, Leaf, Tree
from handler.templating import Context, DiagnosedError, Diagnosis, LongAddressError, Templates, translating_errors
from handler.templating.coercion import as_number
from handler.templating.filters import loop_elements
from handler.templating.graphemes import cut
from handler.templating.text import MAX_EXPONENT, is_huge, mrkdwn

# An object that loses a key, and then has none of these, is empty. Slack would refuse it, so it is left out. Below are
# the types that have other keys to say something with, or need none.
_CONTENT_KEYS: Final = frozenset({"text", "fields", "elements", "rows"})
_CONTENT: Final[dict[str, frozenset[str]]] = {
    "card": frozenset({"hero_image", "title", "actions", "body"}),
    "container": frozenset({"child_blocks"}),
    "data_visualization": frozenset({"chart"}),
    "pie": frozenset({"segments"}),
    **dict.fromkeys(("bar", "area", "line"), frozenset({"series"})),
    "image": frozenset({"image_url", "slack_file"}),
    "input": frozenset({"label"}),
    **dict.fromkeys(("plan", "task_card", "video"), frozenset({"title"})),
    **dict.fromkeys(("static_select", "multi_static_select"), frozenset({"options", "option_groups"})),
    **dict.fromkeys(
        ("external_select", "users_select", "conversations_select", "channels_select", "multi_external_select",
         "multi_users_select", "multi_conversations_select", "multi_channels_select", "datepicker", "timepicker",
         "plain_text_input"),
        frozenset({"type"}),
    ),
}  # fmt: skip
# Where Slack requires a text, a value that is empty becomes a dash; where it does not, the key is left out.
_REQUIRED_TEXTS: Final = frozenset({"label", "name", "title", "caption"})
_OPTIONAL_TEXTS: Final = frozenset({"x_label", "y_label", "author_name", "provider_name"})
_TEXT_OBJECTS: Final = frozenset({"mrkdwn", "plain_text"})
_NAME_KEYS: Final = ("text", "alt_text", "title")  # where an element says in words what it is
_EMPTY_CELL: Final = "–"
_OMITTED: Final = object()
_UNSHOWN_ROW: Final[list[Any]] = []  # a row of a table that is only counted
_MORE_TEXT: Final = {"en": "… and {} more", "ja": "… ほか {} 件"}
_LEFT_OUT_TEXT: Final = {
    "en": "{}: left out, as its address is too long",
    "ja": "{}: アドレスが長すぎるため表示していません",
}
_MAX_NAME: Final = 75
MAX_SHARE: Final = 64  # with a larger share nothing readable would be left, so that rows of tables are removed
# If all texts together are too long, texts up to _SHORT characters stay, and longer ones keep at least _SHORTEST.
_SHORT: Final = 150
_SHORTEST: Final = 20

Block = dict[str, Any]


@frozen
class Expander:
    """Fills trees with values. If all texts together are too long, the limit of each long text is divided by `share`.

    `left_out` has the names of the elements that were left out of the current block.
    """

    templates: Templates
    share: int = 1
    left_out: list[str] = field(default_factory=list)

    def blocks(self, tree: Tree, context: Context) -> Iterator[Block]:
        """Yield Slack's blocks for a tree, with its groups expanded. Raises TemplateError."""
        if isinstance(tree, Group):
            for inner in self.elements(tree, context):
                for child in tree.blocks:
                    yield from self.blocks(child, inner)
        elif isinstance(tree, dict):
            filled = self._fill(tree, str(tree.get("type")), "", context)
            if filled is not _OMITTED:
                yield filled
            while self.left_out:
                yield _left_out_line(self.left_out.pop(0), self.templates.locale.language)

    def elements(self, group: Group, context: Context) -> Iterator[Context]:
        """Yield the contexts for a group's blocks: one for each element of its loop, or one if it has no loop."""
        for inner in self._contexts(group, context):
            if group.when is None or self.templates.evaluate(group.when, inner):
                yield inner

    def _contexts(self, group: Group, context: Context) -> Iterator[Context]:
        if group.over is None:
            yield context
            return
        with translating_errors(group.over.where):
            found = loop_elements(self.templates.evaluate(group.over, context))
        for place, one in enumerate(found, 1):
            yield {**context, group.name: one, "loop": _loop(place, len(found))}

    def _children(self, item: Tree, context: Context) -> Iterator[tuple[Tree, Context]]:
        """Yield an element of a list; for a group, such as rows of a table, the elements that it expands to."""
        if not isinstance(item, Group):
            yield item, context
            return
        for inner in self.elements(item, context):
            for child in item.blocks:
                yield from self._children(child, inner)

    def _fill(self, tree: Tree, kind: str, path: str, context: Context) -> Any:
        match tree:
            case Leaf(context="expression"):
                return self._number(tree, context)
            case Leaf():
                return self.templates.render(tree, context, self._max_characters(tree, kind, path))
            case list():
                return self._list(tree, kind, path, context)
            case dict():
                return self._dict(tree, kind, path, context)
            case _:
                return tree

    def _number(self, leaf: Leaf, context: Context) -> int | float:
        """Return the number that an expression gives, as JSON has it; of a time, the seconds since 1970."""
        value = self.templates.evaluate(leaf, context)
        if isinstance(value, datetime):
            return int(value.timestamp())
        number = as_number(value)
        if number is None:
            raise DiagnosedError(Diagnosis("not_a_number"), leaf.where)
        if is_huge(number):
            raise DiagnosedError(Diagnosis("too_many_digits", limit=MAX_EXPONENT), leaf.where)
        return int(number) if number == number.to_integral_value() else float(number)

    def _max_characters(self, leaf: Leaf, kind: str, path: str) -> int:
        most = limits.max_characters(kind, path)
        return most if leaf.context == "url" or most <= _SHORT else max(most // self.share, _SHORTEST)

    def _list(self, tree: list[Any], kind: str, path: str, context: Context) -> list[Any]:
        most = limits.MAX_ROWS.get(kind) if path == "rows" else None
        filled: list[Any] = []
        for item in tree:
            for child, inner in self._children(item, context):
                is_shown = most is None or len(filled) < most
                filled.append(self._fill(child, kind, f"{path}[]", inner) if is_shown else _UNSHOWN_ROW)
        return [_dash(one) for one in filled if one is not _OMITTED]

    def _dict(self, tree: dict[str, Any], kind: str, path: str, context: Context) -> Any:
        kind, path = limits.position(tree, kind, path)
        try:
            made = {key: self._fill(value, kind, f"{path}.{key}".lstrip("."), context) for key, value in tree.items()}
        except LongAddressError:  # if it were cut, it would be a different address
            self.left_out.append(self._name_of(tree, context))
            return _OMITTED
        if path == "" and kind in limits.MAX_ROWS and isinstance(made.get("rows"), list):
            if kind == "data_table" and len(made["rows"]) == 1 < len(tree["rows"]):
                return _OMITTED  # Slack refuses a head alone
            made["rows"] = self._limited_rows(kind, made["rows"])
        return _without_blanks(tree, made)

    def _name_of(self, tree: dict[str, Any], context: Context) -> str:
        """Return how readers know an element: by the label of a button, or the description of an image."""
        named = next((tree[key] for key in _NAME_KEYS if tree.get(key)), str(tree.get("type")))
        if isinstance(named, dict):
            named = named.get("text")
        return cut(str(self._fill(named, "", "", context)), _MAX_NAME)

    def _limited_rows(self, kind: str, rows: list[Any]) -> list[Any]:
        """Return at most as many rows as a table may have. The last row then says how many are missing."""
        most = limits.MAX_ROWS[kind]
        if self.share > MAX_SHARE:
            most = min(most, _fitting(rows, limits.MAX_CELLS[kind]))
        if len(rows) <= most:
            return rows
        shown = rows[: most - 1]
        words = [more_text(len(rows) - len(shown), self.templates.locale.language)] + [_EMPTY_CELL] * (len(rows[0]) - 1)
        return [*shown, [{"type": "raw_text", "text": text} for text in words]]


def _fitting(rows: list[Any], most: int) -> int:
    """Return how many rows may stand in a table of so many characters, with one that says how many are missing."""
    sizes = accumulate(map(limits.cell_characters, rows), initial=2 * _MAX_NAME)
    return max(sum(size <= most for size in sizes), 2)


def more_text(count: int, language: str) -> str:
    """Return the text that says how many elements are not shown, in a language."""
    return _MORE_TEXT.get(language, _MORE_TEXT["en"]).format(count)


def _left_out_line(name: str, language: str) -> Block:
    return context_line(mrkdwn(_LEFT_OUT_TEXT.get(language, _LEFT_OUT_TEXT["en"]).format(name)))


def _loop(index: int, length: int) -> dict[str, int | bool]:
    return {"index": index, "first": index == 1, "last": index == length, "length": length}


def _without_blanks(tree: dict[str, Any], filled: dict[str, Any]) -> Any:
    kind = filled.get("type")
    blank = "text" in filled and not str(filled["text"]).strip()  # without the key Slack names what is missing
    if kind in _TEXT_OBJECTS:
        return _OMITTED if blank else filled
    if kind == "raw_text":  # a cell keeps its place in the row
        return {**filled, "text": _EMPTY_CELL} if blank else filled
    kept = {key: value for key, value in filled.items() if value is not _OMITTED and (value != [] or not tree[key])}
    lost_keys = len(kept) < len(filled)
    if lost_keys and not _CONTENT.get(str(kind), _CONTENT_KEYS) & kept.keys():
        return _OMITTED
    if kind == "container" and filled.get("title") is _OMITTED and "rich_text_title" not in kept:
        kept["title"] = {"type": "plain_text", "text": _EMPTY_CELL}
    optional = {key for key in _OPTIONAL_TEXTS & kept.keys() if _dash(kept[key]) != kept[key]}
    return {
        key: _dash(value) if key in _REQUIRED_TEXTS else value for key, value in kept.items() if key not in optional
    }


def _dash(value: Any) -> Any:
    """Return a dash in place of a text that is empty."""
    return _EMPTY_CELL if isinstance(value, str) and not value.strip() else value
