"""Finds how texts of a template use names: the owners of a column, the lists of loops, a guarded form of a use."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

_NAME: Final = r"[A-Za-z_]\w*"
_SHOWN: Final = re.compile(r"\{\{-?\s*((?:(?!\}\}).)*?)\s*-?\}\}", re.DOTALL)
_LOOP: Final = re.compile(rf"\b({_NAME})\s+in\s+({_NAME})\b")


def owners(text: str, column: str) -> tuple[str, ...]:
    """Return the values whose `column` is used: `order` for `amount` in `order.amount`, `a.b` for `c` in `a.b.c`."""
    found = re.findall(rf"(?<![\w.])((?:{_NAME}\.)*{_NAME})\.{re.escape(column)}\b", text)
    return tuple(dict.fromkeys(found))


def columns(texts: Iterable[str], owner: str) -> tuple[str, ...]:
    """Return the columns or keys of `owner` that are used: `amount` and `number` for `order`."""
    found = (column for text in texts for column in re.findall(rf"(?<![\w.]){owner}\.({_NAME})", text))
    return tuple(dict.fromkeys(found))


def elements(texts: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Return the loop variables, each with the lists that it may be an element of: `item` with `items`."""
    found: dict[str, frozenset[str]] = {}
    for text in texts:
        for name, over in _LOOP.findall(text):
            found[name] = found.get(name, frozenset()) | {over}
    return found


def element(name: str, taken: Iterable[str]) -> str:
    """Return a name for an element of a list: `item` for `items`; `one` if that is taken."""
    last = name.rpartition(".")[2]
    singular = f"{last[:-3]}y" if last.endswith("ies") else last.removesuffix("s")
    return "one" if singular == last or singular in taken else singular


def guarded(text: str, owner: str, value: str) -> str:
    """Return the expression that uses `value`, guarded for the case that `owner` is empty."""
    if "{{" not in text:
        return f"{owner} and {value}"
    for expression in _SHOWN.findall(text):
        if re.search(rf"(?<![\w.]){re.escape(value)}\b", expression) and not re.search(r"\bif\b", expression):
            return f"{{{{ {expression} if {owner} else '-' }}}}"
    return f"{{{{ {value} if {owner} else '-' }}}}"
