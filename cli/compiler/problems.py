"""Turns an error of the function's stages into a finding with a position and a fix."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from cli import diagnoses
from cli.compiler import advice, name_usage, pasting, rewriting
from cli.compiler.findings import Edit, Place
from cli.compiler.leaves import place_of_word
from cli.compiler.nodes import Scalar
from cli.compiler.parts import Part
from cli.compiler.template import Template
from cli.language import say
from handler.errors import NotifierError
from handler.model import SqlLookup
from handler.templating import DiagnosedError, Diagnosis, translate_error

# A path into the rendered blocks starts with `blocks` and the block's number.
_OF_BLOCK: Final = 2


class Parts(NamedTuple):
    """The values of a finding."""

    place: Place
    code: str
    message: str
    fix: str
    edit: Edit | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """An error of a stage, with its position, leaf and part.

    `column` is what a row or document lacks, if the error is about that. `edit` is the fix as data.
    """

    code: str
    message: str
    fix: str
    place: Place
    node: Scalar | None = None
    column: str = ""
    part: Part | None = None
    edit: Edit | None = None

    def finding(self) -> Parts:
        """Return the values of the finding."""
        return Parts(self.place, self.code, self.message, self.fix, self.edit)

    def unguarded(self, name: str, others: Iterable[str]) -> Parts:
        """Return the finding that this use fails if the lookup `name` finds nothing.

        The unguarded use may also be of one of `others`: lookups that depend on `name`, and are missing with it.
        """
        message = say("`{name}` may be missing, and then: {message}", name=name, message=self.message)
        for used in (name, *others):
            if self.node and self.part and (right := self._guarded(used)):
                pasted = pasting.paste(self.node, self.part, self.part.with_code(right))
                return Parts(
                    pasted.place, "LOOKUP_UNGUARDED", message, say("write {code}", code=pasted.text), pasted.edit
                )
        return Parts(self.place, "LOOKUP_UNGUARDED", message, "")

    def _guarded(self, owner: str) -> str:
        if not self.part or not any(one == owner for one, _ in rewriting.columns(self.part.code)):
            return ""
        return rewriting.guarded(self.part.code, owner, bare=self.part.kind != "expression")


def located(error: NotifierError, template: Template, place: Place, part: Part | None = None) -> Problem:
    """Find the leaf that an error names. An error without one gets the position `place`."""
    error = translate_error(error, "")
    if not isinstance(error, DiagnosedError):
        return Problem(error.code, diagnoses.detail(error.code, error.detail), "", place)
    node = template.nodes.get(error.where)
    diagnosis = error.diagnosis if node else _in_file(error.diagnosis, place)
    message, fix = diagnoses.words(diagnosis)
    advised = advice.of(diagnosis, part, template)
    message = advised.message or message
    fix = advised.fix or ("" if advised.right and not diagnosis.suggestions else fix)
    if node is None:
        return Problem(error.code, message, fix, place)
    column = diagnosis.name if diagnosis.kind == "key_absent" and diagnosis.suggestions else ""
    text = part.code if part else node.text
    if column and (owner := _owner(text, column, template)):
        message = say("{owner} has no {column}", owner=owner, column=column)
    if part is None:
        return Problem(error.code, message, fix, place_of_word(node, diagnosis.name), node, column)
    pasted = pasting.paste(node, part, part.with_code(advised.right) if advised.right else "")
    fix = say("; ").join(filter(None, (say("write {code}", code=pasted.text) if pasted.text else "", fix)))
    return Problem(error.code, message, fix, pasted.place, node, column, part, pasted.edit)


def _in_file(diagnosis: Diagnosis, place: Place) -> Diagnosis:
    """Return the diagnosis with the block's path in the file. In the message, blocks in a loop have other numbers."""
    inner = diagnosis.path[_OF_BLOCK:]
    return replace(diagnosis, path=(place.path or "blocks", *inner)) if len(diagnosis.path) >= _OF_BLOCK else diagnosis


def _owner(text: str, column: str, template: Template) -> str:
    """Return a phrase for the value that lacks a column; empty if it may be one of several."""
    owners = name_usage.owners(text, column)
    if len(owners) != 1:
        return ""
    rows = [one.name for one in template.notification.lookups if isinstance(one, SqlLookup)]
    return say("the row `{name}`", name=owners[0]) if owners[0] in rows else f"`{owners[0]}`"
