"""Finds whom the messages of a notification mention, as far as its template shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from jinja2 import nodes

from cli.compiler import syntax
from handler.model import Group, Leaf, Notification, Tree

# https://docs.slack.dev/messaging/formatting-message-text#mentioning-users
_WRITTEN: Final = re.compile(
    r"<(?:@([UW][A-Z0-9]{2,})|!subteam\^(S[A-Z0-9]{2,})|!(here|channel|everyone))(?:\|[^<>\n]*)?>"
)


class Mention(NamedTuple):
    """A mention of an `alias` of the stage, or of a literal id or group (`target`); if both are empty, by a row."""

    alias: str = ""
    target: str = ""


BY_ROW: Final = Mention()


def of(notification: Notification) -> tuple[Mention, ...]:
    """Return the mentions in the text and the blocks, each once, in order."""
    return tuple(dict.fromkeys(_found([notification.text, *notification.blocks])))


def _found(tree: Tree) -> Iterator[Mention]:
    match tree:
        case Leaf(context="mrkdwn"):
            yield from _in_leaf(tree)
        case Group():
            yield from _found([*tree.blocks])
        case list():
            for part in tree:
                yield from _found(part)
        case {"type": "mrkdwn" | "markdown", "text": str(text)}:
            yield from _written(text)
        case (
            {"type": "user", "user_id": str(target)}
            | {"type": "usergroup", "usergroup_id": str(target)}
            | {"type": "broadcast", "range": str(target)}
        ):
            yield Mention(target=target)
        case dict():
            yield from _found([*tree.values()])


def _in_leaf(leaf: Leaf) -> Iterator[Mention]:
    for node in syntax.parsed(leaf).find_all((nodes.TemplateData, nodes.Filter)):
        match node:
            case nodes.TemplateData():
                yield from _written(node.data)
            case nodes.Filter(name="mention", node=nodes.Expr() as named):
                yield from _aliases(named)
            case nodes.Filter(name="mention_person"):
                yield BY_ROW


def _written(text: str) -> Iterator[Mention]:
    for match in _WRITTEN.finditer(text):
        yield Mention(target=match[match.lastindex or 0])


def _aliases(named: nodes.Expr) -> Iterator[Mention]:
    """Yield the aliases that an expression may have as its value."""
    match named:
        case nodes.Const(value=str(alias)):
            yield Mention(alias)
        case nodes.CondExpr(expr1=nodes.Expr() as yes, expr2=nodes.Expr() as no):
            yield from _aliases(yes)
            yield from _aliases(no)
        case _:
            yield BY_ROW
