"""An expression inside the author's own `<...>`: what to write with the filters `link` and `mention`."""

from __future__ import annotations

import re
from typing import Final

_CODE: Final = r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}"
_MARKUP: Final = re.compile(rf"<((?:{_CODE}|[^<>])*+)>", re.DOTALL)
_PART: Final = re.compile(rf"({_CODE})", re.DOTALL)
_EXPRESSION: Final = re.compile(r"\{\{[-+]?\s*(.*?)\s*[-+]?\}\}", re.DOTALL)
_SIGN: Final = "write &lt; for the sign <"


def instead(source: str) -> str:
    """Return what to write in place of the first `<...>` with an expression in a text."""
    for match in _MARKUP.finditer(source):
        if "{{" in match[1]:
            return _for(match[1])
    return _SIGN


def _for(inside: str) -> str:
    if "{%" in inside:
        return "write {{ address | link('label') }} or {{ alias | mention }} in each branch, without < and >"
    target, _, label = _split(inside)
    if target.startswith("!date"):
        return f"write {{{{ {_value(target)} | datetime }}}}"
    if target.startswith(("@", "!")):
        return f"write {{{{ {_value(target)} | mention }}}}, and list the alias under `mentions` in _stages/"
    if target.startswith("#"):
        return "write the channel's id out: <#C0123456789>"
    shown = f"({_joined(label)})" if label else ""
    return f"write {{{{ {_bracketed(_joined(target))} | link{shown} }}}}"


def _split(inside: str) -> tuple[str, str, str]:
    """The target and the label on both sides of the first `|` that stands in no expression."""
    parts = _PART.split(inside)
    for number, part in enumerate(parts):
        if number % 2 == 0 and "|" in part:
            before, sign, after = part.partition("|")
            return "".join(parts[:number]) + before, sign, after + "".join(parts[number + 1 :])
    return inside, "", ""


def _value(text: str) -> str:
    found = _EXPRESSION.search(text)
    return _bracketed(found[1]) if found else "'oncall'"


def _joined(text: str) -> str:
    """A text with expressions as one expression: `'https://example.org/' ~ order.number`."""
    pieces = []
    for number, part in enumerate(_PART.split(text)):
        if number % 2 == 0:
            mark = '"' if "'" in part else "'"
            pieces += [f"{mark}{part}{mark}"] if part else []
        elif expression := _EXPRESSION.fullmatch(part):
            pieces.append(_bracketed(expression[1]))
    return " ~ ".join(pieces)


def _bracketed(expression: str) -> str:
    return expression if re.fullmatch(r"[\w.]+|'[^']*'|\"[^\"]*\"", expression) else f"({expression})"
