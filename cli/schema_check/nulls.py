"""Finds columns that may be NULL and without which the message fails, or shows nothing.

Each sample is rendered by the function's own stages once more, without the column.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

from cli.compiler import render_samples
from cli.compiler.findings import Place
from cli.compiler.problems import Parts
from cli.compiler.samples import Sample
from cli.compiler.template import Template
from cli.language import say
from cli.schema_check.resolving import Output
from handler.catalog import Stage
from handler.model import SqlLookup, Value

FAILS: Final = "COLUMN_UNGUARDED"
SHOWS_NOTHING: Final = "COLUMN_EMPTY"


def unguarded(template: Template, lookup: str, outputs: Sequence[Output], stage: Stage) -> Iterator[Parts]:
    """Yield what is wrong with a message if one of these columns is NULL; each position once."""
    answers = [sample.answers.get(lookup) for sample in template.samples]
    empty = [one for one in outputs if one.nullable and not any(_is_null(answer, one.name) for answer in answers)]
    before = {sample.name: _places(template, sample, stage) for sample in template.samples} if empty else {}
    for output in empty:
        yield from _without(template, lookup, output, stage, before)
        yield from _searched(template, f"{lookup}.{output.name}")


def _without(
    template: Template, lookup: str, output: Output, stage: Stage, before: dict[str, frozenset[Place]]
) -> Iterator[Parts]:
    seen: set[Place] = set()
    for sample in template.samples:
        if not _has(sample.answers.get(lookup), output.name):
            continue
        column = f"{lookup}.{output.name}"
        for parts in _parts(template, _emptied(sample, lookup, output.name), stage, column):
            if parts.place not in seen | before[sample.name]:
                seen.add(parts.place)
                yield parts


def _searched(template: Template, column: str) -> Iterator[Parts]:
    """Yield the lookups that require a row, but would search by NULL, which finds none."""
    for lookup in template.notification.lookups:
        if not isinstance(lookup, SqlLookup) or lookup.expect != "one" or lookup.missing != "park":
            continue
        for leaf in lookup.bind.values():
            node = template.nodes.get(leaf.where)
            if node and leaf.source.strip() == column:
                message = say(
                    "`{column}` may be NULL in the database; then `{lookup}` finds nothing, and the event is parked",
                    column=column,
                    lookup=lookup.name,
                )
                fix = say("add `expect: optional` to `{lookup}`, and guard what uses it", lookup=lookup.name)
                yield Parts(node.place, FAILS, message, fix)


def _parts(template: Template, sample: Sample, stage: Stage, column: str) -> Iterator[Parts]:
    problems, blanks = render_samples.outcome(template, sample, stage)
    for one in problems:
        message = say("`{column}` may be NULL in the database, and then: {message}", column=column, message=one.message)
        yield Parts(one.place, FAILS, message, one.fix, one.edit)
    for blank in blanks:
        if pasted := render_samples.instead_of(template, blank):
            message = say("`{column}` may be NULL in the database, and then this shows nothing", column=column)
            fix = say("write {text}", text=pasted.text) if pasted.text else ""
            yield Parts(pasted.place, SHOWS_NOTHING, message, fix, pasted.edit)


def _places(template: Template, sample: Sample, stage: Stage) -> frozenset[Place]:
    """Return the positions of mistakes in the sample as it is; lint reports those anyway."""
    return frozenset(one.place for one in _parts(template, sample, stage, ""))


def _rows(answer: Value) -> Collection[dict[str, Value]]:
    return [row for row in (answer if isinstance(answer, list) else [answer]) if isinstance(row, dict)]


def _has(answer: Value, column: str) -> bool:
    return any(row.get(column) is not None for row in _rows(answer))


def _is_null(answer: Value, column: str) -> bool:
    return any(column in row and row[column] is None for row in _rows(answer))


def _emptied(sample: Sample, lookup: str, column: str) -> Sample:
    rows = [{**row, column: None} for row in _rows(sample.answers[lookup])]
    answer: Value = [*rows] if isinstance(sample.answers[lookup], list) else rows[0]
    return replace(sample, answers={**sample.answers, lookup: answer})
