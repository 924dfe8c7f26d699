"""Writes a corrected expression as it must be in the file, with the escapes and quotes of YAML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cli.compiler import shape
from cli.compiler.findings import Edit, Place
from cli.compiler.nodes import Scalar
from cli.compiler.parts import Part

# In a value without quotes, these end it or have another meaning; the second kind only inside [ ] and { }.
_SIGNS: Final = (": ", " #")
_FLOW_SIGNS: Final = frozenset("[]{},")


@dataclass(frozen=True, slots=True)
class Pasted:
    """The position of a part, what to write there, and the change as data if one replacement is enough."""

    place: Place
    text: str
    edit: Edit | None = None


def paste(node: Scalar, part: Part, right: str) -> Pasted:
    """Return how to write `right` in place of a part of a value. With an empty `right`, only the position is set."""
    place = place_of(node, part)
    found = place and "\n" not in part.text
    if not right:
        return Pasted(place or _roughly(node, part), "")
    match node.source[:1]:
        case "'":
            right = (
                right if "'" not in right else right.replace("'", '"') if '"' not in right else right.replace("'", "''")
            )
        case '"' if node.style == "quoted":
            right = right.replace("\\", "\\\\").replace('"', '\\"')
        case _ if node.style == "plain" and _needs_quotes(node.text, part.text, right):
            whole = shape.in_quotes(node.text.replace(part.text, right, 1))
            return Pasted(node.place, whole, Edit(node.source, whole) if "\n" not in node.source else None)
    edit = Edit(part.text, right) if place and found else None
    return Pasted(place or _roughly(node, part), right, edit)


def place_of(node: Scalar, part: Part) -> Place | None:
    """Return the position of a leaf's part in the file; None if YAML escapes make it unknown."""
    if part.kind != "bare":
        return node.find(part.text, part.number)
    if node.source == part.text:
        return node.place
    return node.find(part.text, node.source.count(part.text.splitlines()[0])) if part.text else None


def _roughly(node: Scalar, part: Part) -> Place:
    return node.place_of(part.line)


def _needs_quotes(text: str, old: str, new: str) -> bool:
    """Return whether an unquoted value needs quotes after a change. If it has [ ] already, it is not inside of one."""
    changed = text.replace(old, new, 1)
    in_flow = not _FLOW_SIGNS & {*text}
    return (
        any(sign in changed for sign in _SIGNS)
        or (in_flow and bool(_FLOW_SIGNS & {*changed}))
        or changed[:1] in tuple("&*!|>'\"%@`-?#[]{},")
    )
