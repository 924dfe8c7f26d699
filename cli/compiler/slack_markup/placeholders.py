"""Placeholders of other template languages, as `{id}` and `${order.number}`, whose name is known here."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final

from cli.compiler.slack_markup.texts import Names, Remark, Text
from cli.language import say

_PATH: Final = r"[A-Za-z_]\w*(?:\.\w+)*"
_FILTERS: Final = r"(?:\s*+\|[^{}\n]*+)?"
# {x}, ${x}, #{x}, %(x)s, [[ x ]], $order.number and %order.number%.
PATTERN: Final = re.compile(
    rf"[$\#%]?(?<!\{{)\{{\s*(?P<braces>{_PATH}{_FILTERS})\s*\}}(?!\}})|%\((?P<percent>{_PATH})\)[sd]"
    rf"|\[\[\s*(?P<square>{_PATH})\s*\]\]"
    r"|\$(?P<dollar>[A-Za-z_]\w*(?:\.\w+)+)|%(?P<between>[A-Za-z_]\w*(?:\.\w+)+)%"
)
# <%= x %>, which has to be found before Slack's own <...>.
ERB: Final = re.compile(rf"<%[=-]?\s*(?P<erb>{_PATH})\s*-?%>")
_SINGLE: Final = ("id", "type", "now")  # names whose value can be shown as it is


def judge(match: re.Match[str], text: Text) -> Remark | None:
    """Say what to write for a placeholder; nothing where it means no name of this place."""
    inside = next(text.written(match, name) for name, found in match.groupdict().items() if found)
    right = instead(inside.strip(), text.names)
    return remark(text.written(match), right) if right else None


def expanded(written: str, names: Names) -> str:
    """Return a text with expressions in place of its placeholders."""

    def right(match: re.Match[str]) -> str:
        inside = next(found for found in match.groups() if found)
        return instead(inside.strip(), names) or match[0]

    return PATTERN.sub(right, written)


def remark(written: str, right: str) -> Remark:
    """The remark about a placeholder, with the expression that replaces it."""
    message = say("`{written}` is posted as plain text; a value needs {{{{ }}}}", written=written)
    return Remark("MARKUP_BRACES", message, right)


def instead(inside: str, names: Names) -> str:
    """Return the expression for what a placeholder names: of an event, of a lookup, or a column; empty if none."""
    path, bar, filters = inside.partition("|")
    if not re.fullmatch(_PATH, path.strip()):
        return ""
    root, dot, rest = path.strip().partition(".")
    if not dot and root not in _SINGLE:
        root, rest = _column(root, names)
    elif root not in names.known:
        return ""
    if dot and root in names.columns and names.columns[root] and rest not in names.columns[root]:
        close = get_close_matches(rest, names.columns[root], n=1)
        rest = close[0] if close else rest
    if not root:
        return ""
    value = f"{root}.{rest}" if rest else root
    shown = f"{value} | {filters.strip()}" if bar else value
    return f"{{{{ {shown} if {root} else '-' }}}}" if root in names.unsure else f"{{{{ {shown} }}}}"


def _column(word: str, names: Names) -> tuple[str, str]:
    """The lookup whose row has a column of this name; of a lookup itself, its first column."""
    if names.columns.get(word):
        return word, names.columns[word][0]
    owners = [lookup for lookup, columns in names.columns.items() if word in columns]
    return (owners[0], word) if owners else ("", "")
