"""The function's messages about mistakes in a template, in the language of the tools."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from cli.language import ENGLISH, language, say
from handler.errors import CODES, NotifierError
from handler.templating import Diagnosis, english, messages
from handler.templating.messages import MessageTable, Words
from handler.templating.suggestions import suggest


def words(diagnosis: Diagnosis) -> Words:
    """Return the message and the fix for a mistake. Suggested names, if there are any, are the fix."""
    return messages.words(diagnosis, _table(language()))


def detail(code: str, text: str) -> str:
    """Return what a code and its detail say: in English the detail, else the meaning of the code before it."""
    known = CODES.get(code)
    if known and not text:
        return say(known.meaning)
    return f"{say(known.meaning)} ({text})" if known and language() != ENGLISH else text


def told(error: NotifierError) -> str:
    """Return the code of an error, and what it says."""
    return f"{error.code}: {detail(error.code, error.detail)}"


def with_remedy(error: NotifierError, remedy: str = "") -> str:
    """Return what an error says, and below it what to do: `remedy`, else that of its code."""
    return say("{error}\n  fix: {remedy}", error=told(error), remedy=remedy or say(CODES[error.code].remedy))


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return a phrase with the known names that a name may mean: `nearest: a, b`, or `known: a, b, …`."""
    return messages.suggestions_text(suggest(name, known), _table(language()))


@cache
def _table(_language: str) -> MessageTable:
    """Return the function's English message table, translated to the chosen language."""
    return MessageTable(
        kinds={kind: (say(message), say(fix)) for kind, (message, fix) in english.KINDS.items()},
        types={name: say(word) for name, word in english.TYPES.items()},
        close=say(english.CLOSE),
        known=say(english.KNOWN),
        none=say(english.NONE),
        conjunction=say(english.CONJUNCTION),
        computed=say(english.COMPUTED),
    )
