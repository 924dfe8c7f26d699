"""What a lookup's SQL may be, token by token: the part that no parser may get wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from cli.compiler.sql.tokens import Problem, Token
from cli.compiler.sql.words import BEFORE_BRACKETS, FUNCTIONS, REFUSED_FUNCTIONS, REFUSED_WORDS
from handler.templating import nearest

# `/*!`, `/*M!` and `/*+` are comments to a reader, and commands to the server.
_EXECUTABLE: Final = re.compile(r"/\*(!|M!|\+)")
_PLACEHOLDER: Final = re.compile(r"%(s\b|\([A-Za-z_][A-Za-z0-9_]*\)s)")


def problems(tokens: Sequence[Token], sql: str, *, lines_survive: bool) -> Iterator[Problem]:
    """Yield what is wrong; `lines_survive` says whether YAML left the line breaks where their author put them."""
    for token in tokens:
        if token.kind == "comment":
            yield from _comment(token, lines_survive=lines_survive)
        if token.text == "%" and (match := _PLACEHOLDER.match(sql, token.start)):
            yield Problem(token.start, f"`{match.group()}` is not how a value is bound", "write `:name`")
    code = [token for token in tokens if token.kind not in ("blank", "comment")]
    yield from _statement(code)
    for before, token in zip([None, *code], code, strict=False):
        yield from _word(token)
        if before is not None:
            yield from _pair(before, token)


def _comment(token: Token, *, lines_survive: bool) -> Iterator[Problem]:
    if _EXECUTABLE.match(token.text):
        yield Problem(token.start, "a comment that the server runs (`/*!`, `/*+`)", "remove it")
    elif not token.text.startswith("/*") and not lines_survive:
        message = "a comment that hides the rest of the SQL, since YAML joined the lines"
        yield Problem(token.start, message, "write `sql: |` and start the SQL on the next line, or use /* */")


def _statement(code: Sequence[Token]) -> Iterator[Problem]:
    first = next((token for token in code if token.text != "("), None)
    if first is None or first.text.upper() not in ("SELECT", "WITH"):
        said = f"; this starts with {first.text}" if first and first.kind == "word" else ""
        yield Problem(first.start if first else 0, f"a lookup is one SELECT{said}", "write SELECT ... FROM ... WHERE")
    for token in code[:-1]:
        if token.text == ";":
            yield Problem(token.start, "`;` starts a second statement, and a lookup is one SELECT", "remove it")


def _word(token: Token) -> Iterator[Problem]:
    word = token.text.upper()
    if token.kind == "word" and word in REFUSED_WORDS:
        yield Problem(token.start, f"{word} {REFUSED_WORDS[word]}", "write one plain SELECT")


def _pair(before: Token, token: Token) -> Iterator[Problem]:
    word = before.text.upper()
    if token.kind == "parameter" and before.kind in ("word", "number", "parameter", "string", "quoted"):
        if before.start + len(before.text) == token.start:
            message = f"`{before.text}{token.text}` is neither a value nor a parameter"
            yield Problem(token.start, message, "put a blank before a parameter, and a time into quotes")
    elif token.text != "(":
        return
    elif before.kind == "quoted":
        yield Problem(before.start, "a name in backquotes cannot be called", "name the function without them")
    elif before.kind == "word" and word not in FUNCTIONS and word not in BEFORE_BRACKETS:
        yield Problem(before.start, _refused(word), "" if word in REFUSED_FUNCTIONS else nearest(word, FUNCTIONS))


def _refused(word: str) -> str:
    reason = REFUSED_FUNCTIONS.get(word)
    return f"{word}() {reason}" if reason else f"{word}() is not a function that a lookup may call"
