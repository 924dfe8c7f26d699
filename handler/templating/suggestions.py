"""Unknown names: when an error may quote one, and which known names to suggest instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Final

from handler.frozen import frozen
from handler.templating.diagnosis import DiagnosedError, Diagnosis

MAX_NAMES: Final = 5  # how many names are suggested
# Each candidate is compared letter by letter. MySQL allows 4,096 columns and names of 64 characters.
_MAX_CANDIDATES: Final = 1_000
_MAX_LENGTH: Final = 64


@frozen
class Suggestions:
    """Known names that an author may have meant.

    `close` are similar to the written name. If none is similar, `known` are some of the known names, and `more` says
    whether there are others.
    """

    close: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    more: bool = False


def suggest(name: str, known: Iterable[str]) -> Suggestions:
    """Return up to five known names that the author may have meant by `name`."""
    from difflib import get_close_matches

    names = sorted(one for one in islice(known, _MAX_CANDIDATES) if len(one) <= _MAX_LENGTH)
    close = get_close_matches(name[:_MAX_LENGTH], names, n=3, cutoff=0.5)
    if close:
        return Suggestions(close=tuple(close))
    return Suggestions((), tuple(names[:MAX_NAMES]), len(names) > MAX_NAMES)


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return the same names as a phrase: `nearest: a, b`, or `known: a, b, …`."""
    from handler.templating import messages

    return messages.suggestions_text(suggest(name, known))


class UnknownNameError(DiagnosedError):
    """An unknown name. An expression can compute it from a row, so the diagnosis has it only after a check.

    `known` are names that may be suggested; None suggests none.
    """

    def __init__(self, diagnosis: Diagnosis, name: object, known: Iterable[str] | None = None) -> None:
        self._name = str(name)
        names = None if known is None else suggest(self._name, known)
        super().__init__(replace(diagnosis, suggestions=names))

    def with_place(self, where: str, source: str) -> DiagnosedError:
        """Return the error with the place `where`, and with the name if the template's `source` contains it."""
        written = len(self._name) <= _MAX_LENGTH and re.search(rf"(?<!\w){re.escape(self._name)}(?!\w)", source)
        diagnosis = replace(self.diagnosis, name=self._name) if written else self.diagnosis
        return DiagnosedError(diagnosis, where)
