"""Splits a leaf into expressions and tags, each with its position, so that each can be checked alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from handler.model import Leaf

# A leaf with more parts is checked as a whole, because checking each part alone takes quadratic time.
MAX_ALONE: Final = 100

Kind = Literal["expression", "tag", "bare"]

_TEXT: Final = r"'(?>(?:(?!\{\{)[^'\\]|\\.)*)'|\"(?>(?:(?!\{\{)[^\"\\]|\\.)*)\""
_RAW: Final = r"\{%[-+]?\s*raw\s*[-+]?%\}.*?(?:\{%[-+]?\s*endraw\s*[-+]?%\}|$)"
# A part ends at its closing braces; if they are missing, at the start of the next part. Texts in it may have braces.
_PART: Final = re.compile(
    rf"""
    (?P<other>\{{\#.*?(?:\#\}}|\Z) | {_RAW})
    | (?P<open>\{{\{{[-+]?) (?:
        (?P<inside>(?>(?:{_TEXT} | (?!\}}\}}|\{{\{{|\{{%)[^'"])*)) (?P<close>\}}\}})
        | (?P<inside2>(?>(?:(?!\}}\}}|\{{\{{|\{{%).)*)) (?P<close2>\}}\}})?)
    | (?P<open3>\{{%[-+]?) (?:
        (?P<inside3>(?>(?:{_TEXT} | (?!%\}}|\{{\{{|\{{%)[^'"])*)) (?P<close3>%\}})
        | (?P<inside4>(?>(?:(?!%\}}|\{{\{{|\{{%).)*)) (?P<close4>%\}})?)
    """,
    re.VERBOSE | re.DOTALL,
)
# The word before the expression of a tag.
_TAG: Final = re.compile(r"\s*(?:(?:if|elif)\b\s*|for\b\s*(?P<names>[\w\s,]+?)\s+in\b\s*)(?=\S)")
_ENDS: Final = re.compile(r"[-+]?\Z")


@dataclass(frozen=True, slots=True)
class Part:
    """One `{{ }}` or `{% %}` of a text, or a whole bare expression.

    `code` is the expression in it, empty in a tag such as `{% else %}`; `head` and `tail` are the text around it.
    `start` is its offset in the leaf's source, `line` its line there, from 1. `number` counts parts with the same text,
    from 1. `names` are the variables of a loop. `is_closed` is false if the closing braces are missing.
    """

    kind: Kind
    start: int
    line: int
    head: str
    code: str
    tail: str
    number: int = 1
    names: tuple[str, ...] = ()
    is_closed: bool = True

    @property
    def text(self) -> str:
        """Return the whole part, as in the leaf's source."""
        return self.head + self.code + self.tail

    def with_code(self, code: str) -> str:
        """Return the part with another expression in it."""
        return self.head + code + self.tail


def of(leaf: Leaf) -> tuple[Part, ...]:
    """Return the parts of a leaf, in order. Comments and the content of {% raw %} are not parts."""
    if leaf.context == "expression":
        code = leaf.source.strip()
        start = leaf.source.find(code)
        return (Part("bare", start, leaf.source.count("\n", 0, start) + 1, "", code, ""),)
    return tuple(_numbered(leaf.source))


def _numbered(source: str) -> Iterator[Part]:
    counts: Counter[str] = Counter()
    for match in _PART.finditer(source):
        if match["other"] is None:
            part = _part(match, source.count("\n", 0, match.start()) + 1)
            counts[part.text] += 1
            yield replace(part, number=counts[part.text])


def _part(match: re.Match[str], line: int) -> Part:
    is_tag = match["open3"] is not None
    opening = match["open3"] or match["open"]
    inside = next(one for key in ("inside", "inside2", "inside3", "inside4") if (one := match[key]) is not None)
    closing = next((one for key in ("close", "close2", "close3", "close4") if (one := match[key])), "")
    kind: Kind = "tag" if is_tag else "expression"
    if not closing:
        return _unclosed(kind, match.start(), line, opening, inside)
    sign = re.search(r"[-+]?\Z", inside)
    tail = inside[sign.start() :] + closing if sign else closing
    inside = inside[: sign.start()] if sign else inside
    tag = _TAG.match(inside) if is_tag else None
    if is_tag and not tag:
        return Part(kind, match.start(), line, opening + inside, "", tail)
    before = tag.group() if tag else inside[: len(inside) - len(inside.lstrip())]
    code = inside[len(before) :].rstrip()
    code = code.removesuffix(" recursive") if tag else code  # not part of the expression
    after = inside[len(before) + len(code) :]
    names = tuple(re.findall(r"\w+", tag["names"] or "")) if tag else ()
    return Part(kind, match.start(), line, opening + before, code, after + tail, names=names)


def _unclosed(kind: Kind, start: int, line: int, opening: str, inside: str) -> Part:
    """Return a part without closing braces. It ends at a single brace, else at the end of the line."""
    match = re.match(r"(\s*)([^}%\n]*?)([ \t]*(?:%\}\}?|\}\}?)|$|(?=[%\n]))", inside)
    before, code, tail = match.groups() if match else ("", inside, "")
    return Part(kind, start, line, opening + before, code, tail, is_closed=False)


def alone(leaf: Leaf, part: Part | None, *, with_tags: bool = False) -> Leaf:
    """Return the leaf with a text in place of all other expressions, and without tags, or with all of them.

    Positions stay the same. Without a `part`, every expression is replaced.
    """
    source = leaf.source
    for other in of(leaf):
        if other == part or other.kind == "bare" or (with_tags and other.kind == "tag"):
            continue
        # An `x` counts as visible text, as an expression's value would; a space counts as nothing.
        filling = re.sub(r"[^\n]", " " if other.kind == "tag" else "x", other.text)
        source = source[: other.start] + filling + source[other.start + len(other.text) :]
    return replace(leaf, source=source)


def without(leaf: Leaf, faulty: Collection[Part]) -> Leaf:
    """Return the leaf with a text in place of these expressions."""
    source = leaf.source
    for part in faulty:
        filling = re.sub(r"[^\n]", "x", part.text)
        source = source[: part.start] + filling + source[part.start + len(part.text) :]
    return replace(leaf, source=source)


def words(leaf: Leaf) -> Leaf:
    """Return the leaf with a text in place of each expression, and without tags."""
    source = leaf.source
    for part in reversed(of(leaf)):
        filling = "" if part.kind == "tag" else "x"
        source = source[: part.start] + filling + source[part.start + len(part.text) :]
    return replace(leaf, source=source)
