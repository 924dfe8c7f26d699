"""Corrects common mistakes in expressions: operators of other languages, word processors' quotes, full-width signs."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from cli.language import say

# Operators and words of other languages, mostly SQL, and what to write here.
_SIGNS: Final = {
    "=": "==", "===": "==", "!==": "!=", "=>": ">=", "=<": "<=", "<>": "!=", "&&": "and", "||": "or", "&": "~",
    "!": "not", "$": "", "@": "", "->": ".", "?.": ".",
}  # fmt: skip
_WORDS: Final = {
    "AND": "and", "OR": "or", "NOT": "not", "IS": "is", "IN": "in", "IF": "if", "ELSE": "else", "TRUE": "true",
    "FALSE": "false", "NULL": "none", "And": "and", "Or": "or", "Not": "not", "null": "none", "Null": "none",
}  # fmt: skip
# Names that exist only in other languages. They parse as names, but are unknown.
MEANT: Final = {
    "null": "none", "NULL": "none", "Null": "none", "nil": "none", "NONE": "none", "undefined": "none",
    "TRUE": "true", "FALSE": "false", "yes": "true", "no": "false",
}  # fmt: skip
# The tokens of an expression, as far as they are needed to find mistakes. The = in `number(decimals=2)` is right.
_PART: Final = re.compile(
    rf"""(?P<right>'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | [(,]\s*\w+\s*=(?![=<>]) | (?:==|!=|<=|>=)(?!=))
    | [“”„‘’](?P<quoted>[^“”„‘’'"]*)[“”‘’]
    | `(?P<ticked>[^`'"]*)`
    | [ \t]?(?P<operator>&&|\|\||&)[ \t]?
    | (?P<not>!)(?!=)[ \t]*
    | (?P<sign>!==|===|=>|=<|<>|->|\?\.(?=\w)|=|[$@](?=\w))
    | (?<![\w.])(?P<word>{"|".join(_WORDS)})(?!\w)
    | (?P<wide>[\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff5e])""",
    re.VERBOSE,
)
_CHOICE: Final = re.compile(r"(?P<test>[^?:]+?)\s*\?\s*(?P<then>[^?:]+?)\s*:\s*(?P<otherwise>[^?]+)")
_INSTEAD: Final = re.compile(r"(?P<value>[^?]+?)\s*\?[?:]\s*(?P<otherwise>[^?]+)")
_REGION: Final = re.compile(r"(\{\{[-+]?|\{%[-+]?)(.*?)([-+]?\}\}|[-+]?%\})", re.DOTALL)
_TAGS: Final = "if|elif|else|endif|for|endfor"
_BRACES: Final = re.compile(
    rf"([{{｛]{{2}})([^{{}}｛｝]*)([}}｝]{{2}})|([{{｛][%％])(\s*(?:{_TAGS})\b[^{{}}｛｝]*)([%％][}}｝])"
)


def with_straight_braces(source: str) -> str:
    """Return a source with {{ }} and {% %} in place of their full-width forms."""

    def straight(match: re.Match[str]) -> str:
        opening, inside, closing = (part for part in match.groups() if part is not None)
        return _narrow(opening) + inside + _narrow(closing)

    return _BRACES.sub(straight, source)


def corrected(source: str, context: str) -> str:
    """Return a source with the wrong signs corrected. Texts in quotes stay as they are."""
    if context == "expression":
        return corrected_code(source)
    return _REGION.sub(lambda match: match[1] + corrected_code(match[2]) + match[3], source)


def corrected_code(code: str) -> str:
    """Return one expression with the wrong signs corrected."""
    straight = _PART.sub(_right, code)
    # Texts are masked first: a `?` or a `:` in quotes is not an operator.
    texts = re.findall(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", straight)
    bare = re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", "\0", straight)
    if match := _INSTEAD.fullmatch(bare.strip()):
        bare = f"{_bracketed(match['value'])} | default({match['otherwise'].strip()})"
    elif match := _CHOICE.fullmatch(bare.strip()):
        bare = f"{match['then']} if {match['test']} else {match['otherwise'].strip()}"
        texts = _moved(match, texts)
    return re.sub("\0", lambda _: texts.pop(0), bare)


def first_wrong(code: str) -> str:
    """Return a message about the first wrong sign in an expression."""
    for match in _PART.finditer(code):
        if (right := _right(match)) == match[0]:
            continue
        if match["quoted"] is not None:
            return say("an expression takes straight quotes, not {quotes}", quotes=f"{match[0][0]} {match[0][-1]}")
        if match["ticked"] is not None:
            return say("an expression takes straight quotes, not {quotes}", quotes="` `")
        if right.strip():
            return say(
                "an expression has no `{sign}`: here it is `{right}`", sign=match[0].strip(), right=right.strip()
            )
        return say("an expression has no `{sign}`", sign=match[0].strip())
    if _INSTEAD.fullmatch(code.strip()):
        return say("an expression has no `??`: here it is the filter default")
    return say("an expression has no `? :`: here it is `if` and `else`")


def _moved(match: re.Match[str], texts: list[str]) -> list[str]:
    """Return the texts of `test ? then : otherwise` in the order of `then if test else otherwise`."""
    tested = match["test"].count("\0")
    chosen = tested + match["then"].count("\0")
    return [*texts[tested:chosen], *texts[:tested], *texts[chosen:]]


def _bracketed(code: str) -> str:
    return code.strip() if re.fullmatch(r"[\w.\0 |]+", code.strip()) else f"({code.strip()})"


def _right(match: re.Match[str]) -> str:
    if match["quoted"] is not None:
        return f"'{match['quoted']}'"
    if match["ticked"] is not None:
        return f"'{match['ticked']}'"
    if match["operator"]:
        return f" {_SIGNS[match['operator']]} "
    if match["not"]:
        return "not "
    if match["sign"]:
        return _SIGNS[match["sign"]]
    if match["word"]:
        return _WORDS[match["word"]]
    return _narrow(match[0]) if match["wide"] else match[0]


def _narrow(text: str) -> str:
    return unicodedata.normalize("NFKC", text)
