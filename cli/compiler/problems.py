"""An error of the function's stages as a finding: its line, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cli.compiler.findings import RULES, Place
from cli.compiler.leaves import place_of_word
from cli.compiler.nodes import Scalar
from cli.compiler.template import Template
from handler.errors import NotifierError

_EMPTY: Final = "an empty value has no "  # the words of handler/templating/language.py
_CURRENCY: Final = "a currency is a code"  # those of handler/templating/filters/numbers.py
_BLOCK: Final = re.compile(r"^blocks\[\d+\]")  # a block of a loop is not the block that the file shows

Parts = tuple[Place, str, str, str]  # place, code, message, fix


@dataclass(frozen=True, slots=True)
class Problem:
    """An error of a stage, with the place and the leaf that it speaks of."""

    code: str
    message: str
    place: Place
    node: Scalar | None = None

    def finding(self) -> Parts:
        """The place, code, message and fix of a finding."""
        message, _, fix = self.message.partition("; ")
        if message.startswith(_EMPTY):
            fix = RULES["LOOKUP_UNGUARDED"].remedy
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
        uses = ((one, re.search(rf"\b{one}\.\w++(?!\s+if\s+{one}\b)", source)) for one in (name, *others))
        used, value = next(((one, found.group()) for one, found in uses if found), (name, f"{name}.name"))
        fix = f"write {{{{ {value} if {used} else '-' }}}}" if "{{" in source else f"write {used} and {value}"
        place = place_of_word(self.node, used) if self.node else self.place
        return place, "LOOKUP_UNGUARDED", f"`{name}` may be missing, and then: {self.message}", fix


def located(error: NotifierError, template: Template, place: Place) -> Problem:
    """Find the leaf that an error names; what names none belongs to the part that was made."""
    where = max((where for where in template.nodes if error.detail.startswith(where)), key=len, default="")
    if not where:
        return Problem(error.code, _BLOCK.sub(place.path or "blocks", error.detail), place)
    node = template.nodes[where]
    message = error.detail.removeprefix(where).removeprefix(": ") or "it comes out empty"
    return Problem(error.code, message, place_of_word(node, message.partition(";")[0]), node)
