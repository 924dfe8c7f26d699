"""The file of a template that a sample is added to."""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from cli.compiler import files, samples, shape, template
from cli.compiler import folder as compiled
from cli.compiler.findings import Finding, Place, Report
from cli.compiler.nodes import Entry, Node, Scalar, Sequence
from cli.compiler.nodes import Mapping as MappingNode
from cli.sampling import insertion
from handler.catalog import Stage
from handler.model import Notification
from handler.templating import Templates

_BOM = codecs.BOM_UTF8


class InsertionError(ValueError):
    """Nothing can be inserted into this text without changing the rest."""


@dataclass(frozen=True, slots=True)
class Target:
    """A template's file as it was read: its name without suffix, and its content."""

    name: str
    content: bytes

    @property
    def notification(self) -> Notification | None:
        """Return the compiled notification, with or without samples; None if the file has errors."""
        node = self._node(self.content)
        if isinstance(node, MappingNode) and shape.at(node, insertion.KEY) is None:
            place = Place(node.place.file)
            entry = Entry(Scalar(place, insertion.KEY, insertion.KEY), MappingNode(place, ()))
            node = replace(node, entries=(*node.entries, entry))
        one = template.read(self.name, node, Templates(), Report()) if node else None
        return one.notification if one and one.is_whole else None

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the existing samples."""
        found = shape.at(self._node(self.content), insertion.KEY)
        return tuple(entry.key.text for entry in found.entries) if isinstance(found, MappingNode) else ()

    def with_sample(self, name: str, sample: Mapping[str, Any]) -> bytes:
        """Return the content with the sample. Checks that it reads back unchanged, and the rest, too.

        Raises InsertionError, written.UnwritableError.
        """
        bom = _BOM if self.content.startswith(_BOM) else b""
        source = self.content.removeprefix(bom).decode("utf-8")
        after = bom + insertion.inserted(source, name, sample).encode("utf-8")
        read = self._node(after)
        if _others(read, name) != _others(self._node(self.content), name) or _sample(read, name) != sample:
            raise InsertionError
        return after

    def new_findings(self, after: bytes, stages: tuple[Stage, ...]) -> list[Finding]:
        """Return the findings of the new content that the current file does not have."""
        before = Counter(map(_words, compiled.check(self.name, self.content, stages)))
        found = []
        for one in compiled.check(self.name, after, stages):
            if before[_words(one)]:
                before[_words(one)] -= 1
            else:
                found.append(one)
        return found

    def _node(self, content: bytes) -> Node | None:
        return files.parse(f"{self.name}.yaml", content, Report())


def _words(finding: Finding) -> tuple[str, str, str]:
    """Return a finding without its position."""
    return finding.code, finding.message, finding.fix


def _sample(root: Node | None, name: str) -> Any:
    found = shape.at(root, insertion.KEY, name)
    return samples.value(found, Report()) if found else None


def _others(node: Node | None, name: str) -> Any:
    """Return all values of a file except for one sample. Missing `samples` count as empty."""
    whole = _texts(node)
    if isinstance(whole, dict):
        found = whole.get(insertion.KEY)
        rest = {key: value for key, value in found.items() if key != name} if isinstance(found, dict) else {}
        return {**whole, insertion.KEY: rest}
    return whole


def _texts(node: Node | None) -> Any:
    match node:
        case MappingNode():
            return {entry.key.text: _texts(entry.value) for entry in node.entries}
        case Sequence():
            return [_texts(item) for item in node.items]
        case Scalar():
            return node.text, node.value, node.style
    return None
