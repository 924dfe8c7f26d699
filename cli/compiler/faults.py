"""Finds every mistake in every expression of a leaf before it is rendered, each with its position."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Final

from cli import diagnoses
from cli.compiler import arguments, calls, foreign_filters, markup, parts, rewriting, statements
from cli.compiler.expressions import MEANT
from cli.compiler.parts import Part
from cli.compiler.repairs import repair
from cli.diagnoses import suggestion
from cli.language import later, say
from handler.model import Leaf
from handler.templating import DiagnosedError, Diagnosis, Templates
from handler.templating.kinds import Kind

_ALIKE: Final = 0.6
_UNKNOWN: Final = later("`{name}` is not known here")
_ROW_LACKS: Final = later("the row `{owner}` has no {column}: its SELECT does not list it")
_ELEMENT_LACKS: Final = later("the element `{owner}` has no {column}: its SELECT does not list it")
_AFTER: Final = "*_~.,:;"  # can follow an expression in prose, and is not part of it


@dataclass(frozen=True, slots=True)
class Scope:
    """The names that a leaf may use: `names` now, `later` only further down in the file.

    `columns` has the known columns of each name that stands for a row. `lists` has the names that stand for several
    rows, with the columns of each row.
    """

    names: tuple[str, ...]
    later: tuple[str, ...] = ()
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake. `part` is the expression or tag with the mistake; None if it only shows in the leaf as a whole.

    `right` replaces the part; empty if that is unknown. `word` and `line` locate a mistake without a part: `line`
    counts from 1 in the leaf's source, and 0 is unknown.
    """

    code: str
    message: str
    fix: str = ""
    part: Part | None = None
    right: str = ""
    word: str = ""
    line: int = 0


def of(leaf: Leaf, scope: Scope, templates: Templates) -> tuple[Fault, ...]:
    """Return the mistakes of a leaf, in the order of the source."""
    return tuple(_Reader(leaf, scope, templates).read())


class _Reader:
    def __init__(self, leaf: Leaf, scope: Scope, templates: Templates) -> None:
        self._leaf, self._scope, self._templates = leaf, scope, templates
        self._parts = parts.of(leaf)
        in_leaf = {name for part in self._parts for name in part.names}
        assigned = {name for part in self._parts for name in _assigned(part)}  # not allowed, and said so once
        self._known = {*scope.names, *in_leaf, *assigned, *(["loop"] if in_leaf else [])}
        self._columns = {name: columns for name, columns in scope.columns.items() if name not in in_leaf}
        for part in self._parts:
            if len(part.names) == 1 and part.code in scope.lists:
                self._columns[part.names[0]] = scope.lists[part.code]

    def read(self) -> Iterator[Fault]:
        error = self._error_of_all = self._error(self._leaf)
        self._markup: set[int] = set()  # offsets of the `<...>` that are reported already
        if error and (len(self._parts) > parts.MAX_ALONE or error.code == "TEMPLATE_LIMIT"):
            yield from self._whole(error)
            return
        found = [*self._structure()] if error or self._leaf.context != "expression" else []
        broken = {fault.part for fault in found}
        for part in self._parts:
            if part.code and part not in broken:
                found += self._part(part)
        if error and not found:
            found = [self._from(error.diagnosis, error.code, None)]
        if not found:
            found = [*self._out_of_scope()]
        yield from sorted(found, key=lambda fault: fault.part.start if fault.part else -1)

    def _whole(self, error: DiagnosedError) -> Iterator[Fault]:
        """Yield the first mistake only. The leaf has too many parts to check each."""
        if error.diagnosis.kind == "expression_in_markup":
            yield from self._in_markup(error, self._parts[0])
        else:
            yield self._from(error.diagnosis, error.code, None)

    def _error(self, leaf: Leaf) -> DiagnosedError | None:
        try:
            self._templates.check(leaf)
        except DiagnosedError as error:
            return error
        return None

    def _structure(self) -> Iterator[Fault]:
        """Yield what is wrong with the tags, and the expressions without closing braces."""
        wrong = statements.wrong(self._parts, self._known) if self._leaf.context != "expression" else ()
        seen = set()
        for one in wrong:
            seen.add(one.part)
            yield Fault("TEMPLATE_SYNTAX", one.message, one.fix, one.part, one.right)
        for part in self._parts:
            if statements.word(part) in statements.OTHERS:
                if not statements.word(part).startswith("end"):
                    kind: Kind = "set_statement" if statements.word(part) == "set" else "statement"
                    yield self._from(Diagnosis(kind, statements.word(part)), "TEMPLATE_FORBIDDEN", part)
            elif not part.is_closed and part not in seen:
                end = "%}" if part.kind == "tag" else "}}"
                right = f"{part.text[:2]} {part.code.strip().rstrip(_AFTER)} {end}"
                message = say("`{sign}` is missing", sign=end)
                yield Fault("TEMPLATE_SYNTAX", message, say("write {text}", text=right), part, right)

    def _part(self, part: Part) -> list[Fault]:
        try:
            used = self._templates.check(self._alone(part)) if self._error_of_all else rewriting.names(part.code)
        except DiagnosedError as error:
            if error.diagnosis.kind == "expression_in_markup":
                return [*self._in_markup(error, part)]
            return [self._from(error.diagnosis, error.code, part)]
        found = [self._unknown(name, part) for name in sorted(used - self._known)]
        meant = [fault.right for fault in found if fault.right]
        for right in meant or [part.text]:
            found += self._foreign_columns(part, part.code if right == part.text else self._code_of(part, right))
        found += [self._fault("TEMPLATE_FAILED", one.message, part, one.right) for one in arguments.wrong(part.code)]
        if not found and "|" in part.code and (right := rewriting.misread(part.code)):
            message = say("`|` binds before operators, so that the filter applies to the last value alone")
            found.append(self._fault("TEMPLATE_FAILED", message, part, right))
        return found

    def _alone(self, part: Part) -> Leaf:
        if part.kind == "bare":
            return self._leaf
        return (
            replace(self._leaf, context="expression", source=part.code)
            if part.kind == "tag"
            else parts.alone(self._leaf, part)
        )

    def _fault(self, code: str, message: str, part: Part, right: str, more: str = "") -> Fault:
        """Return a mistake that is mended by another expression in the part; `more` is added to the fix."""
        whole = part.with_code(right) if right else ""
        fix = say("; ").join(filter(None, (say("write {text}", text=whole) if whole else "", more)))
        return Fault(code, message, fix, part, whole)

    def _from(self, diagnosis: Diagnosis, code: str, part: Part | None) -> Fault:
        message, fix = diagnoses.words(diagnosis)
        source = part.code if part else ""
        match diagnosis.kind:
            case "filter_unknown" if part:
                right = calls.with_filter(source, diagnosis.name)
                more = foreign_filters.advice(diagnosis.name) or fix
                is_sure = right and (more != fix or foreign_filters.meant(diagnosis.name))
                return self._fault(code, message, part, right, "" if is_sure else more)
            case "test_unknown" if part:
                return self._fault(code, message, part, calls.with_test(source, diagnosis.name), fix)
            case "call" if part and (right := calls.as_filters(source)):
                return self._fault(code, message, part, right)
            case "call" if part and (
                known := next(filter(None, map(foreign_filters.advice, calls.methods(source))), "")
            ):
                return self._fault(code, message, part, "", known)
        if code == "TEMPLATE_SYNTAX" and part and (repaired := repair(source)):
            return self._fault(code, repaired.message, part, calls.by_format(repaired.code) or repaired.code)
        return Fault(code, message, fix, part, word=diagnosis.name, line=diagnosis.line)

    def _in_markup(self, error: DiagnosedError, part: Part) -> Iterator[Fault]:
        """Yield the mistake of the first expression in a `<...>`. Further expressions in it are the same mistake."""
        begin, fix = markup.around(self._leaf.source, part.start)
        if begin not in self._markup:
            self._markup.add(begin)
            yield Fault(error.code, diagnoses.words(error.diagnosis).message, fix, part)

    def _unknown(self, name: str, part: Part) -> Fault:
        code = "TEMPLATE_UNDEFINED"
        if name in self._scope.later:
            message = say("`{name}` is not looked up yet here", name=name)
            return Fault(code, message, say("lookups run in order: move it above"), part, word=name)
        message = say(_UNKNOWN, name=name)
        if name in MEANT:
            return self._fault(code, message, part, rewriting.renamed(part.code, name, MEANT[name]))
        if right := _in_quotes(part.code, name):
            return self._fault(code, message, part, right, say("a text needs quotes"))
        if owners := [*self._owners(name)]:
            right = rewriting.renamed(part.code, name, owners[0])
            return self._fault(code, message, part, right, _or(owners[1:]))
        close = get_close_matches(name, sorted(filter(str.isidentifier, self._known)), n=1, cutoff=_ALIKE)
        if of_lookups := self._of_lookups(name, part.code, close):
            right, more = of_lookups
            return self._fault(code, message, part, right, more)
        close = close or [*self._owners(next(iter(get_close_matches(name, self._all_columns(), n=1)), ""))][:1]
        right = rewriting.renamed(part.code, name, close[0]) if close else ""
        return self._fault(code, message, part, right, suggestion(name, self._known))

    def _of_lookups(self, name: str, code: str, close: Sequence[str]) -> tuple[str, str] | None:
        """Say what to write for a table's name, or its SQL alias, in place of a lookup's: `order.name` for `c.name`.

        Returns None if a lookup with a similar name may have the columns.
        """
        columns = [column for owner, column in rewriting.columns(code) if owner == name]
        similar = self._columns.get(close[0]) if close else ()
        if close and close[0] not in self._scope.lists and (similar is None or {*columns} <= {*similar}):
            return None
        right, more = code, ""
        for column in columns:
            owners = [*self._owners(column)]
            used = rewriting.names(owners[0]) if owners else frozenset()
            if not used or not used <= self._known:  # the lookup's own name may be invalid, such as `my-order`
                return None
            right = rewriting.renamed_part(right, f"{name}.{column}", owners[0]) or right
            more = more or _or(owners[1:]) or _in_a_loop(owners[0], name)
        return (right, more) if right != code else None

    def _owners(self, column: str) -> Iterator[str]:
        """Yield what a column's name alone may mean, such as `order.number` for `number`."""
        for same in (str, str.lower):
            found = [
                *(
                    f"{name}.{one}"
                    for name, known in self._columns.items()
                    for one in known
                    if same(one) == same(column)
                ),
                *(
                    f"({name} | first).{one}"
                    for name, known in self._scope.lists.items()
                    for one in known
                    if same(one) == same(column)
                ),
            ]
            if found:
                yield from found
                return

    def _all_columns(self) -> list[str]:
        return sorted({one for known in (*self._columns.values(), *self._scope.lists.values()) for one in known})

    def _code_of(self, part: Part, text: str) -> str:
        return text[len(part.head) : len(text) - len(part.tail)] if part.tail else text[len(part.head) :]

    def _foreign_columns(self, part: Part, code: str) -> Iterator[Fault]:
        """Yield the columns in `code` that no SELECT returns. `code` is the part's expression, or a corrected one."""
        for owner, column in rewriting.columns(code):
            known = self._columns.get(owner, ())
            if not known or column in known:
                continue
            same = [one for one in known if one.lower() == column.lower()]
            if right := _without_table(code, f"{owner}.{column}", owner, known):
                message = say(
                    "the row `{owner}` has no {column}: its columns follow it directly, without their table",
                    owner=owner,
                    column=column,
                )
                yield self._fault("TEMPLATE_UNDEFINED", message, part, right)
                continue
            close = same or get_close_matches(column, known, n=1, cutoff=_ALIKE)
            right = rewriting.with_column(code, owner, column, close[0]) if close else ""
            lacks = _ROW_LACKS if owner in self._scope.columns else _ELEMENT_LACKS
            message, more = say(lacks, owner=owner, column=column), suggestion(column, known)
            if not close:
                more = say("; ").join((say("add it to the SELECT"), more))
            yield self._fault("TEMPLATE_UNDEFINED", message, part, right, more)

    def _out_of_scope(self) -> Iterator[Fault]:
        """Yield loop variables that are used outside their loop."""
        used = self._templates.check(self._leaf)
        for name in sorted(used - {*self._scope.names}):
            message = say(_UNKNOWN, name=name)
            yield Fault("TEMPLATE_UNDEFINED", message, suggestion(name, self._scope.names), word=name)


def _assigned(part: Part) -> list[str]:
    """Return the names that {% set %} or {% with %} assigns."""
    return re.findall(r"(\w+)\s*=(?!=)", part.text) if statements.word(part) in ("set", "with") else []


def _without_table(code: str, path: str, owner: str, known: Sequence[str]) -> str:
    """Return `order.number` for `order.o.number` if the row has that column; else ""."""
    after = re.findall(rf"(?<![\w.]){re.escape(path)}\.(\w+)", code)
    return rewriting.renamed_part(code, path, owner) if after and {*after} <= {*known} else ""


def _or(others: Sequence[str]) -> str:
    return say("or {text}", text=say(", or ").join(others)) if others else ""


def _in_a_loop(element: str, name: str) -> str:
    """Say how to show a column of each element, as `(items | first).sku` shows only the first one's; else return ""."""
    found = re.fullmatch(r"\((\w+) \| first\)\.\w+", element)
    if not found:
        return ""
    return say("for each element, write it within {{% for {loop} %}}, or `for: {loop}`", loop=f"{name} in {found[1]}")


def _in_quotes(code: str, name: str) -> str:
    """Return the expression with quotes around a name that is an argument of a filter, as in `mask(tail)`."""
    for node in rewriting.filters(code):
        given = [*node.args, *(one.value for one in node.kwargs)]
        if any(getattr(one, "name", None) == name for one in given):
            return rewriting.renamed(code, name, f"'{name}'")
    return ""
