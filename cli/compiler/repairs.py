"""Guesses what an expression that cannot be parsed was meant to be, the likeliest guess first."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from cli.compiler.expressions import corrected_code, first_wrong
from cli.compiler.rewriting import parsed
from cli.language import later, say
from handler.templating import FILTERS

_STRING: Final = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
_VALUE: Final = rf"(?:{_STRING}|-?\d+(?:\.\d+)?|\w+(?:\.\w+)*)"
_COLON: Final = re.compile(rf"\|\s*(\w+)\s*:\s*({_VALUE}(?:\s*,\s*{_VALUE})*)")
_BLANK: Final = re.compile(rf"\|\s*(\w+)\s+({_STRING}|\d+)")
_NO_BAR: Final = re.compile(rf"(?<=[\w)\]'\"])\s+(?={'|'.join(FILTERS)}\b)(?!\w+\s*\.)")
_BESIDE: Final = re.compile(rf"({_VALUE})\s+(?={_VALUE})")
_WORDS: Final = re.compile(r"(?:and|or|not|in|is|if|else)\b")
_AT_THE_END: Final = re.compile(r"\s*(?:[|+*/~,<>=-]+|\b(?:and|or|not|is|in|if|else))\s*$")
_BRACKETS: Final = {"(": ")", "[": "]", "{": "}"}


class Repair(NamedTuple):
    """What is wrong with an expression, and a version of it that can be parsed."""

    message: str
    code: str


def repair(code: str) -> Repair | None:
    """Return the first correction with which an expression can be parsed; None if there is none."""
    straight = corrected_code(code)
    if straight != code and parsed(straight) is not None:
        return Repair(first_wrong(code), straight)
    for message, change in _CHANGES:
        changed = change(straight)
        if changed and changed != straight and parsed(changed) is not None:
            return Repair(say(message), changed)
    return None


def _with_brackets(code: str) -> str:
    """Return the expression with missing brackets added at its end, or extra ones removed there."""
    opened: list[str] = []
    for sign in re.sub(_STRING, "", code):
        if sign in _BRACKETS:
            opened.append(_BRACKETS[sign])
        elif sign in _BRACKETS.values() and (not opened or opened.pop() != sign):
            return code[: code.rfind(sign)] + code[code.rfind(sign) + 1 :]
    return code + "".join(reversed(opened))


def _with_quote(code: str) -> str:
    """Return the expression with a missing quote added: after the word that starts with one, or before the last one."""
    rest = re.sub(_STRING, lambda match: "\0" * len(match[0]), code)
    for mark in "'\"":
        at = rest.find(mark)
        if at < 0:
            continue
        word = re.match(r"[\w -]*?(?=\s*[)|,~]|\s*$|\s+(?:if|else|and|or)\b)", code[at + 1 :])
        if word and word[0]:
            return code[: at + 1 + word.end()] + mark + code[at + 1 + word.end() :]
        before = re.search(r"\w+$", code[:at])
        if before:
            return code[: before.start()] + mark + code[before.start() :]
    return ""


def _joined(code: str) -> str:
    """Return the expression with `~` between values that are side by side."""

    def between(match: re.Match[str]) -> str:
        is_word = _WORDS.fullmatch(match[1]) or _WORDS.match(code, match.end())
        return match[0] if is_word else f"{match[1]} ~ "

    return _BESIDE.sub(between, code)


_ARGUMENTS: Final = later("the arguments of a filter stand in brackets")
_CHANGES: Final[tuple[tuple[str, Callable[[str], str]], ...]] = (
    (_ARGUMENTS, lambda code: _COLON.sub(r"| \1(\2)", code)),
    (_ARGUMENTS, lambda code: _BLANK.sub(r"| \1(\2)", code)),
    (later("a filter stands after a `|`"), lambda code: _NO_BAR.sub(" | ", code)),
    (later("a quote is missing"), _with_quote),
    (later("a bracket is missing, or one too many"), _with_brackets),
    (later("a bracket and a quote are missing"), lambda code: _with_brackets(_with_quote(code))),
    (later("texts and values are joined with ~"), _joined),
    (later("the expression is not complete"), lambda code: _AT_THE_END.sub("", code)),
    (later("a dot is one too many"), lambda code: re.sub(r"(?<![\w)\]'\"])\.(?=[A-Za-z_])|\.(?=\.)", "", code)),
    (later("a colon is one too many"), lambda code: re.sub(r"^:(?=\w)", "", code)),
)
