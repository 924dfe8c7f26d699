"""Filters that are misspelt, or that are called as in a spreadsheet or a program: what the expression should be."""

from __future__ import annotations

import re
from dataclasses import replace
from difflib import get_close_matches
from typing import Final

from cli.compiler import arguments
from cli.compiler.expressions import replaced
from handler.model import Leaf
from handler.templating import FILTERS, Diagnosis

# money(order.amount, 'EUR'), and order.number.upper(). What stands in the brackets has none itself.
_END: Final = r"\s*\)(?!\s*\.)"
_FUNCTION: Final = re.compile(
    r"(?<![\w.|])(?<!\| )(?P<name>\w+)\(\s*(?P<value>[\w.]+)(?:\s*,\s*(?P<rest>[^()]+?))?" + _END
)
_METHOD: Final = re.compile(r"(?P<value>\w[\w.]*)\.(?P<name>\w+)\(\s*(?P<rest>[^()]*?)" + _END)


def as_filter(leaf: Leaf, diagnosis: Diagnosis) -> str:
    """Return the expression with the filter that is meant; empty if it is another mistake, or no filter is near."""
    if diagnosis.kind == "filter_unknown":
        name = _near(diagnosis.name)
        return _with_arguments(leaf, rf"(\|\s*){diagnosis.name}\b", rf"\g<1>{name}", name) if name else ""
    if diagnosis.kind != "call":
        return ""
    for pattern in (_FUNCTION, _METHOD):
        for match in pattern.finditer(leaf.source):
            if name := _near(match["name"]):
                rest = f"({match['rest']})" if match["rest"] else ""
                return _with_arguments(leaf, re.escape(match[0]), f"{match['value']} | {name}{rest}", name)
    return ""


def _near(name: str) -> str:
    close = get_close_matches(name.lower(), FILTERS, n=1)
    return close[0] if close else ""


def _with_arguments(leaf: Leaf, pattern: str, right: str, name: str) -> str:
    """The expression with `right` in place of a pattern, and with what the filter needs."""
    changed = replace(leaf, source=re.sub(pattern, right, leaf.source))
    return arguments.completed(changed, name) or replaced(leaf, pattern, lambda match: match.expand(right))
