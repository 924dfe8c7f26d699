"""Names that do not exist: what an error may say about them, and which names may have been meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import Final

from handler.errors import TemplateError

MAX_NAMES: Final = 5  # that are suggested
# Each candidate is compared letter by letter. MySQL allows 4,096 columns and names of 64 characters.
_MAX_CANDIDATES: Final = 1_000
_MAX_LENGTH: Final = 64


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known names that `name` may have been meant for, five at most, as the end of a sentence."""
    from difflib import get_close_matches

    names = sorted(one for one in islice(known, _MAX_CANDIDATES) if len(one) <= _MAX_LENGTH)
    close = get_close_matches(name[:_MAX_LENGTH], names, n=3, cutoff=0.5)
    if close:
        return f"nearest: {', '.join(close)}"
    more = ", …" if len(names) > MAX_NAMES else ""
    return f"known: {', '.join(names[:MAX_NAMES]) or 'none'}{more}"


class UnknownNameError(TemplateError):
    """An unknown name. An expression can compute it from a row, so it must not go into a detail unchecked.

    `words` say what is missing, with {} in place of the name. `known` are names that may be shown; None suggests none.
    """

    def __init__(self, code: str, words: str, name: object, known: Iterable[str] | None = None) -> None:
        self._words = words
        self._name = str(name)
        self._hint = "" if known is None else f"; {nearest(self._name, known)}"
        super().__init__(code, self.told(""))

    def told(self, source: str) -> str:
        """Return the detail; it quotes the name where that stands in the template's `source`."""
        name = re.escape(self._name)
        is_written = len(self._name) <= _MAX_LENGTH and re.search(rf"(?<!\w){name}(?!\w)", source)
        return self._words.format(self._name if is_written else "[a computed name]") + self._hint
