"""Reports a column that a SELECT returns and a sample lacks: once at the sample, not at each use."""

from __future__ import annotations

from collections.abc import Iterator

from cli.compiler import name_usage
from cli.compiler.problems import Parts, Problem
from cli.compiler.samples import Sample
from cli.compiler.sql.columns import columns
from cli.compiler.template import Template
from cli.language import say
from handler.model import SqlLookup, Value


def finding(problem: Problem, template: Template, sample: Sample) -> Parts | None:
    """Return a finding at the sample, if a problem comes from a column that the sample lacks; else None."""
    if not problem.column or problem.node is None:
        return None
    texts = [node.text for node in template.nodes.values()]
    for lookup, names in _lookups(template, texts):
        owners = name_usage.owners(problem.node.text, problem.column)
        lacking = [one for one in columns(lookup.sql) if _lacks(sample.answers[lookup.name], one)]
        if problem.column in lacking and (not owners or any(owner in names for owner in owners)):
            used = {column for name in names for column in name_usage.columns(texts, name)} | {problem.column}
            return _parts(sample, lookup, [one for one in lacking if one in used])
    return None


def _lookups(template: Template, texts: list[str]) -> Iterator[tuple[SqlLookup, list[str]]]:
    """Yield the SQL lookups, each with the names that expressions use for its row or rows."""
    elements = name_usage.elements(texts)
    for lookup in template.notification.lookups:
        if isinstance(lookup, SqlLookup):
            yield lookup, [lookup.name, *(name for name, lists in elements.items() if lookup.name in lists)]


def _lacks(answer: Value, column: str) -> bool:
    rows = answer if isinstance(answer, list) else [answer]
    return any(isinstance(row, dict) and column not in row for row in rows)


def _parts(sample: Sample, lookup: SqlLookup, lacking: list[str]) -> Parts:
    message = say(
        "sample `{sample}`: lookups.{lookup} lacks {columns}, which the SELECT names",
        sample=sample.name,
        lookup=lookup.name,
        columns=", ".join(f"`{column}`" for column in lacking),
    )
    fix = say("add {text}", text=", ".join(f"{column}: …" for column in lacking))
    return Parts(sample.places[lookup.name], "SAMPLE_INVALID", message, fix)
