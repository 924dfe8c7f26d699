"""Chooses which columns a message shows: the most informative ones, or those that were named."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cli.new_template.fields import Field, Join, Kind, is_number, is_text, label_of
from cli.new_template.quoting import as_name, is_writable, singular, words
from cli.new_template.tables import Column, Table
from cli.privacy.rules import Rules

MOST: Final = 8
_MOST_LONG: Final = 2
_MOST_JOINS: Final = 3
_HEADINGS: Final = ("number", "no", "番号", "code", "コード", "sku", "title", "subject", "件名", "name", "名")
_NAMES: Final = ("name", "title", "label", "名前", "名称", "氏名", "number", "code")
_CREATED: Final = frozenset({"created", "inserted", "opened", "placed", "requested", "作成日時", "登録日時"})


@dataclass(frozen=True, slots=True)
class Chosen:
    """The columns in a message: `heading` identifies the row (None: its id does), `fields` are the others."""

    heading: Field | None
    fields: tuple[Field, ...]

    @property
    def short(self) -> tuple[Field, ...]:
        """Return the fields that are short enough for a grid."""
        return tuple(one for one in self.fields if not one.is_long)

    @property
    def long(self) -> tuple[Field, ...]:
        """Return the long texts, which get a block each."""
        return tuple(one for one in self.fields if one.is_long)


def usual_id(table: Table) -> str:
    """Return the column with the ids that events would have; empty if there is no obvious one."""
    names: tuple[str, ...] = (*table.unique, *table.primary)
    for name in table.primary if len(table.primary) == 1 else names:
        column = table.column(name)
        if column and (is_number(column) or is_text(column)):
            return name
    column = table.column("id")
    return column.name if column else ""


def is_one_row(table: Table, column: str) -> bool:
    """Return whether an id finds one row: by a key. A view has no keys, so its column `id` is assumed to be one."""
    return column in table.unique or (not table.primary and column.casefold() == "id")


def telling(found: Mapping[str, Field], key: str, rules: Rules, table: str) -> list[Field]:
    """Return the default fields of a message, the most informative first."""
    offered = [one for one in found.values() if one.column.name != key and not _leads_to_a_person(one, rules, table)]
    currencies = {other.currency.name for other in offered if other.currency}
    shown = [one for one in offered if one.name not in currencies]
    short = sorted((one for one in shown if not one.is_long), key=_rank)[:MOST]
    return [*short, *[one for one in shown if one.is_long][:_MOST_LONG]]


def with_heading(fields: Sequence[Field]) -> Chosen:
    """Return the fields, with the one as heading that people know the row by."""
    named = [
        (at, one)
        for one in fields
        for at, word in enumerate(_HEADINGS)
        if not (one.is_long or one.join or one.codes or one.is_flag or one.may_lack)
        and (words(one.column.name)[-1:] == [word] or (not word.isascii() and one.column.name.endswith(word)))
    ]  # fmt: skip
    heading = min(named, key=lambda each: each[0])[1] if named else None
    return Chosen(heading, tuple(one for one in fields if one is not heading))


def references(table: Table, known: Collection[str], key: str) -> dict[str, tuple[str, str]]:
    """Return which columns have ids of other tables, by a foreign key or by their name.

    The referenced column is empty if only the name says so.
    """
    found = {name: to for name, to in table.references.items() if name != key}
    tables = {one.casefold(): one for one in known}
    for column in table.columns:
        parts = words(column.name)
        if column.name in found or column.name == key or len(parts) < 2 or parts[-1] != "id":
            continue
        base = "_".join(parts[:-1])
        plurals = (base, f"{base}s", f"{base}es", f"{base[:-1]}ies")
        if target := next((tables[one] for one in plurals if one in tables), ""):
            found[column.name] = (target, "")
    return dict([*found.items()][:_MOST_JOINS])


def named(found: Mapping[str, Field], to: Mapping[str, tuple[Table, str]]) -> dict[str, Field]:
    """Replace ids by names from other tables. `to` has the table and its column, by column."""
    taken = {one.name.casefold() for one in found.values()}
    made = {}
    for name, field in found.items():
        made[name] = field
        if name in to and (join := _join(field.column, *to[name])):
            base = as_name("_".join(words(name)[:-1])) or singular(join.table)
            if base and base.casefold() not in taken:
                taken.add(base.casefold())
                made[name] = replace(
                    field, name=base, label=label_of(field.column.comment, name), kind=Kind.NAME, filters="",
                    may_lack=True, codes=(), join=join,
                )  # fmt: skip
    return made


def created(table: Table) -> str:
    """Return the column with the time when a row was created; empty if that is uncertain."""
    for column in table.columns:
        is_time = column.type in ("datetime", "timestamp") and not column.nullable
        if is_time and not _CREATED.isdisjoint([*words(column.name), column.name]):
            return column.name
    return ""


def _join(column: Column, table: Table, key: str) -> Join | None:
    if not key:
        key = table.primary[0] if len(table.primary) == 1 else ""
        target = table.column(key) if key else None
        if not target or target.written != column.written:
            return None
    shown = next((one for name in _NAMES if (one := table.column(name)) and is_text(one)), None)
    return Join(table.name, key, shown) if shown and is_writable(table.name) and is_writable(key) else None


def _rank(one: Field) -> tuple[int, bool]:
    """Return the sort key: names, states, amounts, times. The time of the last update tells little, and ranks lower."""
    is_touched = one.kind is Kind.TIME and "updated" in words(one.column.name)
    return (Kind.OTHER if is_touched else one.kind), is_touched


def _leads_to_a_person(one: Field, rules: Rules, table: str) -> bool:
    rule = rules.of((table, one.column.name))
    return bool(rule and rule.kind == "id")
