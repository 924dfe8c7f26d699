"""Queries each database about the templates that read it, and runs the checks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from cli.compiler import Compilation
from cli.compiler.findings import Report
from cli.compiler.problems import Parts
from cli.compiler.template import Template
from cli.external_findings import Checked
from cli.language import say
from cli.schema_check import comparisons, names, nulls, reading, scans, statements, widths
from cli.schema_check.resolving import Output, made_by_another, outputs
from cli.schema_check.schema import Schema
from cli.schema_check.statements import Statement
from handler.catalog import Stage
from handler.errors import CODES, ConfigError, NotifierError, SourceError
from handler.health import polling
from handler.model import Value
from handler.ports import Database

_UNKNOWN: Final = "DB_UNKNOWN"
# Errors that are about the SELECT itself, or about the rights of the account.
_DENIED: Final = "DB_DENIED"
_OF_STATEMENT: Final = ("QUERY_", _DENIED)
# What keeps a server from planning one SELECT, and says neither that the template is wrong nor that the next one fails.
_OF_PLAN: Final = ("DB_UNKNOWN_ERROR", "DB_TIMEOUT")
# EXPLAIN of a view takes a right that SELECT does not.
_VIEW_NO_EXPLAIN: Final = 1345


def check(folder: Path, compilation: Compilation, database: Database) -> Checked:
    """Check the templates without errors against their databases. A database that fails is reported, not raised."""
    asked: dict[str, list[tuple[Template, Stage, Statement]]] = {}
    for template, stage in compilation.rehearsed():
        for statement in statements.of(folder, template, stage):
            asked.setdefault(statement.database, []).append((template, stage, statement))
    report, notes, failures = Report(), list[str](), list[str]()
    for name, found in sorted(asked.items()):
        try:
            notes += _check_database(name, found, database, report)
        except (SourceError, ConfigError) as error:
            if error.code == _UNKNOWN:
                notes.append(_not_given(name, dict.fromkeys(template.notification.name for template, _, _ in found)))
            else:
                failures.append(f"{error.code} {error.detail}; fix: {CODES[error.code].remedy}")
    return Checked(report.findings(), tuple(notes), tuple(failures))


def _check_database(
    name: str, found: Sequence[tuple[Template, Stage, Statement]], database: Database, report: Report
) -> tuple[str, ...]:
    """Check the statements of one database, and return what could not be checked.

    Raises SourceError, ConfigError where it does not answer.
    """
    notes: dict[str, None] = {}
    schema = reading.read_schema(database, name, {table for _, _, one in found for table in one.tables})
    made: dict[str, dict[str, tuple[Output, ...]]] = {}
    for template, stage, statement in found:
        known = made.setdefault(template.notification.name, {})
        for one in _findings(template, stage, statement, schema, known, database):
            if isinstance(one, Parts):
                report.add(one.place, one.code, one.message, one.fix, one.edit)
            else:
                notes.setdefault(one)
    return tuple(notes)


def _findings(
    template: Template,
    stage: Stage,
    statement: Statement,
    schema: Schema,
    known: dict[str, tuple[Output, ...]],
    database: Database,
) -> Iterator[Parts | str]:
    """What is wrong with one SELECT, and what of it cannot be checked.

    Its outputs are added to `known`, by the name of its lookup.
    """
    mismatched = comparisons.mismatched(template, statement, schema, known)
    plan: scans.Plan = []
    try:
        plan = _plan(statement, schema, database)
    except SourceError as error:
        if error.code.startswith(_OF_STATEMENT):
            known_better = [*names.unknown(statement, schema, error.detail)] or [*mismatched]
            yield from (known_better if error.code != _DENIED else []) or [_refused(statement, error)]
            return
        if error.code not in _OF_PLAN:
            raise
        yield _unplanned(template, statement, error)
    yield from mismatched
    if statement.lookup is None:
        yield from _polled(template, statement, database)
        return
    yield from scans.whole_tables(statement, plan, schema)
    found = known[statement.lookup.name] = outputs(statement.tree, schema)
    yield from nulls.unguarded(template, statement.lookup.name, found, stage)
    yield from widths.too_wide(template, statement.lookup.name, found, stage)
    if made_by_another(statement.tree):
        yield say(
            "not checked: what may be NULL or long of `{lookup}` in {template}, where another SELECT makes the columns",
            lookup=statement.lookup.name, template=template.notification.name,
        )  # fmt: skip


def _unplanned(template: Template, statement: Statement, error: NotifierError) -> str:
    why = error.detail
    if getattr(error.__context__, "args", ())[:1] == (_VIEW_NO_EXPLAIN,):
        why = say("it reads a view, and the account may not SHOW VIEW")
    name = statement.lookup.name if statement.lookup else "poll"
    return say(
        "not checked: how the database reads `{lookup}` in {template}: {why}",
        lookup=name, template=template.notification.name, why=why,
    )  # fmt: skip


def _refused(statement: Statement, error: NotifierError) -> Parts:
    return Parts(statement.place(None), error.code, error.detail, "")


def _plan(statement: Statement, schema: Schema, database: Database) -> scans.Plan:
    """Return the plan for the parameters of a sample. If no row matches any of them, use values from the table."""
    plan: scans.Plan = []
    for parameters in _tried(statement, schema, database):
        plan = reading.plan(database, statement.database, statement.sql, parameters)
        if not scans.finds_nothing(plan):
            break
    return plan


def _tried(statement: Statement, schema: Schema, database: Database) -> Iterator[Mapping[str, Value]]:
    if not statement.lookup:
        yield {}
        return
    given = statement.parameters or (dict.fromkeys(("id", *statement.lookup.bind)),)
    yield from given
    there: dict[str, Value] = {}
    for parameter, column, _ in comparisons.compared(statement, schema):
        if parameter not in there and any(index[0] == column.column.name.lower() for index in column.table.indexes):
            there[parameter] = reading.highest(database, statement.database, column.table.name, column.column.name)
    if there:
        yield {**given[0], **there}


def _polled(template: Template, statement: Statement, database: Database) -> Iterable[Parts]:
    """Yield what `notifier doctor` would say about the poll, at its position in the file."""
    poll = template.notification.poll
    if poll is None:
        return
    for one in polling.looked_at(database, template.notification.event, poll):
        if one.state in ("warning", "failed"):
            part = one.name.rpartition(", ")[2]
            code = comparisons.CODE if part == "ids" else scans.CODE
            yield Parts(statement.place(None), code, one.cause, one.remedy)


def _not_given(name: str, templates: Iterable[str]) -> str:
    return say(
        "The database {name} was not given, so {templates} were not checked against it. Add --db {name}=mysql://...",
        name=name, templates=", ".join(templates),
    )  # fmt: skip
