"""Checks the tags of a text: other languages' `{{#if}}`, `{% end %}` and `{% elseif %}`, and tags that are not closed.

A statement starts with a word such as `if`, whether it is in {% %} or, by mistake, in {{ }}.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final, NamedTuple

from cli.compiler import name_usage
from cli.compiler.parts import Part
from cli.language import say

OPENING: Final = ("if", "for")
TAGS: Final = (*OPENING, "elif", "else", "endif", "endfor")
# Jinja has these tags; templates do not, which handler/templating reports.
OTHERS: Final = frozenset({
    "set", "endset", "block", "endblock", "include", "import", "from", "extends", "macro", "endmacro", "call",
    "endcall", "filter", "endfilter", "with", "endwith", "autoescape", "endautoescape", "print", "raw", "endraw",
})  # fmt: skip
# Other languages' words -> the word here; `end` closes whatever is open.
_WORDS: Final = {
    **dict(zip(TAGS, TAGS, strict=True)),
    **dict.fromkeys(("elseif", "elsif", "elsf", "else if"), "elif"),
    **dict.fromkeys(("fi", "end if", "/if", "end_if", "/unless", "endunless", "/#if"), "endif"),
    **dict.fromkeys(("/for", "/each", "endeach", "endforeach", "end for", "end_for", "next"), "endfor"),
    **dict.fromkeys(("foreach", "each"), "for"),
    **dict.fromkeys(("end", "/", "/end"), "end"),
    "unless": "unless",
}  # fmt: skip
_STATEMENT: Final = re.compile(
    r"\s*[#:@^]?\s*(?P<word>(?:else|end)[ _]if\b|end[ _]for\b|/#?\w*|\w+)(?P<rest>.*)", re.DOTALL
)
_LOOP: Final = re.compile(r"(?:const |let |var )?(?P<name>\w+(?:\s*,\s*\w+)*)\s+(?:in|of)\s+(?P<over>.+)", re.DOTALL)
_REVERSED: Final = re.compile(r"(?P<over>.+?)\s+as\s+\|?(?P<name>\w+)\|?", re.DOTALL)

_WORD_AND_BLANKS: Final = re.compile(r"^([a-z]+)\s+")


class Wrong(NamedTuple):
    """A tag, what is wrong with it, and the fix. `right` is empty if another tag alone does not fix it."""

    part: Part
    message: str
    fix: str
    right: str = ""


def word(part: Part) -> str:
    """Return the first word of a tag, such as `set`; empty for an expression."""
    match = re.match(r"\{%[-+]?\s*(\w+)", part.text)
    return match[1] if match else ""


def wrong(parts: Iterable[Part], names: Collection[str]) -> tuple[Wrong, ...]:
    """Return what is wrong with the tags of a text, in order; `names` are those that expressions may use."""
    return tuple(_Reader(names).read(parts))


@dataclass
class _Reader:
    names: Collection[str]
    opened: list[tuple[str, Part]] = field(default_factory=list)

    def read(self, parts: Iterable[Part]) -> Iterator[Wrong]:
        for part in parts:
            if statement := self._statement(part):
                yield from self._one(part, *statement)
        for word, part in self.opened:
            yield Wrong(part, say("{{% {word} %}} is not closed", word=word), _where_it_ends(word))

    def _statement(self, part: Part) -> tuple[str, str] | None:
        """Return a statement's word in this language, and the rest of it; None for an expression."""
        inside = part.text.strip("{}%-+")
        match = _STATEMENT.fullmatch(inside)
        if not match:
            return None
        word, rest = re.sub(r"\s+", " ", match["word"]), match["rest"].strip()
        marked = inside.lstrip()[:1] in "#/^:@"
        if part.kind == "expression":
            is_statement = word in _WORDS and word not in self.names and _may_follow(word, rest)
            return (_WORDS[word], rest) if is_statement or (marked and word in _WORDS) else None
        if word in OTHERS:
            return None
        close = get_close_matches(word, TAGS, n=1, cutoff=0.6)
        return (_WORDS.get(word) or (close[0] if close else word)), rest

    def _one(self, part: Part, word: str, rest: str) -> Iterator[Wrong]:
        top = self.opened[-1][0] if self.opened else ""
        if word == "end":
            word = f"end{top or 'if'}"
        word, rest = ("if", f"not {rest}") if word == "unless" else (word, rest)
        if word not in TAGS:
            names = ", ".join(f"{{% {one} %}}" for one in TAGS)
            yield Wrong(
                part, say("there is no tag {{% {word} %}}", word=word), say("the tags are {names}", names=names)
            )
            return
        opened, expected = word.removeprefix("end"), word
        if word in OPENING:
            self.opened.append((word, part))
        elif not top or (word == "elif" and top != "if"):
            opening = "for" if word == "endfor" else "if"
            message = say("{{% {word} %}} belongs to no {{% {opening} %}}", word=word, opening=opening)
            yield Wrong(part, message, say("remove it, or write {% if ... %} where it begins"))
            return
        elif word.startswith("end"):
            if opened != top and any(opened == one for one, _ in self.opened):
                yield from self._close_down_to(opened)
            else:
                expected = f"end{top}"
            self.opened.pop()
        right = _written(part, expected, rest)
        if right != _normal(part):
            yield Wrong(part, _message(part, expected), say("write {code}", code=right), right)

    def _close_down_to(self, word: str) -> Iterator[Wrong]:
        """Report the tags that are still open inside the last {% word %}."""
        while self.opened[-1][0] != word:
            inner, part = self.opened.pop()
            message = say("{{% {inner} %}} is not closed before {{% end{word} %}}", inner=inner, word=word)
            yield Wrong(part, message, _where_it_ends(inner))


def _where_it_ends(word: str) -> str:
    return say("write {{% end{word} %}} where it ends", word=word)


def _may_follow(word: str, rest: str) -> bool:
    """Return whether a word in {{ }} starts a statement, by what follows: yes in `if x`, no in `end | upper`."""
    needs = _WORDS[word] in ("if", "for", "elif", "unless")
    return bool(rest) and rest[0] not in "|.~+*/=<>!,)" if needs else not rest or word.startswith("/")


def _written(part: Part, word: str, rest: str) -> str:
    trimmed = re.match(r"\{[{%]([-+]?)", part.text)
    ending = re.search(r"([-+]?)[}%]\}$", part.text)
    opening, closing = trimmed[1] if trimmed else "", ending[1] if ending else ""
    if word in ("if", "elif"):
        rest = re.sub(r"\s*(?::|\bthen)$", "", rest)
    elif word == "for":
        rest = _loop(re.sub(r"\s*(?::|\bdo)$", "", rest))
    else:
        rest = ""
    return f"{{%{opening} {f'{word} {rest}'.strip()} {closing}%}}"


def _loop(rest: str) -> str:
    rest = rest[1:-1].strip() if rest.startswith("(") and rest.endswith(")") else rest
    if match := _LOOP.fullmatch(rest) or _REVERSED.fullmatch(rest):
        return f"{match['name']} in {match['over']}"
    return f"{name_usage.element(rest, ())} in {rest}" if re.fullmatch(r"[\w.]+", rest) else rest


def _normal(part: Part) -> str:
    """Return a tag with single spaces."""
    match = re.fullmatch(r"(\{%[-+]?)\s*(.*?)\s*([-+]?%\})", part.text, re.DOTALL)
    return f"{match[1]} {_WORD_AND_BLANKS.sub(lambda one: one[1] + ' ', match[2])} {match[3]}" if match else part.text


def _message(part: Part, word: str) -> str:
    shown = " ".join(part.text.split())
    if not part.is_closed:
        return say("`{shown}` is not closed", shown=shown)
    if part.kind == "expression":
        return say("`{shown}` is no expression; {{% {word} %}} is a tag", shown=shown, word=word)
    return say("write `{{% {word} %}}`, not `{shown}`", word=word, shown=shown)
