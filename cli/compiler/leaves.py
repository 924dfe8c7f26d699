"""From a string of a template to a leaf: what it may say, and which names it may use."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from cli.compiler import arguments, calls, markup, needs, shape, syntax
from cli.compiler.expressions import Correction, corrected, corrections, with_straight_braces
from cli.compiler.findings import Place, Report
from cli.compiler.names import EVENT_NAMES
from cli.compiler.needs import Need
from cli.compiler.nodes import Node, Scalar
from cli.compiler.slack_markup import Reading
from handler.model import Leaf, LeafContext
from handler.templating import DiagnosedError, Templates, messages, suggestion
from handler.templating.language import MAX_LOOP_DEPTH

TOO_DEEP: Final = (
    f"loops can be nested {MAX_LOOP_DEPTH} deep, counting those of blocks and of texts",
    "join the tables in the SQL, and loop once",
)


class Shown(NamedTuple):
    """A text that people will read, how Slack reads it, and the names that its expressions may use."""

    reading: Reading
    node: Scalar
    names: tuple[str, ...]
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class Leaves:
    """Reads strings in one place of a template: `names` may be used there, `later` only further down.

    `loops` counts those around the place. `nodes` keeps the node of each leaf by its `where`, so that what fails when a
    sample is rendered finds its line; `needs` is what the leaves take from the stage, `bases` the variables with which
    addresses begin, `shown` the texts that people will read.
    """

    report: Report
    templates: Templates
    names: tuple[str, ...] = EVENT_NAMES
    later: tuple[str, ...] = ()
    loops: int = 0
    nodes: dict[str, Scalar] = field(default_factory=dict)
    needs: list[Need] = field(default_factory=list)
    bases: dict[str, Place] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)

    def above(self, names: Sequence[str]) -> Leaves:
        """Return the leaves above lookups of these names, which they cannot use yet."""
        return replace(self, later=tuple(names))

    def after(self, name: str) -> Leaves:
        """Return the leaves below the lookup `name`."""
        return replace(self, names=(*self.names, name), later=tuple(other for other in self.later if other != name))

    def within(self, name: str) -> Leaves:
        """Return the leaves inside a loop whose element is `name`."""
        return replace(self, names=(*self.names, name, "loop"), loops=self.loops + 1)

    def show(self, reading: Reading, node: Node, *, is_key: bool = False) -> None:
        """Keep a text for the check of its markup; `is_key` says that it is a key, such as a label."""
        if isinstance(node, Scalar):
            self.shown.append(Shown(reading, node, self.names, is_key))

    def text(self, context: LeafContext, node: Node, *, exact: bool = False) -> Leaf | str | None:
        """Return a string as it stands, or a leaf where it holds expressions. `exact` keeps white space at its end."""
        if context in ("mrkdwn", "plain", "url"):
            self.show(context, node)
        source = shape.text(node, self.report, exact=exact)
        if source is None or not _has_expressions(source):
            return source
        return self.leaf(context, node, exact=exact)

    def leaf(
        self, context: LeafContext, node: Node, rewrite: Callable[[str], str] = str, *, exact: bool = False
    ) -> Leaf | None:
        """Return a checked leaf, from the string that `rewrite` makes of the one in the file; None if it is wrong."""
        source = shape.text(node, self.report, exact=exact)
        if source is None or not isinstance(node, Scalar):
            return None
        leaf = Leaf(context, rewrite(source), str(node.place))
        if context == "expression" and _has_expressions(leaf.source):
            message = "a bare expression stands here, without {{ }} and {% %}"
            self.report.add(node.place, "TEMPLATE_SYNTAX", message, _unwrapped(with_straight_braces(source)))
            return None
        if with_straight_braces(source) != source:
            self._full_width(node, context)
            return None
        self.nodes[leaf.where] = node
        return leaf if self._is_sound(leaf, node) else None

    def _is_sound(self, leaf: Leaf, node: Scalar) -> bool:
        try:
            used = self.templates.check(leaf)
        except DiagnosedError as error:
            self._unreadable(error, leaf, node)
            return False
        if self.loops + syntax.loops(syntax.parsed(leaf)) > MAX_LOOP_DEPTH:
            self.report.add(node.place, "VALUE_INVALID", *TOO_DEEP)
        wrong = tuple(arguments.wrong(leaf))
        self._correct("TEMPLATE_FAILED", wrong, leaf, node)
        self.needs.extend(Need(kind, name, place_of_word(node, name)) for kind, name in needs.of(leaf))
        for name in sorted(used - set(self.names)):
            self._unknown(name, leaf, node)
        return used <= set(self.names) and not wrong

    def _full_width(self, node: Scalar, context: LeafContext) -> None:
        """Report the lines with ｛｛ and ｝｝, which would be posted as they stand."""
        straight = with_straight_braces(node.text)
        versions = (node.text.splitlines(), straight.splitlines(), corrected(straight, context).splitlines())
        for number, (written, meant, right) in enumerate(zip(*versions, strict=True), 1):
            if written != meant:
                message = "expressions stand between ordinary braces: {{ }}, not ｛｛ ｝｝"
                self.report.add(node.place_of(number), "TEMPLATE_SYNTAX", message, shape.rewritten(node, right))

    def _correct(self, code: str, found: Sequence[Correction], leaf: Leaf, node: Scalar) -> None:
        for one in found:
            self.report.add(node.place_of(one.line - _added(leaf, node)), code, one.message, one.fix)

    def _unreadable(self, error: DiagnosedError, leaf: Leaf, node: Scalar) -> None:
        """Report with the line of the mistake, else with that of the name that it is about."""
        if error.code == "TEMPLATE_SYNTAX" and (found := corrections(leaf, self.templates)):
            self._correct(error.code, found, leaf, node)
            return
        diagnosis = error.diagnosis
        message, fix = messages.words(diagnosis)
        if diagnosis.kind == "expression_in_markup":
            fix = markup.instead(leaf.source)
        elif right := calls.as_filter(leaf, diagnosis):
            fix = f"write {right}; {fix}" if diagnosis.kind == "filter_unknown" else f"use a filter: {right}"
        line = diagnosis.line - _added(leaf, node)
        place = node.place_of(line) if diagnosis.line else place_of_word(node, diagnosis.name)
        self.report.add(place, error.code, message, fix)

    def _unknown(self, name: str, leaf: Leaf, node: Scalar) -> None:
        if name in self.later:
            message, fix = f"`{name}` is not looked up yet here", "lookups run in order: move it above"
        else:
            message, fix = f"`{name}` is not known here", arguments.quotes(leaf, name) or suggestion(name, self.names)
        self.report.add(place_of_word(node, name), "TEMPLATE_UNDEFINED", message, fix)


def place_of_word(node: Scalar, word: str) -> Place:
    """The place of the first line of a leaf that has a word, such as a name; without one, where the leaf begins."""
    pattern = rf"(?<!\w){re.escape(word)}(?!\w)"
    found = (number for number, line in enumerate(node.text.splitlines(), 1) if word and re.search(pattern, line))
    return node.place_of(next(found, 1))


def _added(leaf: Leaf, node: Scalar) -> int:
    """How many lines stand before the text of the file in what was made of it."""
    return leaf.source.rstrip("\n").count("\n") - node.text.rstrip("\n").count("\n")


def _has_expressions(source: str) -> bool:
    return any(mark in with_straight_braces(source) for mark in shape.EXPRESSIONS)


def _unwrapped(source: str) -> str:
    wrapped = re.fullmatch(r"\s*\{\{(.*)\}\}\s*", source, re.DOTALL)
    return f"write {wrapped[1].strip()}" if wrapped and "{{" not in wrapped[1] else "write the expression alone"
