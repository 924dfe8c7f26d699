"""The usual slips in expressions: signs of other languages, of a word processor, and of a Japanese keyboard.

Each finding is a plain sentence with the corrected expression.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from handler.errors import TemplateError
from handler.model import Leaf
from handler.templating import Templates


@dataclass(frozen=True, slots=True)
class Correction:
    """What is wrong in a line of a source, counted from 1, and what to write instead."""

    line: int
    message: str
    fix: str


_INSTEAD: Final = {"=": "==", "===": "==", "=>": ">=", "=<": "<=", "<>": "!=", "&&": "and", "||": "or"}
# What an expression is made of, as far as it tells a slip from what is right. In `number(decimals=2)` the = is.
_PART: Final = re.compile(
    r"""(?P<right>'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | [(,]\s*\w+\s*=(?![=<>]) | (?:==|!=|<=|>=)(?!=))
    | [“”„‘’](?P<quoted>[^“”„‘’'"]*)[“”‘’]
    | [ \t]?(?P<word>&&|\|\|)[ \t]?
    | (?P<sign>===|=>|=<|<>|=)
    | (?P<wide>[\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff5e])""",
    re.VERBOSE,
)
_REGION: Final = re.compile(r"(\{\{[-+]?|\{%[-+]?)(.*?)([-+]?\}\}|[-+]?%\})", re.DOTALL)
_WORDS: Final = "if|elif|else|endif|for|endfor"
_BRACES: Final = re.compile(
    rf"([{{｛]{{2}})([^{{}}｛｝]*)([}}｝]{{2}})|([{{｛][%％])(\s*(?:{_WORDS})\b[^{{}}｛｝]*)([%％][}}｝])"
)


def with_straight_braces(source: str) -> str:
    """Return a source whose expressions stand between {{ }} and {% %}, not between their full-width forms."""

    def straight(match: re.Match[str]) -> str:
        opening, inside, closing = (part for part in match.groups() if part is not None)
        return _narrow(opening) + inside + _narrow(closing)

    return _BRACES.sub(straight, source)


def regions(leaf: Leaf) -> Iterator[tuple[int, str]]:
    """Yield the parts of a leaf's source that are code, each with its line, counted from 1."""
    if leaf.context == "expression":
        yield 1, leaf.source
        return
    for match in _REGION.finditer(leaf.source):
        yield leaf.source.count("\n", 0, match.start()) + 1, match[0]


def corrected(source: str, context: str) -> str:
    """Return a source without slips in its signs. A text between quotes stays as it is."""
    if context == "expression":
        return _PART.sub(_right, source)
    return _REGION.sub(lambda match: match[1] + _PART.sub(_right, match[2]) + match[3], source)


def corrections(leaf: Leaf, templates: Templates) -> tuple[Correction, ...]:
    """Return what to write for each part of a leaf with a slip in its signs; none where that does not mend the leaf."""
    try:
        templates.check(replace(leaf, source=corrected(leaf.source, leaf.context)))
    except TemplateError as error:
        if error.code == "TEMPLATE_SYNTAX":
            return ()
    parts = [(line, region, corrected(region, leaf.context)) for line, region in regions(leaf)]
    return tuple(
        Correction(line, _first_wrong(region), f"write {right.strip()}")
        for line, region, right in parts
        if right != region
    )


def replaced(leaf: Leaf, pattern: str, right: Callable[[re.Match[str]], str]) -> str:
    """Return the first part of a leaf's code in which a pattern stands, with what is right there; empty if none is."""
    found = (re.sub(pattern, right, region) for _, region in regions(leaf) if re.search(pattern, region))
    return next(found, "").strip()


def _right(match: re.Match[str]) -> str:
    if match["quoted"] is not None:
        return f"'{match['quoted']}'"
    if match["word"]:
        return f" {_INSTEAD[match['word']]} "
    if match["sign"]:
        return _INSTEAD[match["sign"]]
    return _narrow(match[0]) if match["wide"] else match[0]


def _first_wrong(region: str) -> str:
    match = next(match for match in _PART.finditer(region) if _right(match) != match[0])
    if match["quoted"] is not None:
        return f"an expression takes straight quotes, not {match[0][0]} {match[0][-1]}"
    return f"an expression has no `{match[0].strip()}`: here it is `{_right(match).strip()}`"


def _narrow(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
