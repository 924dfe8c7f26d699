"""What the function says of a mistake in a template, in the language of the tools: for lint, and for unknown names."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from cli.language import ENGLISH, language, say
from handler.errors import CODES, NotifierError
from handler.templating import Diagnosis, english, messages
from handler.templating.messages import MessageTable, Words
from handler.templating.suggestions import suggest


def words(diagnosis: Diagnosis) -> Words:
    """Return the message and the fix for a mistake. If names are suggested, they are the fix."""
    return messages.words(diagnosis, _table(language()))


def detail(error: NotifierError) -> str:
    """Return what an error without a Diagnosis says: in English its detail, else the meaning of its code as well."""
    known = CODES.get(error.code)
    return f"{say(known.meaning)} ({error.detail})" if known and language() != ENGLISH else error.detail


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the known names that may be meant by a name, as a phrase: `nearest: a, b`, or `known: a, b, …`."""
    return messages.suggestions_text(suggest(name, known), _table(language()))


@cache
def _table(_language: str) -> MessageTable:
    """The function's English table, each sentence of it as the chosen language has it."""
    return MessageTable(
        kinds={kind: (say(message), say(fix)) for kind, (message, fix) in english.KINDS.items()},
        types={name: say(word) for name, word in english.TYPES.items()},
        close=say(english.CLOSE),
        known=say(english.KNOWN),
        none=say(english.NONE),
        conjunction=say(english.CONJUNCTION),
        computed=say(english.COMPUTED),
    )
