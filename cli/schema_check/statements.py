"""The SELECTs of a template, each with its position and with the parameters of the samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import Any

import sqlglot
from sqlglot import exp

from cli.compiler import files, render_samples, shape, sql
from cli.compiler.answers import answering
from cli.compiler.findings import Edit, Place, Report
from cli.compiler.nodes import Node, Scalar
from cli.compiler.sql.tree import UNREADABLE
from cli.compiler.template import Template
from handler.catalog import Stage
from handler.errors import NotifierError
from handler.model import Lookup, Poll, SqlLookup, Value
from handler.stages.enrich import Sources
from handler.templating import Context, Templates


@dataclass(frozen=True, slots=True)
class Statement:
    """A SELECT of a lookup or of the poll (`lookup` is None).

    `sql` has PyMySQL's parameters; `tree` is its syntax tree, with offsets into the text of `node`. `parameters` has
    those of each sample.
    """

    database: str
    sql: str
    node: Scalar
    tree: exp.Expr
    lookup: SqlLookup | None = None
    parameters: tuple[Mapping[str, Value], ...] = ()

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the tables in it, without those that WITH defines."""
        made = {one.alias_or_name for one in self.tree.find_all(exp.CTE)}
        return tuple(dict.fromkeys(one.name for one in self.tree.find_all(exp.Table) if one.name not in made))

    def place(self, part: exp.Expr | None) -> Place:
        """Return the position of a name in the tree; without one, of the start of the SQL."""
        found = self._found(part)
        if found:
            return found
        return self.node.place_of(self.node.text.count("\n", 0, _start(part)) + 1)

    def edit(self, part: exp.Expr, right: str) -> Edit | None:
        """Return the edit that replaces a name; None if its position is not exact."""
        return Edit(_word(self.node.text, part), right) if self._found(part) else None

    def _found(self, part: exp.Expr | None) -> Place | None:
        if part is None or "start" not in part.meta:
            return None
        word, start = _word(self.node.text, part), _start(part)
        return self.node.find(word, _overlapping(self.node.text[:start], word) + 1)


def _start(part: exp.Expr | None) -> int:
    return int(part.meta.get("start", 0)) if part else 0


def _word(text: str, part: exp.Expr) -> str:
    return text[_start(part) : int(part.meta["end"]) + 1]


def _overlapping(text: str, word: str) -> int:
    return sum(text.startswith(word, at) for at in range(len(text)))


def of(folder: Path, template: Template, stage: Stage) -> tuple[Statement, ...]:
    """Return the SELECTs of a template without errors, in file order. SQL that cannot be parsed is left out."""
    node = files.read(folder, PurePath(f"{template.notification.name}.yaml"), Report())
    return tuple(_all(node, template, stage)) if node else ()


def _all(node: Node, template: Template, stage: Stage) -> Iterator[Statement]:
    lookups = shape.at(node, "lookups")
    bound = [*_bound(template, stage)]
    for lookup in template.notification.lookups:
        found = lookups and shape.at(lookups, lookup.name)
        if isinstance(lookup, SqlLookup) and found and (made := _made(found, lookup)):
            given = tuple(one[lookup.name] for one in bound if lookup.name in one)
            yield replace(made, lookup=lookup, parameters=given)
    poll = shape.at(node, "poll")
    if template.notification.poll and poll and (made := _made(poll, template.notification.poll)):
        yield made


def _made(node: Node, source: SqlLookup | Poll) -> Statement | None:
    scalar = shape.at(node, "sql")
    if not isinstance(scalar, Scalar):
        return None
    try:
        tree = sqlglot.parse_one(sql.readable(scalar.text), read="mysql")
    except UNREADABLE:
        return None
    return Statement(source.database, source.sql, scalar, tree)


@dataclass(slots=True)
class _Noted:
    """A fake database that records the parameters of a lookup, and returns no rows."""

    parameters: dict[str, Value] = field(default_factory=dict)

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Any]:  # noqa: ARG002 - the port's
        self.parameters = dict(parameters)
        return []

    def replicating(self, database: str) -> None:
        """Return None: the replication state is unknown."""


def _bound(template: Template, stage: Stage) -> Iterator[Mapping[str, Mapping[str, Value]]]:
    """Yield the parameters of each lookup, for each sample that can be rendered."""
    templates = Templates(locale=template.notification.locale(stage.locale))
    for sample in template.samples:
        noted: dict[str, Mapping[str, Value]] = {}

        def fetch(
            lookup: Lookup, context: Context, noted: Any = noted, answers: Mapping[str, Value] = sample.answers
        ) -> Value:
            if isinstance(lookup, SqlLookup):
                database = _Noted()
                # The missing row does not matter: only the parameters are needed.
                Sources(database, None, templates)(replace(lookup, expect="many"), context)  # type: ignore[arg-type]
                noted[lookup.name] = database.parameters
            return answering(answers, templates)(lookup, context)

        try:
            render_samples.enriched(template, sample, stage, fetch)
        except NotifierError:
            continue
        yield noted
