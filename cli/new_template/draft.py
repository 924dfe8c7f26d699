"""Writes the text of a first template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cli.compiler.names import RESERVED
from cli.language import say
from cli.new_template.choosing import Chosen
from cli.new_template.fields import Field, is_number
from cli.new_template.quoting import quoted, singular
from cli.new_template.tables import Table
from cli.sampling import yaml_values

_ROWS: Final = 20
# Most characters: of a heading, enough to identify the row; of a long text, as many as fit into a section.
_HEADING: Final = 60
_LONG: Final = 2_900
_CELL: Final = 200
_CODES: Final = 12
_NOTHING: Final = "-"
_ROW: Final = "row"
_FLAGS: Final = {"en": ("yes", "no"), "ja": ("はい", "いいえ")}


@dataclass(frozen=True, slots=True)
class Words:
    """The texts and options of a notification. An empty `language` means that of the stage."""

    title: str
    channel: str
    description: str = ""
    owner: str = ""
    language: str = ""
    every: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The rows that an event's id finds in the column `key` of a table: one, or several. `database` is its name."""

    table: Table
    key: str
    is_one: bool
    created: str = ""
    database: str = "default"

    @property
    def lookup(self) -> str:
        """Return the name of the lookup."""
        if not self.is_one:
            return f"{_ROW}s"
        name = singular(self.table.name).lower()
        return name if name.isascii() and name[:1].isalpha() and name not in RESERVED else _ROW

    def beside(self, shown: Sequence[Field]) -> list[Field]:
        """Return the columns that the fields need in addition: the currencies of amounts."""
        needed = {one.currency.name: one.currency for one in shown if one.currency}
        return [one for name, one in needed.items() if name not in [each.name for each in shown]]


@dataclass(frozen=True, slots=True)
class Style:
    """The language of the template's own words, and whether it starts with a reference to the JSON Schema."""

    language: str
    has_schema: bool


def of_table(words: Words, source: Source, chosen: Chosen, id_form: str | Mapping[str, str], style: Style) -> str:
    """Return a template without samples that shows columns of a table."""
    lines = [*_head(words, id_form, style)]
    if words.every:
        lines += ["", *_poll(words.every, source)]
    lines += ["", "lookups:", *_lookup(source, chosen), ""]
    lines += _one(words, source, chosen, style) if source.is_one else _several(words, source, chosen, style)
    return "\n".join([*lines, ""])


def of_data(words: Words, keys: Sequence[str], id_form: str | Mapping[str, str], style: Style) -> str:
    """Return a template without samples that shows the event's own `data`."""
    shown = {key: f"{{{{ data.{key} | default('{_NOTHING}') }}}}" for key in keys}
    lines = [
        *_head(words, id_form, style),
        "",
        f"text: {yaml_values.text(f'{words.title}: *{{{{ id }}}}*')}",
        "",
        "blocks:",
    ]
    lines += [f"  - header: {yaml_values.text(f'{words.title}: {{{{ id }}}}')}", "  - fields:"]
    lines += [f"      {yaml_values.text(key)}: {yaml_values.text(value)}" for key, value in shown.items()]
    return "\n".join([*lines, ""])


def _head(words: Words, id_form: str | Mapping[str, str], style: Style) -> Iterator[str]:
    if style.has_schema:
        yield "# yaml-language-server: $schema=./.schema.json"
    if words.description:
        yield f"description: {yaml_values.text(words.description)}"
    if words.owner:
        yield f"owner: {yaml_values.text(words.owner)}"
    if words.description or words.owner:
        yield ""
    yield f"id: {yaml_values.flow(id_form)}"
    yield f"channel: {yaml_values.text(words.channel)}"
    if words.language:
        yield f"language: {words.language}"


def _poll(every: str, source: Source) -> Iterator[str]:
    columns = [_as(quoted(source.key), source.key, "id")]
    if source.created:
        columns.append(_as(quoted(source.created), source.created, "created"))
    yield "poll:"
    yield f"  every: {yaml_values.text(every)}"
    select = f"SELECT {', '.join(columns)} FROM {quoted(source.table.name)}"  # noqa: S608 - names of the database
    yield f"  sql: {_scalar(select)}"
    if source.database != "default":
        yield f"  db: {yaml_values.text(source.database)}"


def _as(written_as: str, column: str, name: str) -> str:
    return written_as if column == name else f"{written_as} AS {quoted(name)}"


def _scalar(text: str) -> str:
    """Return a text without quotes, if YAML reads it as the same text."""
    is_plain = text.isascii() and not any(one in text for one in (": ", " #")) and not text.endswith(":")
    return text if is_plain else yaml_values.text(text)


def _lookup(source: Source, chosen: Chosen) -> Iterator[str]:
    shown = [*([chosen.heading] if chosen.heading else []), *chosen.fields]
    joins = [one for one in shown if one.join]
    before = "t." if joins else ""
    selected = dict.fromkeys(_selected(one, at, before) for at, one in _numbered(shown))
    selected.update(dict.fromkeys(_selected(one, 0, before) for one in source.beside(shown)))
    if not selected:
        selected[before + quoted(source.key)] = None
    yield f"  {source.lookup}:"
    yield "    sql: |"
    yield from _wrapped([*selected])
    yield f"      FROM {quoted(source.table.name)}{' AS t' if joins else ''}"
    for at, one in _numbered(shown):
        if one.join:
            key = f"j{at}.{quoted(one.join.key)} = t.{quoted(one.column.name)}"
            yield f"      LEFT JOIN {quoted(one.join.table)} AS j{at} ON {key}"
    yield f"      WHERE {before}{quoted(source.key)} = :id"
    if not source.is_one:
        order = ", ".join(f"{before}{quoted(one)}" for one in source.table.primary if one != source.key)
        yield f"      {f'ORDER BY {order} ' if order else ''}LIMIT {_ROWS}"
        yield "    expect: many"
    if source.database != "default":
        yield f"    db: {yaml_values.text(source.database)}"


def _numbered(shown: Sequence[Field]) -> Iterator[tuple[int, Field]]:
    """Yield each field with the number of its join, from 1."""
    number = 0
    for one in shown:
        number += one.join is not None
        yield number, one


def _selected(one: Field, join: int, before: str) -> str:
    if one.join:
        return _as(f"j{join}.{quoted(one.join.shown.name)}", one.join.shown.name, one.name)
    column = before + quoted(one.column.name)
    if one.column.type == "bit":
        return f"{column} + 0 AS {quoted(one.name)}"
    if one.is_long:
        return f"LEFT({column}, {_LONG}) AS {quoted(one.name)}"
    return _as(column, one.column.name, one.name)


def _wrapped(columns: Sequence[str]) -> Iterator[str]:
    """Yield the columns of a SELECT as lines of readable length."""
    line = f"      SELECT {columns[0]}"
    for column in columns[1:]:
        line += ","
        if len(line) + len(column) > yaml_values.WIDTH:
            yield line
            line = "       "
        line += f" {column}"
    yield line


def _one(words: Words, source: Source, chosen: Chosen, style: Style) -> Iterator[str]:
    row = source.lookup
    heading = _heading(chosen.heading, row)
    yield f"text: {yaml_values.text(f'{words.title}: *{heading}*')}"
    yield ""
    yield "blocks:"
    yield f"  - header: {yaml_values.text(f'{words.title}: {heading}')}"
    if chosen.short:
        for one in chosen.short:
            yield from _note(one, row)
        yield "  - fields:"
        for one in chosen.short:
            yield f"      {yaml_values.text(one.label)}: {yaml_values.text('{{ ' + _value(one, row, style) + ' }}')}"
    for one in chosen.long:
        value = f"{row}.{one.name}"
        yield f"  - if: {value}"
        yield "    section: |"
        yield f"      *{one.label}*"
        yield f"      {{{{ {value} | quote }}}}"


def _several(words: Words, source: Source, chosen: Chosen, style: Style) -> Iterator[str]:
    fields = [*([chosen.heading] if chosen.heading else []), *chosen.short]
    title = f"{words.title}: {{{{ id }}}}"
    yield f"text: {yaml_values.text(title)}"
    yield ""
    yield "blocks:"
    yield f"  - header: {yaml_values.text(title)}"
    if fields:
        for one in fields:
            yield from _note(one, _ROW)
        yield "  - table:"
        yield f"      head: {yaml_values.flow([one.label for one in fields])}"
        yield f"      for: {_ROW} in {source.lookup}"
        yield "      row:"
        for one in fields:
            yield f"        - {yaml_values.text('{{ ' + _value(one, _ROW, style, cut=_CELL) + ' }}')}"
    else:
        yield f"  - section: {yaml_values.text('{{ ' + source.lookup + ' | length }}')}"


def _heading(one: Field | None, row: str) -> str:
    if one is None:
        return "{{ id }}"
    is_wide = one.column.width > _HEADING
    filters = one.filters if not is_number(one.column) else ""
    cut = f" | truncate({_HEADING})" if is_wide else ""
    return f"{{{{ {row}.{one.name}{filters}{cut}{_default(one)} }}}}"


def _value(one: Field, row: str, style: Style, cut: int = 0) -> str:
    value = f"{row}.{one.name}"
    if one.is_flag:
        yes, no = _FLAGS[style.language]
        shown = f"'{yes}' if {value} else '{no}'"
        return f"'{_NOTHING}' if {value} is none else {shown}" if one.may_lack else shown
    width = one.join.shown.width if one.join else one.column.width
    shortened = f" | truncate({cut})" if cut and width > cut else ""
    filters = f" | money({row}.{one.currency.name})" if one.currency else one.filters
    return f"{value}{filters}{shortened}{_default(one)}"


def _default(one: Field) -> str:
    return f" | default('{_NOTHING}')" if one.may_lack else ""


def _note(one: Field, row: str) -> Iterator[str]:
    """Yield a comment that lists the codes of a column, and says how to show labels instead."""
    if not one.codes:
        return
    codes = ", ".join(map(str, one.codes[:_CODES])) + (", …" if len(one.codes) > _CODES else "")
    note = say(
        "{label}: codes {codes}. Give them words in _labels.yaml, and write {expression}",
        label=one.label, codes=codes, expression=f"{{{{ {row}.{one.name} | label('{row}_{one.name}') }}}}",
    )  # fmt: skip
    if said := " ".join("".join(sign if sign.isprintable() else " " for sign in one.column.comment).split()):
        note += f" ({said[:_HEADING]})"
    yield f"  # {note}"
