"""Names that do not exist: what an error may say about them, and which names may have been meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Final

from handler.frozen import frozen
from handler.templating.diagnosis import DiagnosedError, Diagnosis

MAX_NAMES: Final = 5  # that are suggested
# Each candidate is compared letter by letter. MySQL allows 4,096 columns and names of 64 characters.
_MAX_CANDIDATES: Final = 1_000
_MAX_LENGTH: Final = 64


@frozen
class Names:
    """Names that may have been meant.

    `close` are like the one that was written. Without any, `known` are some that exist, and `more` says whether there
    are others.
    """

    close: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    more: bool = False


def near(name: str, known: Iterable[str]) -> Names:
    """Return the known names that `name` may have been meant for, five at most."""
    from difflib import get_close_matches

    names = sorted(one for one in islice(known, _MAX_CANDIDATES) if len(one) <= _MAX_LENGTH)
    close = get_close_matches(name[:_MAX_LENGTH], names, n=3, cutoff=0.5)
    return Names(close=tuple(close)) if close else Names((), tuple(names[:MAX_NAMES]), len(names) > MAX_NAMES)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the same names as words: `nearest: a, b`, or `known: a, b, …`."""
    from handler.templating import messages

    return messages.suggestion(near(name, known))


class UnknownNameError(DiagnosedError):
    """An unknown name. An expression can compute it from a row, so it must not go into a diagnosis unchecked.

    `known` are names that may be shown; None suggests none.
    """

    def __init__(self, diagnosis: Diagnosis, name: object, known: Iterable[str] | None = None) -> None:
        self._name = str(name)
        names = None if known is None else near(self._name, known)
        super().__init__(replace(diagnosis, near=names))

    def placed(self, where: str, source: str) -> DiagnosedError:
        """Return the error with its place; it has the name where that is written in the template's `source`."""
        written = len(self._name) <= _MAX_LENGTH and re.search(rf"(?<!\w){re.escape(self._name)}(?!\w)", source)
        diagnosis = replace(self.diagnosis, name=self._name) if written else self.diagnosis
        return DiagnosedError(diagnosis, where)
