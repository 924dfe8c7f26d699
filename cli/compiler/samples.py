"""`samples:` - named events with the results of their lookups. lint, preview and test render them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Final

from cli.compiler import shape, skeleton
from cli.compiler.findings import Place, Report
from cli.compiler.nodes import Entry, Node, Scalar, Sequence
from cli.compiler.nodes import Mapping as MappingNode
from cli.compiler.sql.columns import columns as selected_columns
from cli.diagnoses import suggestion
from cli.language import say
from handler.errors import EventError
from handler.model import ApiLookup, Event, Lookup, Notification, SqlLookup, Value
from handler.stages.route import checked_id

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)?")

_NOTHING: Final = MappingNode(Place(""), ())


@dataclass(frozen=True, slots=True)
class Sample:
    """An event, and the result of each lookup: a row, a list of rows, an API's document, or None for nothing.

    `places` has the position of each result in the file.
    """

    name: str
    event: str
    id: int | str
    data: Mapping[str, Value]
    answers: Mapping[str, Value]
    places: Mapping[str, Place] = field(default_factory=dict)


def read(node: Node, notification: Notification, report: Report) -> tuple[Sample, ...]:
    """Return the samples that fit the template. Report if there are none."""
    entries = shape.entries(node, report)
    if isinstance(node, MappingNode) and not entries:
        message = say("there is no sample; one is needed to render the message")
        report.add(node.place, "SAMPLE_INVALID", message)
    found = [_sample(entry, notification, report) for entry in entries]
    return tuple(sample for sample in found if sample is not None)


def columns(node: Node) -> dict[str, frozenset[str]]:
    """Return the columns that the samples have for each lookup, valid or not."""
    found: dict[str, frozenset[str]] = {}
    for sample in shape.entries(node, Report()):
        for answer in shape.entries(shape.at(sample.value, "lookups") or _NOTHING, Report()):
            rows = answer.value.items if isinstance(answer.value, Sequence) else (answer.value,)
            names = {entry.key.text for row in rows if isinstance(row, MappingNode) for entry in row.entries}
            found[answer.key.text] = found.get(answer.key.text, frozenset()) | names
    return found


def _sample(entry: Entry, notification: Notification, report: Report) -> Sample | None:
    before = report.errors
    found = shape.keys(entry.value, report, required=("id",), optional=("data", "lookups"))
    answers = _answers(entry, found.get("lookups"), notification.lookups, report)
    data = _data(found.get("data"), report)
    sample_id = _id(found["id"], notification, report) if "id" in found else None
    if sample_id is None or report.errors > before:
        return None
    return Sample(entry.key.text, notification.event, sample_id, data, answers, _places(found.get("lookups")))


def _places(node: Node | None) -> dict[str, Place]:
    entries = node.entries if isinstance(node, MappingNode) else ()
    return {entry.key.text: entry.key.place for entry in entries}


def _data(node: Node | None, report: Report) -> dict[str, Value]:
    """Return the event's `data`. As in an event, null is the same as none."""
    data = value(node, report) if node else None
    if node and not isinstance(data, dict | None):
        message, fix = say("`data` takes `key: value` lines"), say("write data: {source: shop}, or leave it out")
        report.add(node.place, "SAMPLE_INVALID", message, fix)
    return data if isinstance(data, dict) else {}


def _id(node: Node, notification: Notification, report: Report) -> int | str | None:
    given = value(node, report)
    if isinstance(given, bool) or not isinstance(given, int | str):
        report.add(node.place, "SAMPLE_INVALID", say("`id` takes a whole number or a text"))
        return None
    try:
        return checked_id(notification.id, Event(notification.event, given, ""))
    except EventError:
        rule = notification.id
        message = say("the id is not of type {kind}", kind=rule.kind)
        if rule.kind == "pattern":
            message = say("the id is not text that matches {pattern}", pattern=rule.pattern)
        report.add(node.place, "SAMPLE_INVALID", message, say("write an id as the template's `id:` declares it"))
        return None


def _answers(sample: Entry, node: Node | None, lookups: Iterable[Lookup], report: Report) -> dict[str, Value]:
    wanted = {lookup.name: lookup for lookup in lookups}
    answers: dict[str, Value] = {}
    misspelt: set[str] = set()
    for entry in shape.entries(node, report) if node else ():
        name = entry.key.text
        if name not in wanted:
            message = say("there is no lookup `{name}`", name=name)
            report.add(entry.key.place, "SAMPLE_INVALID", message, suggestion(name, wanted))
            misspelt.add(shape.closest_key(name, wanted, {}))
            continue
        answers[name] = value(entry.value, report)
        if not _fits(answers[name], wanted[name]):
            report.add(entry.key.place, "SAMPLE_INVALID", *_expected(wanted[name]))
        elif foreign := _foreign_columns(answers[name], wanted[name]):
            report.add(entry.key.place, "SAMPLE_INVALID", *foreign)
    for name in wanted.keys() - answers.keys() - misspelt:
        message = say("`lookups` has no `{name}`", name=name)
        fix = say("add `{name}:` with what it finds: {answer}", name=name, answer=skeleton.answer(wanted[name], ()))
        report.add(node.place if node else sample.key.place, "SAMPLE_INVALID", message, fix)
    return answers


def _fits(answer: Value, lookup: Lookup) -> bool:
    if answer is None:
        return may_be_missing(lookup)
    if lookup.expect != "many":
        return isinstance(answer, dict)
    return isinstance(answer, list) and (isinstance(lookup, ApiLookup) or all(isinstance(row, dict) for row in answer))


def _foreign_columns(answer: Value, lookup: Lookup) -> tuple[str, str] | None:
    """Say which columns of a sample the SELECT would not return: one is misspelt, and the real message would fail."""
    known = selected_columns(lookup.sql) if isinstance(lookup, SqlLookup) else ()
    rows = [row for row in (answer if isinstance(answer, list) else [answer]) if isinstance(row, dict)]
    unknown = sorted({name for row in rows for name in row} - set(known)) if known else []
    if not unknown:
        return None
    message = say("the SELECT of `{lookup}` returns no `{column}`", lookup=lookup.name, column=unknown[0])
    if joined := _without_comma(lookup, unknown[0], known):
        return message, say("a comma is missing in the SELECT: write {code}", code=f"{unknown[0]}, {joined}")
    return message, say("correct one of the two; {names}", names=suggestion(unknown[0], known))


def _without_comma(lookup: Lookup, column: str, known: Iterable[str]) -> str:
    """Return the column whose comma is missing: SQL reads `column other` as `column AS other`."""
    sql = lookup.sql if isinstance(lookup, SqlLookup) else ""
    return next((one for one in known if re.search(rf"\b{re.escape(column)}\s+{re.escape(one)}\b", sql)), "")


def may_be_missing(lookup: Lookup) -> bool:
    """Return whether a template must work without a lookup's result."""
    without = isinstance(lookup, ApiLookup) and lookup.on_failure == "without"
    return without or lookup.expect == "optional" or lookup.missing == "render"


def _expected(lookup: Lookup) -> tuple[str, str]:
    message = say("`{name}` is declared as `expect: {expect}`", name=lookup.name, expect=lookup.expect)
    form = "[{column: value}, {column: value}]" if lookup.expect == "many" else "{column: value}"
    if isinstance(lookup, ApiLookup) and lookup.all:
        message = say("`{name}` asks all instances", name=lookup.name)
        form = "[{instance: a, document: {key: value}, error: null}]"
    code = f"{lookup.name}: {form}"
    if may_be_missing(lookup):
        return message, say("write {code}, or null", code=code)
    return message, say("write {code}", code=code)


def value(node: Node, report: Report) -> Value:
    """Return a node's value in the types of a row. Complete dates and times become dates and times, in UTC."""
    match node:
        case MappingNode():
            return {entry.key.text: value(entry.value, report) for entry in node.entries}
        case Sequence():
            return [value(item, report) for item in node.items]
        case Scalar(style="plain", value=str()):
            return _moment(node, report)
        case Scalar(comment="") | Scalar(value=str()):
            return node.value
        case _:
            message = say("YAML reads everything after # as a comment")
            report.add(node.place, "SAMPLE_INVALID", message, say("put the value into quotes"))
            return None


def _moment(node: Scalar, report: Report) -> str | date | datetime:
    try:
        if _DATE.fullmatch(node.text):
            return date.fromisoformat(node.text)
        if _TIME.fullmatch(node.text):
            moment = datetime.fromisoformat(node.text.upper())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except ValueError:
        message = say("there is no such day or time: {text}", text=node.text)
        report.add(node.place, "SAMPLE_INVALID", message, say("quote it to have a text"))
    return node.text
