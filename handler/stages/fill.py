"""From a block of a template to blocks as Slack takes them: groups are taken apart, and strings filled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from handler.model import Group, Leaf, Tree
from handler.stages import limits
from handler.templating import Context, Templates
from handler.templating.filters import each

# What a block needs at least one of; a block left without any of them says nothing, and Slack would refuse it.
_SAYING: Final = frozenset({"text", "fields", "elements", "rows"})
_TEXT_OBJECTS: Final = frozenset({"mrkdwn", "plain_text"})
_EMPTY_CELL: Final = "–"
_NOTHING: Final = object()
_MORE: Final = {"en": "… and {} more", "ja": "… ほか {} 件"}

Block = dict[str, Any]


def expanded(tree: Tree, context: Context, templates: Templates) -> Iterator[Block]:
    """Yield the blocks of a tree as Slack takes them, with the groups in it taken apart. Raises TemplateError."""
    if isinstance(tree, Group):
        for inner in elements(tree, context, templates):
            for child in tree.blocks:
                yield from expanded(child, inner, templates)
    elif isinstance(tree, dict):
        filled = _fill(tree, str(tree.get("type")), "", context, templates)
        if filled is not _NOTHING:
            yield filled


def elements(group: Group, context: Context, templates: Templates) -> Iterator[Context]:
    """Yield the contexts in which a group's blocks stand: one for each element, or one if there is no loop."""
    contexts: list[Context] = [context]
    if group.over is not None:
        found = each(templates.evaluate(group.over, context))
        contexts = [
            {**context, group.name: one, "loop": _loop(place, len(found))} for place, one in enumerate(found, 1)
        ]
    for inner in contexts:
        if group.when is None or templates.evaluate(group.when, inner):
            yield inner


def _children(item: Tree, context: Context, templates: Templates) -> Iterator[tuple[Tree, Context]]:
    """An element of a list as it is, or what a group among the elements, such as the rows of a table, stands for."""
    if not isinstance(item, Group):
        yield item, context
        return
    for inner in elements(item, context, templates):
        for child in item.blocks:
            yield from _children(child, inner, templates)


def _loop(index: int, length: int) -> dict[str, int | bool]:
    return {"index": index, "first": index == 1, "last": index == length, "length": length}


def _fill(tree: Tree, kind: str, path: str, context: Context, templates: Templates) -> Any:
    match tree:
        case Leaf():
            return templates.render(tree, context, limits.limit(kind, path))
        case list():
            filled = [
                _fill(child, kind, f"{path}[]", inner, templates)
                for item in tree
                for child, inner in _children(item, context, templates)
            ]
            return [one for one in filled if one is not _NOTHING]
        case dict():
            made = {k: _fill(value, kind, f"{path}.{k}".lstrip("."), context, templates) for k, value in tree.items()}
            if made.get("type") == "table" and isinstance(made.get("rows"), list):
                made["rows"] = _rows(made["rows"], templates.locale.language)
            return _kept(tree, made)
        case _:
            return tree


def _kept(tree: dict[str, Any], filled: dict[str, Any]) -> Any:
    blank = not str(filled.get("text", "")).strip()
    if filled.get("type") in _TEXT_OBJECTS:
        return _NOTHING if blank else filled
    if filled.get("type") == "raw_text":  # a cell keeps its place in the row
        return {**filled, "text": _EMPTY_CELL} if blank else filled
    kept = {key: value for key, value in filled.items() if value is not _NOTHING and (value != [] or not tree[key])}
    emptied = len(kept) < len(filled)
    return _NOTHING if emptied and not _SAYING & kept.keys() else kept


def _rows(rows: list[Any], language: str) -> list[Any]:
    """At most as many rows as a table may have; the last one says how many are missing."""
    if len(rows) <= limits.MAX_ROWS:
        return rows
    shown = rows[: limits.MAX_ROWS - 1]
    words = [more(len(rows) - len(shown), language)] + [_EMPTY_CELL] * (len(rows[0]) - 1)
    return [*shown, [{"type": "raw_text", "text": text} for text in words]]


def more(count: int, language: str) -> str:
    """Say, in a stage's language, how many are not shown."""
    return _MORE.get(language, _MORE["en"]).format(count)
