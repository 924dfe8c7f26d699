"""The rules of `templates/_privacy.yaml`: names of columns and keys, by the kind of their values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

KEEP: Final = "keep"
TEXT: Final = "text"
# The lists in the file, and which values each is for.
KINDS: Final[Mapping[str, str]] = {
    KEEP: "What may be shown: codes, amounts, numbers of orders.",
    "name": "Names of people and companies.",
    "email": "E-mail addresses.",
    "phone": "Phone numbers.",
    "address": "Streets, cities, postal codes.",
    "id": "Numbers and codes that lead to a person: accounts, tokens, IP addresses.",
    "date": "Days that lead to a person, such as a birthday.",
    "number": "Numbers that nobody else may know, such as a salary.",
    TEXT: "What people write freely. A text that no list names is masked like these.",
}
INVENTED: Final = "invented"

# A path, such as ("order", "customer", "name"): the lookup, the column, and the keys in its document.
Path = tuple[str, ...]


@dataclass(frozen=True)
class Named:
    """An entry of a list: a name such as `email`, `customer.name` or `*_at`."""

    text: str
    kind: str

    @cached_property
    def rank(self) -> tuple[bool, int, int, bool]:
        """Return the priority among matching entries: the more exact one wins; if equal, one that masks."""
        return "*" not in self.text, self.text.count("."), len(self.text.replace("*", "")), self.kind != KEEP

    @property
    def is_exact(self) -> bool:
        """Whether it names what stands around the column too, as `order.note` does."""
        return "." in self.text

    @cached_property
    def _parts(self) -> tuple[str, ...]:
        return tuple(map(plain, self.text.split(".")))

    def fits(self, path: Path) -> bool:
        """Return whether a path ends with this name."""
        end = path[-len(self._parts) :]
        return len(end) == len(self._parts) and all(map(_matches, self._parts, map(plain, end)))


@dataclass(frozen=True, slots=True)
class Rules:
    """All entries of the file, and the fictitious texts that are allowed in samples."""

    entries: tuple[Named, ...] = ()
    invented: frozenset[str] = frozenset()

    def of(self, path: Path) -> Named | None:
        """Return the entry for a value: by its own key, else by the nearest key around it.

        A lookup's name is not a column: it does not count for what is below it.
        """
        for length in range(len(path), min(len(path), 2) - 1, -1):
            fitting = [entry for entry in self.entries if entry.fits(path[:length])]
            if fitting:
                return max(fitting, key=lambda entry: entry.rank)
        return None


def _matches(pattern: str, name: str) -> bool:
    """Whether a name has the parts between the stars, in their order. It never goes back, however many there are."""
    first, *others = pattern.split("*")
    if not others:
        return name == first
    *between, last = others
    if len(name) < len(first) + len(last) or not (name.startswith(first) and name.endswith(last)):
        return False
    at, end = len(first), len(name) - len(last)
    for part in between:
        found = name.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def plain(name: str) -> str:
    """Normalise a name for comparisons: `customerName`, `Customer-Name` and `customer_name` are the same."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", unicodedata.normalize("NFKC", name))
    return re.sub(r"[\s.\-]+", "_", spaced.strip()).casefold()
