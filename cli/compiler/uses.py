"""How texts of a template use names: what stands before a column, over what loops go, and how a use is guarded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

_NAME: Final = r"[A-Za-z_]\w*"
_SHOWN: Final = re.compile(r"\{\{-?\s*((?:(?!\}\}).)*?)\s*-?\}\}", re.DOTALL)
_LOOP: Final = re.compile(rf"\b({_NAME})\s+in\s+({_NAME})\b")


def owners(text: str, column: str) -> tuple[str, ...]:
    """Return what stands before a column or key: `order` for `amount` in `order.amount`, `a.b` for `c` in `a.b.c`."""
    found = re.findall(rf"(?<![\w.])((?:{_NAME}\.)*{_NAME})\.{re.escape(column)}\b", text)
    return tuple(dict.fromkeys(found))


def columns(texts: Iterable[str], owner: str) -> tuple[str, ...]:
    """Return what is used of a name: `amount` and `number` of `order`."""
    found = (column for text in texts for column in re.findall(rf"(?<![\w.]){owner}\.({_NAME})", text))
    return tuple(dict.fromkeys(found))


def elements(texts: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Return the names of loops' elements, each with the lists that it may be of: `item` with `items`."""
    found: dict[str, frozenset[str]] = {}
    for text in texts:
        for name, over in _LOOP.findall(text):
            found[name] = found.get(name, frozenset()) | {over}
    return found


def element(name: str, taken: Iterable[str]) -> str:
    """Return what to call an element of a list: `item` of `items`; `one` where that means something already."""
    last = name.rpartition(".")[2]
    singular = f"{last[:-3]}y" if last.endswith("ies") else last.removesuffix("s")
    return "one" if singular == last or singular in taken else singular


def guarded(text: str, owner: str, value: str) -> str:
    """Return what to write in place of the expression with `value` in a text, where `owner` may be empty."""
    if "{{" not in text:
        return f"{owner} and {value}"
    for expression in _SHOWN.findall(text):
        if re.search(rf"(?<![\w.]){re.escape(value)}\b", expression) and not re.search(r"\bif\b", expression):
            return f"{{{{ {expression} if {owner} else '-' }}}}"
    return f"{{{{ {value} if {owner} else '-' }}}}"
