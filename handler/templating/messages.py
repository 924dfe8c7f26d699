"""Makes the message of each mistake in a template: what is wrong, and what to write instead. No other module does.

Each language is one table with a message for every kind of handler/templating/kinds.py. The function has the English
one; the tools have others.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import Any, Final, NamedTuple

from handler.frozen import frozen
from handler.templating import english
from handler.templating.diagnosis import Diagnosis, Path
from handler.templating.kinds import Kind
from handler.templating.suggestions import Suggestions


class Words(NamedTuple):
    """What is wrong, and what to write instead. The fix is empty if the remedy of the error code is enough."""

    message: str
    fix: str


@frozen
class MessageTable:
    """The messages of one language.

    `kinds` has the message and the fix of each kind, with the fields of a Diagnosis as placeholders: `$name`. `$Owner`
    and `$Other` are types, in the words of `types`; `$Limit` is the limit with thousands separators; `$accepted` are
    the arguments of a filter, joined by `conjunction`. `close` and `known` introduce suggested names, `none` replaces
    an empty list of names, and `computed` replaces a name that must not be shown.
    """

    kinds: Mapping[Kind, tuple[str, str]]
    types: Mapping[str, str]
    close: str
    known: str
    none: str
    conjunction: str
    computed: str


ENGLISH: Final = MessageTable(
    kinds=english.KINDS,
    types=english.TYPES,
    close=english.CLOSE,
    known=english.KNOWN,
    none=english.NONE,
    conjunction=english.CONJUNCTION,
    computed=english.COMPUTED,
)


def words(diagnosis: Diagnosis, table: MessageTable = ENGLISH) -> Words:
    """Return the message and the fix for a mistake. If names are suggested, they are the fix."""
    message, fix = table.kinds[diagnosis.kind]
    filled = _fields(diagnosis, table)
    fix_text = (
        suggestions_text(diagnosis.suggestions, table) if diagnosis.suggestions else Template(fix).substitute(filled)
    )
    return Words(Template(message).substitute(filled), fix_text)


def text(diagnosis: Diagnosis) -> str:
    """Return the message and the fix as one line: the detail of an error."""
    return "; ".join(filter(None, words(diagnosis)))


def suggestions_text(names: Suggestions, table: MessageTable = ENGLISH) -> str:
    """Return suggested names as a phrase: `nearest: a, b`, or `known: a, b, …`."""
    if names.close:
        return Template(table.close).substitute(names=", ".join(names.close))
    more = ", …" if names.more else ""
    return Template(table.known).substitute(names=(", ".join(names.known) or table.none) + more)


def path_text(path: Path) -> str:
    """Return a path as `blocks[0].text`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def _fields(diagnosis: Diagnosis, table: MessageTable) -> dict[str, Any]:
    return {
        "name": diagnosis.name or table.computed,
        "owner": diagnosis.owner,
        "Owner": table.types.get(diagnosis.owner, diagnosis.owner),
        "Other": table.types.get(diagnosis.other, diagnosis.other),
        "accepted": table.conjunction.join(diagnosis.accepted) or table.none,
        "size": diagnosis.size,
        "limit": diagnosis.limit,
        "Limit": f"{diagnosis.limit:,}",
        "path": path_text(diagnosis.path),
    }
