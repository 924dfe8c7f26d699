"""Turns strings of a template into leaves, and checks which names they may use."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from cli.compiler import faults, parts, pasting, rewriting, shape, stage_requirements, syntax
from cli.compiler.expressions import corrected, with_straight_braces
from cli.compiler.faults import Fault, Scope
from cli.compiler.findings import Place, Report
from cli.compiler.names import EVENT_NAMES
from cli.compiler.nodes import Node, Scalar
from cli.compiler.slack_markup import Reading
from cli.compiler.stage_requirements import Need
from cli.language import say
from handler.model import Leaf, LeafContext
from handler.templating import DiagnosedError, Templates
from handler.templating.language import MAX_LOOP_DEPTH

EVENT_SCOPE: Final = Scope(EVENT_NAMES)


class Shown(NamedTuple):
    """A text that people will read, how Slack parses it, and the names that its expressions may use."""

    reading: Reading
    node: Scalar
    names: tuple[str, ...]
    is_key: bool = False


@dataclass(frozen=True, slots=True)
class Leaves:
    """Reads strings at one place of a template. `scope` is what they may use there.

    `loops` counts the loops around the place. `nodes` maps each leaf's `where` to its node, so that an error while a
    sample is rendered gets a line. `needs` is what the leaves need from the stage, `bases` the variables that start
    URLs, `shown` the texts that people will read. `faulty` has the position of each error in a leaf; a stand-in takes
    the place of such a leaf.
    """

    report: Report
    templates: Templates
    scope: Scope = EVENT_SCOPE
    loops: int = 0
    nodes: dict[str, Scalar] = field(default_factory=dict)
    needs: list[Need] = field(default_factory=list)
    bases: dict[str, Place] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)
    faulty: list[Place] = field(default_factory=list)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names that expressions may use here."""
        return self.scope.names

    def above(self, names: Sequence[str]) -> Leaves:
        """Return Leaves for a place above lookups with these names, which cannot be used there yet."""
        return replace(self, scope=replace(self.scope, later=tuple(names)))

    def after(self, name: str, row: Sequence[str] = (), rows: Sequence[str] = ()) -> Leaves:
        """Return Leaves for a place below the lookup `name`, with the columns of its row or rows, if known."""
        old = self.scope
        scope = Scope(
            (*old.names, name),
            tuple(other for other in old.later if other != name),
            {**old.columns, name: tuple(row)} if row else old.columns,
            {**old.lists, name: tuple(rows)} if rows else old.lists,
        )
        return replace(self, scope=scope)

    def within(self, name: str, over: str = "") -> Leaves:
        """Return Leaves for the inside of a loop with the loop variable `name`, over the list `over`."""
        scope = self.scope
        columns = {one: known for one, known in scope.columns.items() if one != name}
        if over in scope.lists:
            columns[name] = scope.lists[over]
        scope = replace(scope, names=(*scope.names, name, "loop"), columns=columns)
        return replace(self, scope=scope, loops=self.loops + 1)

    def show(self, reading: Reading, node: Node, *, is_key: bool = False) -> None:
        """Add a text to those whose markup is checked. `is_key`: it is a key, such as a field's label."""
        if isinstance(node, Scalar):
            self.shown.append(Shown(reading, node, self.names, is_key))

    def text(self, context: LeafContext, node: Node, *, exact: bool = False) -> Leaf | str | None:
        """Return a string, or a leaf if it has expressions. `exact` keeps trailing white space."""
        if context in ("mrkdwn", "plain", "url"):
            self.show(context, node)
        source = shape.text(node, self.report, exact=exact)
        if source is None or not _has_expressions(source):
            return source
        return self.leaf(context, node, exact=exact)

    def leaf(
        self,
        context: LeafContext,
        node: Node,
        rewrite: Callable[[str], str] = str,
        *,
        exact: bool = False,
        instead: str = "true",
    ) -> Leaf | None:
        """Return a checked leaf, made from what `rewrite` returns for the string in the file; None if there is none.

        An invalid leaf is reported, and returned without its invalid expressions, so that the rest of the template can
        be checked. `instead` takes the place of an invalid bare expression. `exact` keeps trailing white space.
        """
        source = shape.text(node, self.report, exact=exact)
        if source is None or not isinstance(node, Scalar):
            return None
        leaf = Leaf(context, rewrite(source), str(node.place))
        self.nodes[leaf.where] = node
        if context == "expression" and _has_expressions(leaf.source):
            message = say("a bare expression stands here, without {{ }} and {% %}")
            self._add(node.place, "TEMPLATE_SYNTAX", message, _unwrapped(with_straight_braces(source)))
            return replace(leaf, source=instead)
        if with_straight_braces(source) != source:
            self._full_width(node, context)
            return replace(leaf, source=instead) if context == "expression" else parts.words(leaf)
        if found := faults.of(leaf, self.scope, self.templates):
            for fault in found:
                self._report(fault, leaf, node)
                self._keep_needs(fault, node)
            leaf = self._stand_in(leaf, found, instead)
        if self.loops + syntax.loops(syntax.parsed(leaf)) > MAX_LOOP_DEPTH:
            too_deep(node.place, self.report)
        self.needs.extend(Need(kind, name, place_of_word(node, name)) for kind, name in stage_requirements.of(leaf))
        return leaf

    def _keep_needs(self, fault: Fault, node: Scalar) -> None:
        """Add what an invalid expression needs from the stage, if it can be parsed."""
        if fault.part and fault.code != "TEMPLATE_LIMIT" and rewriting.parsed(fault.part.code):
            alone = Leaf("expression", fault.part.code, "")
            self.needs.extend(
                Need(kind, name, place_of_word(node, name)) for kind, name in stage_requirements.of(alone)
            )

    def _stand_in(self, leaf: Leaf, found: Sequence[Fault], instead: str) -> Leaf:
        """Return the leaf without its invalid expressions; without any expression, if that is not enough."""
        if leaf.context == "expression":
            return replace(leaf, source=instead)
        wrong = {fault.part for fault in found}
        kept = parts.without(leaf, [part for part in wrong if part and part.kind == "expression"])
        bare = replace(leaf, source="/x" if leaf.source.startswith("/") else "x")
        tried = (kept, bare) if all(part and part.kind == "expression" for part in wrong) else (parts.words(leaf), bare)
        return next(one for one in tried if self._is_valid(one))

    def _is_valid(self, leaf: Leaf) -> bool:
        try:
            return self.templates.check(leaf) <= {*self.names}
        except DiagnosedError:
            return False

    def _full_width(self, node: Scalar, context: LeafContext) -> None:
        """Report each line with ｛｛ or ｝｝, which would be posted literally."""
        straight = with_straight_braces(node.text)
        versions = (node.text.splitlines(), straight.splitlines(), corrected(straight, context).splitlines())
        for number, (written, meant, right) in enumerate(zip(*versions, strict=True), 1):
            if written != meant:
                message = say("expressions stand between ordinary braces: {{ }}, not ｛｛ ｝｝")
                self._add(node.place_of(number), "TEMPLATE_SYNTAX", message, shape.rewritten(node, right))

    def _report(self, fault: Fault, leaf: Leaf, node: Scalar) -> None:
        if fault.part is None:
            line = fault.line - _added(leaf, node)
            place = node.place_of(line) if fault.line else place_of_word(node, fault.word)
            self._add(place, fault.code, fault.message, fault.fix)
            return
        pasted = pasting.paste(node, fault.part, fault.right)
        fix = fault.fix.replace(fault.right, pasted.text, 1) if fault.right else fault.fix
        self.faulty.append(pasted.place)
        self.report.add(pasted.place, fault.code, fault.message, fix, pasted.edit)

    def _add(self, place: Place, code: str, message: str, fix: str) -> None:
        self.faulty.append(place)
        self.report.add(place, code, message, fix)


def too_deep(place: Place, report: Report) -> None:
    """Report that loops are nested too deep."""
    message = say("loops can be nested {most} deep, counting those of blocks and of texts", most=MAX_LOOP_DEPTH)
    report.add(place, "VALUE_INVALID", message, say("join the tables in the SQL, and loop once"))


def place_of_word(node: Scalar, word: str) -> Place:
    """Return the position of the first line of a leaf that contains a word; if none does, the start of the leaf."""
    pattern = rf"(?<!\w){re.escape(word)}(?!\w)"
    found = (number for number, line in enumerate(node.text.splitlines(), 1) if word and re.search(pattern, line))
    return node.place_of(next(found, 1))


def _added(leaf: Leaf, node: Scalar) -> int:
    """Return how many lines the leaf's source has before the text from the file."""
    return leaf.source.rstrip("\n").count("\n") - node.text.rstrip("\n").count("\n")


def _has_expressions(source: str) -> bool:
    return any(mark in with_straight_braces(source) for mark in shape.EXPRESSIONS)


def _unwrapped(source: str) -> str:
    wrapped = re.fullmatch(r"\s*\{\{(.*)\}\}\s*", source, re.DOTALL)
    if not wrapped or "{{" in wrapped[1]:
        return say("write the expression alone")
    return say("write {text}", text=wrapped[1].strip())
