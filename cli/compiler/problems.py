"""An error of the function's stages as a finding: its line, and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from cli.compiler import uses
from cli.compiler.findings import RULES, Place
from cli.compiler.leaves import place_of_word
from cli.compiler.nodes import Scalar
from cli.compiler.template import Template
from handler.errors import NotifierError
from handler.model import SqlLookup
from handler.templating import DiagnosedError, Diagnosis, messages, translate_error

# A path into the rendered blocks begins with `blocks` and the block's number.
_OF_BLOCK: Final = 2

Parts = tuple[Place, str, str, str]  # place, code, message, fix


@dataclass(frozen=True, slots=True)
class Problem:
    """An error of a stage, with the place and the leaf that it speaks of.

    `column` is what a row or document has not, if it is about that.
    """

    code: str
    message: str
    fix: str
    place: Place
    node: Scalar | None = None
    column: str = ""

    def finding(self) -> Parts:
        """The place, code, message and fix of a finding."""
        return self.place, self.code, self.message, self.fix

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


def located(error: NotifierError, template: Template, place: Place) -> Problem:
    """Find the leaf that an error names; what names none belongs to the part at `place`."""
    error = translate_error(error, "")
    if not isinstance(error, DiagnosedError):
        return Problem(error.code, error.detail, "", place)
    node = template.nodes.get(error.where)
    diagnosis = error.diagnosis if node else _in_file(error.diagnosis, place)
    message, fix = messages.words(diagnosis)
    fix = _instead(diagnosis, node, template) or fix
    if node is None:
        return Problem(error.code, message, fix, place)
    column = diagnosis.name if diagnosis.kind == "key_absent" and diagnosis.suggestions else ""
    if column and (owner := _owner(node.text, column, template)):
        message = f"{owner} has no {column}"
    return Problem(error.code, message, fix, place_of_word(node, diagnosis.name), node, column)


def _in_file(diagnosis: Diagnosis, place: Place) -> Diagnosis:
    """The same, with the block as the file shows it: one in a loop has another number in the message."""
    inner = diagnosis.path[_OF_BLOCK:]
    return replace(diagnosis, path=(place.path or "blocks", *inner)) if len(diagnosis.path) >= _OF_BLOCK else diagnosis


def _instead(diagnosis: Diagnosis, node: Scalar | None, template: Template) -> str:
    """What to write where the file says more of it than the diagnosis; empty where it does not."""
    source = node.text if node else ""
    match diagnosis:
        case Diagnosis(kind="part_absent", owner="NoneType", name=name) if name:
            return _guard(source, name)
        case Diagnosis(kind="part_absent", owner="list", name=name) if name:
            return _of_a_list(source, name, template, node)
        case Diagnosis(kind="not_a_currency"):
            return "write money('EUR'), or name a column that holds such a code"
        case Diagnosis(kind="part_empty"):
            return RULES["VALUE_EMPTY"].remedy
        case _:
            return ""


def _guard(source: str, column: str) -> str:
    """What to write where something empty was asked for a column."""
    owner = next(iter(uses.owners(source, column)), "")
    remedy = RULES["LOOKUP_UNGUARDED"].remedy
    return f"guard it: {uses.guarded(source, owner, f'{owner}.{column}')}" if owner else remedy


def _of_a_list(source: str, column: str, template: Template, node: Scalar | None) -> str:
    """What to write where a list was asked for a column: that of each element, or of the first."""
    owner = next(iter(uses.owners(source, column)), "")
    if not owner or "{{" not in source:
        return f"write ({owner or 'rows'} | first).{column}"
    name = uses.element(owner, [lookup.name for lookup in template.notification.lookups])
    loop = f"for: {name} in {owner}"
    if node and node.place.path == "text":  # it has no blocks to repeat
        loop = f"{{% for {name} in {owner} %}}"
    return f"write {{{{ {name}.{column} }}}} within `{loop}`, or {{{{ ({owner} | first).{column} }}}}"


def _owner(text: str, column: str, template: Template) -> str:
    """What a missing column was asked of, as a phrase; empty where that may be one of several."""
    owners = uses.owners(text, column)
    if len(owners) != 1:
        return ""
    rows = [one.name for one in template.notification.lookups if isinstance(one, SqlLookup)]
    return f"the row `{owners[0]}`" if owners[0] in rows else f"`{owners[0]}`"
