"""The words of every mistake in a template: what is wrong, and what to write instead. Nowhere else are they made.

Each language is one table. It has words for every kind of handler/templating/kinds.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Template
from typing import Any, Final, NamedTuple

from handler.frozen import frozen
from handler.templating import english
from handler.templating.diagnosis import Diagnosis, Path
from handler.templating.kinds import Kind
from handler.templating.nearest import Names


class Words(NamedTuple):
    """What is wrong, and what to write instead; that is empty where only the code's remedy helps."""

    message: str
    fix: str


@frozen
class Language:
    """How one language says it.

    `kinds` has the message and the fix of each kind, with the fields of a Diagnosis as `$name`. There, `$Owner` and
    `$Other` are the types of values as `types` calls them, `$Limit` is the limit with commas, and `$takes` the
    arguments of a filter, with `conjunction` between them. `close` and `known` introduce the names that may have been
    meant, `none` stands for an empty list of names, and `computed` for a name that must not be shown.
    """

    kinds: Mapping[Kind, tuple[str, str]]
    types: Mapping[str, str]
    close: str
    known: str
    none: str
    conjunction: str
    computed: str


LANGUAGES: Final[Mapping[str, Language]] = {
    "en": Language(
        kinds=english.KINDS,
        types=english.TYPES,
        close=english.CLOSE,
        known=english.KNOWN,
        none=english.NONE,
        conjunction=english.CONJUNCTION,
        computed=english.COMPUTED,
    )
}


def words(diagnosis: Diagnosis, language: str = "en") -> Words:
    """Return the message and the fix for a mistake. Suggested names are the fix, where a kind has none of its own."""
    table = LANGUAGES[language]
    message, fix = table.kinds[diagnosis.kind]
    filled = _fields(diagnosis, table)
    near = suggestion(diagnosis.near, language) if diagnosis.near else Template(fix).substitute(filled)
    return Words(Template(message).substitute(filled), near)


def text(diagnosis: Diagnosis, language: str = "en") -> str:
    """Return the message and the fix in one line, as details of errors have them."""
    return "; ".join(filter(None, words(diagnosis, language)))


def suggestion(names: Names, language: str = "en") -> str:
    """Return the names that may have been meant as a phrase: `nearest: a, b`, or `known: a, b, …`."""
    table = LANGUAGES[language]
    if names.close:
        return Template(table.close).substitute(names=", ".join(names.close))
    more = ", …" if names.more else ""
    return Template(table.known).substitute(names=(", ".join(names.known) or table.none) + more)


def path_text(path: Path) -> str:
    """Return a path as `blocks[0].text`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def _fields(diagnosis: Diagnosis, table: Language) -> dict[str, Any]:
    return {
        "name": diagnosis.name or table.computed,
        "owner": diagnosis.owner,
        "Owner": table.types.get(diagnosis.owner, diagnosis.owner),
        "Other": table.types.get(diagnosis.other, diagnosis.other),
        "takes": table.conjunction.join(diagnosis.takes) or table.none,
        "size": diagnosis.size,
        "limit": diagnosis.limit,
        "Limit": f"{diagnosis.limit:,}",
        "path": path_text(diagnosis.path),
    }
