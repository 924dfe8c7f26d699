"""An error of the function's stages as a finding: its line, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cli.compiler import uses
from cli.compiler.findings import RULES, Place
from cli.compiler.leaves import place_of_word
from cli.compiler.nodes import Scalar
from cli.compiler.template import Template
from handler.errors import NotifierError
from handler.model import SqlLookup

# The words of handler/templating/language.py.
_ABSENT: Final = re.compile(r"there is no (?P<column>\S+)(?=;)")
_HAS_NO: Final = re.compile(r"(?P<what>an empty value|a list) has no (?P<column>[A-Za-z_]\w*)")
_CURRENCY: Final = "a currency is a code"  # those of handler/templating/filters/numbers.py
_BLOCK: Final = re.compile(r"^blocks\[\d+\]")  # a block of a loop is not the block that the file shows

_GUARD: Final = RULES["LOOKUP_UNGUARDED"].remedy

Parts = tuple[Place, str, str, str]  # place, code, message, fix


@dataclass(frozen=True, slots=True)
class Problem:
    """An error of a stage, with the place and the leaf that it speaks of.

    `column` is what a row or document has not, if it is about that; `names` are those that lookups have.
    """

    code: str
    message: str
    place: Place
    node: Scalar | None = None
    column: str = ""
    names: tuple[str, ...] = ()

    def finding(self) -> Parts:
        """The place, code, message and fix of a finding."""
        message, _, fix = self.message.partition("; ")
        if match := _HAS_NO.fullmatch(message):
            fix = self._of_a_list(match["column"]) if match["what"] == "a list" else self._guard(match["column"])
        if message.startswith(_CURRENCY):
            fix = "write money('EUR'), or name a column that holds such a code"
        if message.endswith(" is empty"):
            fix = RULES["VALUE_EMPTY"].remedy
        return self.place, self.code, message, fix

    def unguarded(self, name: str, others: Iterable[str]) -> Parts:
        """The same, as a use of the lookup `name` that fails where it finds nothing.

        What is used without a guard may also be one of the others, which needs that one and is missing with it.
        """
        source = self.node.text if self.node else ""
        tried = ((one, re.search(rf"\b{one}\.\w++(?!\s+if\s+{one}\b)", source)) for one in (name, *others))
        used, value = next(((one, found.group()) for one, found in tried if found), (name, f"{name}.name"))
        fix = f"write {uses.guarded(source, used, value)}"
        place = place_of_word(self.node, used) if self.node else self.place
        return place, "LOOKUP_UNGUARDED", f"`{name}` may be missing, and then: {self.message}", fix

    def _guard(self, column: str) -> str:
        """What to write where something empty was asked for a column."""
        source = self.node.text if self.node else ""
        owner = next(iter(uses.owners(source, column)), "")
        return f"guard it: {uses.guarded(source, owner, f'{owner}.{column}')}" if owner else _GUARD

    def _of_a_list(self, column: str) -> str:
        """What to write where a list was asked for a column: that of each element, or of the first."""
        source = self.node.text if self.node else ""
        owner = next(iter(uses.owners(source, column)), "")
        if not owner or "{{" not in source:
            return f"write ({owner or 'rows'} | first).{column}"
        name = uses.element(owner, self.names)
        loop = f"for: {name} in {owner}"
        if self.place.path == "text":  # it has no blocks to repeat
            loop = f"{{% for {name} in {owner} %}}"
        return f"write {{{{ {name}.{column} }}}} within `{loop}`, or {{{{ ({owner} | first).{column} }}}}"


def located(error: NotifierError, template: Template, place: Place) -> Problem:
    """Find the leaf that an error names; what names none belongs to the part that was made."""
    where = max((where for where in template.nodes if error.detail.startswith(where)), key=len, default="")
    if not where:
        return Problem(error.code, _BLOCK.sub(place.path or "blocks", error.detail), place)
    node = template.nodes[where]
    message = error.detail.removeprefix(where).removeprefix(": ") or "it comes out empty"
    match = _ABSENT.match(message) if error.code == "TEMPLATE_UNDEFINED" else None
    column = match["column"] if match else ""
    if match and (owner := _owner(node.text, column, template)):
        message = f"{owner} has no {column}{message[match.end() :]}"
    names = tuple(lookup.name for lookup in template.notification.lookups)
    return Problem(error.code, message, place_of_word(node, message.partition(";")[0]), node, column, names)


def _owner(text: str, column: str, template: Template) -> str:
    """What a missing column was asked of, as a phrase; empty where that may be one of several."""
    owners = uses.owners(text, column)
    if len(owners) != 1:
        return ""
    rows = [one.name for one in template.notification.lookups if isinstance(one, SqlLookup)]
    return f"the row `{owners[0]}`" if owners[0] in rows else f"`{owners[0]}`"
