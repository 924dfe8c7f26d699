"""Finds placeholders of other template languages, such as `{id}` and `${order.number}`, with a known name in them."""

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
# <%= x %>, which must be found before Slack's own <...>.
ERB: Final = re.compile(rf"<%[=-]?\s*(?P<erb>{_PATH})\s*-?%>")
_SINGLE: Final = ("id", "type", "now")  # names whose value can be shown directly


def judge(match: re.Match[str], text: Text) -> Remark | None:
    """Report a placeholder, with the expression to write; None if its name is unknown here."""
    inside = next(text.written(match, name) for name, found in match.groupdict().items() if found)
    right = instead(inside.strip(), text.names)
    return remark(text.written(match), right) if right else None


def expanded(written: str, names: Names) -> str:
    """Return a text with its placeholders replaced by expressions."""

    def right(match: re.Match[str]) -> str:
        inside = next(found for found in match.groups() if found)
        return instead(inside.strip(), names) or match[0]

    return PATTERN.sub(right, written)


def remark(written: str, right: str) -> Remark:
    """Return a remark about a placeholder, with the expression that replaces it."""
    message = say("`{written}` is posted as plain text; a value needs {{{{ }}}}", written=written)
    return Remark("MARKUP_BRACES", message, right)


def instead(inside: str, names: Names) -> str:
    """Return the expression for a placeholder's name: an event's value, a lookup's, or a column; empty if unknown."""
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
    """Return the lookup and the column that a word means. For a lookup's name, the column is its first one."""
    if names.columns.get(word):
        return word, names.columns[word][0]
    owners = [lookup for lookup, columns in names.columns.items() if word in columns]
    return (owners[0], word) if owners else ("", "")
