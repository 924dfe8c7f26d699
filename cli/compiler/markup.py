"""Suggests the filters `link` or `mention` for an expression inside a handwritten `<...>`."""

from __future__ import annotations

import re
from typing import Final

from jinja2 import nodes

from cli.compiler import syntax
from cli.language import later, say
from handler.model import Leaf

_CODE: Final = r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}"
_MARKUP: Final = re.compile(rf"<((?>(?:{_CODE}|[^<>])*))>", re.DOTALL)
_PART: Final = re.compile(rf"({_CODE})", re.DOTALL)
_EXPRESSION: Final = re.compile(r"\{\{[-+]?\s*(.*?)\s*[-+]?\}\}", re.DOTALL)
_PLAIN: Final = re.compile(r"(?:[@#]|!subteam\^|!)?")  # what Slack expects before a name in `<...>`
_WRITTEN_OUT: Final = re.compile(r"(@[A-Z0-9]+|!subteam\^[A-Z0-9]+|!(?:here|channel|everyone))(?:\s+(.*))?", re.DOTALL)
_SIGN: Final = later("write &lt; for the sign <")


def around(source: str, offset: int) -> tuple[int, str]:
    """Return the offset of the `<...>` around an expression, and what to write instead; -1 if there is none."""
    for match in _MARKUP.finditer(source):
        if match.start() < offset < match.end():
            return match.start(), _for(match[1]) if _is_one_line(match[1]) else say(_SIGN)
    return -1, say(_SIGN)


def _is_one_line(inside: str) -> bool:
    """Return whether this can be markup: no space after the `<`, and no line break."""
    return not inside[0].isspace() and not any("\n" in text for text in _PART.split(inside)[::2])


def _for(inside: str) -> str:
    if "{%" in inside:
        return say("write {{ address | link('label') }} or {{ alias | mention }} in each branch, without < and >")
    target, _, label = _split(inside)
    if target.startswith("!date"):
        return say("write {code}", code=f"{{{{ {_value(target)} | datetime }}}}")
    if made := _made(target, label):
        return say("write {code}", code=made)
    if written := _WRITTEN_OUT.fullmatch(target):
        return say("write {code}", code=f"<{written[1]}> {written[2] or ''}".rstrip())
    if target.startswith(("@", "!")):
        code = f"{{{{ {_value(target)} | mention }}}}"
        return say("write {code}, and list the alias under `mentions` in _stages/", code=code)
    if target.startswith("#"):
        return say("write the channel's id out: <#C0123456789>")
    shown = f"({joined(label)})" if label else ""
    return say("write {code}", code=f"{{{{ {bracketed(joined(target))} | link{shown} }}}}")


def _made(target: str, label: str) -> str:
    """Return the target without signs around it, if a filter in it already makes a mention or a link; else ""."""
    kept = _PLAIN.sub("", target, count=1)
    filters = [_last_filter(part[1]) for part in map(_EXPRESSION.fullmatch, _PART.split(kept)) if part]
    if not any(one and one.name in ("link", "mention", "mention_person") for one in filters):
        return ""
    only = _EXPRESSION.fullmatch(kept) if len(filters) == 1 else None
    if label and only and filters[0] and filters[0].name == "link" and not (filters[0].args or filters[0].kwargs):
        return f"{{{{ {only[1]}({joined(label)}) }}}}"
    return kept


def _last_filter(expression: str) -> nodes.Filter | None:
    tree = syntax.parsed(Leaf("expression", expression, ""))
    [output] = tree.find_all(nodes.Output)
    last = output.nodes[0]
    return last if isinstance(last, nodes.Filter) else None


def _split(inside: str) -> tuple[str, str, str]:
    """Split at the first `|` outside of expressions, into target, sign and label."""
    parts = _PART.split(inside)
    for number, part in enumerate(parts):
        if number % 2 == 0 and "|" in part:
            before, sign, after = part.partition("|")
            return "".join(parts[:number]) + before, sign, after + "".join(parts[number + 1 :])
    return inside, "", ""


def _value(text: str) -> str:
    found = _EXPRESSION.search(text)
    return bracketed(_line(found[1])) if found else "'oncall'"


def joined(text: str) -> str:
    """Return a text with expressions as one expression: `'https://example.org/' ~ order.number`."""
    pieces = []
    for number, part in enumerate(_PART.split(text)):
        if number % 2 == 0:
            pieces += [literal(part)] if part else []
        elif expression := _EXPRESSION.fullmatch(part):
            pieces.append(_line(expression[1]))
    return pieces[0] if len(pieces) == 1 else " ~ ".join(map(bracketed, pieces))


def literal(text: str) -> str:
    """Return a text as a quoted literal of an expression."""
    mark = '"' if "'" in text else "'"
    return mark + text.replace("\\", "\\\\").replace(mark, f"\\{mark}") + mark


def _line(expression: str) -> str:
    return re.sub(r"\s*\n\s*", " ", expression)


def bracketed(expression: str) -> str:
    """Return an expression in brackets, unless it is a single name or literal."""
    return expression if re.fullmatch(r"[\w.]+|'[^']*'|\"[^\"]*\"", expression) else f"({expression})"
