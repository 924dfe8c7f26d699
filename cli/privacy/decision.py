"""Whether a value may stand in a sample. What nobody has thought of is masked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from cli.privacy.rules import KEEP, TEXT, Path, Rules, plain
from cli.privacy.said import Said
from handler.model import Value

Why = Literal["rule", "no rule", "compared", "harmless"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a value is (a kind of rules.KINDS), and why: by the `entry` of a rule, by none, or by what it is.

    `compared`: the template has this very value. `harmless`: it says nothing, or is of a type that only rules mask.
    """

    kind: str
    why: Why
    entry: str = ""

    @property
    def masks(self) -> bool:
        """Whether something else has to stand in the value's place."""
        return self.kind != KEEP


def decide(path: Path, value: Value, rules: Rules, said: Said) -> Decision:
    """Return the decision for one value that is neither a list nor a document."""
    if value is None or (isinstance(value, str) and says_nothing(value)):
        return Decision(KEEP, "harmless")
    if str(value) in said.get(plain(path[-1]), ()):
        return Decision(KEEP, "compared")
    if entry := rules.of(path):
        return Decision(entry.kind, "rule", entry.text)
    return Decision(TEXT, "no rule") if isinstance(value, str) else Decision(KEEP, "harmless")


def says_nothing(text: str) -> bool:
    """Whether a text has only blanks and signs such as `-`."""
    return text.isascii() and not any(sign.isalnum() for sign in text)
