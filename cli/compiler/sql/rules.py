"""Checks a lookup's SQL token by token: the rules for which no parser is trusted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from cli.compiler.sql.tokens import Problem, Token
from cli.compiler.sql.words import AFTER, BEFORE_BRACKETS, FUNCTIONS, REFUSED_FUNCTIONS, REFUSED_WORDS, TYPES
from cli.diagnoses import suggestion
from cli.language import later, say

# `/*!`, `/*M!` and `/*+` look like comments, but the server executes them.
_EXECUTABLE: Final = re.compile(r"/\*(!|M!|\+)")
# A list starts after one of these, and ends before one of those. None can be a column without backquotes.
_OPENING: Final = ("(", "SELECT", "DISTINCT", "FROM", "BY", "IN")
_CLOSING: Final = (")", ";", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "UNION")
_VALUES: Final = ("word", "number", "parameter", "string", "quoted")
_NO_FUNCTION: Final = later("{what} is not a function that a lookup may call")
_PLACEHOLDER: Final = re.compile(r"%(s\b|\([A-Za-z_][A-Za-z0-9_]*\)s)")


def problems(tokens: Sequence[Token], sql: str, *, lines_survive: bool) -> Iterator[Problem]:
    """Yield what is wrong. `lines_survive`: YAML has kept the line breaks."""
    for token in tokens:
        if token.kind == "comment":
            yield from _comment(token, lines_survive=lines_survive)
    for start, placeholder in placeholders(tokens, sql).items():
        yield Problem(start, say("`{sign}` is not how a value is bound", sign=placeholder), say("write `:name`"))
    code = [token for token in tokens if token.kind not in ("blank", "comment")]
    first = next((token for token in code if token.text != "("), None)
    yield from _statement(code, first)
    for number, token in enumerate(code):
        if token is not first or token.text.upper() not in REFUSED_WORDS:  # else reported already
            yield from _word(token, code[number - 1].text.upper() if number else "")
        if number and token.kind == "parameter":
            yield from _glued(code[number - 1], token)
        if number and token.text == "(":
            yield from _call(code[:number])
        if token.text == ",":
            yield from _comma(token, code[number - 1 : number], code[number + 1 : number + 2])


def placeholders(tokens: Sequence[Token], sql: str) -> dict[int, str]:
    """Return the offsets and texts of other programs' parameters, such as `%(id)s` and `%s`."""
    found = {token.start: _PLACEHOLDER.match(sql, token.start) for token in tokens if token.text == "%"}
    return {start: match.group() for start, match in found.items() if match}


def _comment(token: Token, *, lines_survive: bool) -> Iterator[Problem]:
    if _EXECUTABLE.match(token.text):
        yield Problem(token.start, say("a comment that the server runs (`/*!`, `/*+`)"), say("remove it"))
    elif not token.text.startswith("/*") and not lines_survive:
        message = say("a comment that hides the rest of the SQL, since YAML joined the lines")
        yield Problem(token.start, message, say("write `sql: |` and start the SQL on the next line, or use /* */"))


def _statement(code: Sequence[Token], first: Token | None) -> Iterator[Problem]:
    if first is None or first.text.upper() not in ("SELECT", "WITH"):
        message = say("a lookup is one SELECT")
        if first and first.kind == "word":
            message = say("a lookup is one SELECT; this starts with {word}", word=first.text)
        yield Problem(first.start if first else 0, message, say("write {code}", code="SELECT ... FROM ... WHERE"))
    for token in code[:-1]:
        if token.text == ";":
            message = say("`;` starts a second statement, and a lookup is one SELECT")
            yield Problem(token.start, message, say("remove it"))


def _word(token: Token, before: str) -> Iterator[Problem]:
    if token.kind != "word":
        return
    word = token.text.upper()
    plain = unicodedata.normalize("NFKC", word).upper()
    if plain.isascii() and not token.text.isascii():
        message = say("`{word}` is written in other letters than {plain}", word=token.text, plain=plain)
        fix = say("write {plain}; put a name with such letters into backquotes", plain=plain)
        yield Problem(token.start, message, fix)
    elif (before, word) == ("FOR", "UPDATE") or word == "LOCK":
        lock = "FOR UPDATE" if word == "UPDATE" else "LOCK IN SHARE MODE"
        yield Problem(token.start, say("{lock} locks rows; a lookup only reads", lock=lock), say("remove it"))
    elif word in REFUSED_WORDS:
        yield Problem(token.start, say(REFUSED_WORDS[word], what=word), say("write one plain SELECT"))


def _comma(comma: Token, before: Sequence[Token], after: Sequence[Token]) -> Iterator[Problem]:
    """Report a comma that separates nothing, which the parser would accept: `SELECT number, FROM`."""
    following = after[0].text.upper() if after else ""
    leading = before[0].text.upper() if before else "("
    if leading in (*_OPENING, ",") or following in (*_CLOSING, ""):
        yield Problem(comma.start, say("a comma with nothing on one side of it"), say("remove the comma"))


def _glued(before: Token, token: Token) -> Iterator[Problem]:
    """Report a parameter that is glued to something: `o:id`, `12:30`."""
    if before.kind in _VALUES and before.start + len(before.text) == token.start:
        message = say("`{written}` is neither a value nor a parameter", written=f"{before.text}{token.text}")
        yield Problem(token.start, message, say("put a blank before a parameter, and a time into quotes"))


def _call(code: Sequence[Token]) -> Iterator[Problem]:
    """Report what is before a bracket, unless it is an allowed function, or a word that cannot be a function here."""
    before = code[-1]
    word = before.text.upper()
    if before.kind == "quoted":
        message = say("a name in backquotes cannot be called")
        yield Problem(before.start, message, say("name the function without them"))
    elif before.kind in _VALUES and before.kind != "word":
        message = say("`{written}` is not a function", written=before.text)
        yield Problem(before.start, message, say("put an operator between a value and a bracket"))
    elif before.kind == "word" and word not in FUNCTIONS and not _opens_no_call(code):
        yield Problem(before.start, _refused(word), "" if word in REFUSED_FUNCTIONS else suggestion(word, FUNCTIONS))


def _opens_no_call(code: Sequence[Token]) -> bool:
    """Return whether SQL's grammar allows a bracket after the last word, other than for a call."""
    word = code[-1].text.upper()
    follows = code[-2].text.upper() if len(code) > 1 else ""
    if word in TYPES:
        return follows in ("AS", "RETURNING", ",") and _around(code) in ("CAST", "CONVERT", "JSON_VALUE")
    return word in BEFORE_BRACKETS and (word not in AFTER or follows in AFTER[word])


def _around(code: Sequence[Token]) -> str:
    """Return the word before the innermost bracket that is still open at the end."""
    depth = 0
    for before, token in zip(reversed(code[:-1]), reversed(code), strict=False):
        depth += {")": 1, "(": -1}.get(token.text, 0)
        if depth < 0:
            return before.text.upper()
    return ""


def _refused(word: str) -> str:
    return say(REFUSED_FUNCTIONS.get(word, _NO_FUNCTION), what=f"{word}()")
