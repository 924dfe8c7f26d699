"""Decides whether a value may be in a sample. Texts without a rule are masked."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from cli.privacy import forms
from cli.privacy.rules import KEEP, TEXT, Named, Path, Rules, plain
from cli.privacy.usage import Usage
from handler.model import Value

Why = Literal["rule", "no rule", "compared", "currency", "address", "harmless"]
_CURRENCY: Final = re.compile("[A-Z]{3}")


@dataclass(frozen=True, slots=True)
class Decision:
    """The kind of a value (of rules.KINDS), and why: because of a rule's `entry`, of no rule, or of the value.

    `compared`: the template has this very value. `currency`: the template writes amounts with it. `address`: a rule
    would keep it, but there is an address in it. `harmless`: it says nothing, or is of a type that only rules mask.
    """

    kind: str
    why: Why
    entry: str = ""

    @property
    def masks(self) -> bool:
        """Return whether the value must be replaced."""
        return self.kind != KEEP


def decide(path: Path, value: Value, rules: Rules, said: Usage) -> Decision:
    """Return the decision for one value, which is neither a list nor a document."""
    if value is None or (isinstance(value, str) and says_nothing(value)):
        return Decision(KEEP, "harmless")
    if is_used := _used(plain(path[-1]), value, said):
        return Decision(KEEP, is_used)
    entry = _entry(path, rules, said)
    if entry and entry.kind == KEEP and not entry.is_exact and isinstance(value, str) and forms.has_address(value):
        return Decision(TEXT, "address", entry.text)
    if entry:
        return Decision(entry.kind, "rule", entry.text)
    # Without any rules nobody has said that there are no numbers that lead to a person.
    is_harmless = rules.entries and not isinstance(value, str)
    return Decision(KEEP, "harmless") if is_harmless else Decision(TEXT, "no rule")


def _used(name: str, value: Value, said: Usage) -> Why | None:
    """What the template needs this very value for, if it does."""
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if text.casefold() in {one.casefold() for one in said.values.get(name, ())}:
        return "compared"
    return "currency" if name in said.currencies and _CURRENCY.fullmatch(text.upper()) else None


def _entry(path: Path, rules: Rules, said: Usage) -> Named | None:
    """The entry for a name in the SELECT. What it would show is masked if a column behind it is, unless it is exact.

    A longer name for a column, such as `product_name`, speaks for itself. Without an entry, a value may be shown if all
    columns behind it may.
    """
    entry = rules.of(path)
    if entry and (entry.kind != KEEP or entry.is_exact):
        return entry
    behind = said.behind.get(path, ())
    found = [rules.of(one) for one in behind]
    masking = [
        one
        for column, one in zip(behind, found, strict=True)
        if one and one.kind != KEEP and not (entry and plain(path[-1]).endswith(f"_{plain(column[-1])}"))
    ]
    return next(iter(masking), entry or (found[0] if found and all(found) else None))


def says_nothing(text: str) -> bool:
    """Return whether a text has only spaces and ASCII signs such as `-`."""
    return text.isascii() and not any(sign.isalnum() for sign in text)
