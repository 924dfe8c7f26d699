"""Decides whether and how a message shows a column, by its type, its name and its comment only."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise
from typing import Final

from cli.new_template.quoting import as_name, is_writable, words
from cli.new_template.tables import Column, Table
from cli.privacy.rules import KEEP, TEXT, Rules

_WHOLE: Final = frozenset({"tinyint", "smallint", "mediumint", "int", "bigint"})
_FRACTIONS: Final = frozenset({"decimal", "float", "double"})
_TIMES: Final = {"date": "date", "datetime": "datetime", "timestamp": "datetime", "time": "time"}
_TEXTS: Final = frozenset({"char", "varchar", "tinytext", "enum", "set", "uuid", "inet4", "inet6"})
_LONG: Final = frozenset({"text", "mediumtext", "longtext", "json"})
# Longer texts get a block of their own. Names get more room: they are rarely as long as their column allows.
_WIDE: Final = 255
_WIDEST: Final = 1_500

_NAMES: Final = frozenset({"name", "title", "subject", "label", "number", "no", "code", "sku"})
_NAMES_JA: Final = ("名", "件名", "番号", "題")
_STATES: Final = frozenset({"status", "state", "type", "kind", "priority", "method", "level", "category", "severity"})
_STATES_JA: Final = ("状態", "ステータス", "種別", "種類", "区分", "優先")
_AMOUNTS_WORDS: Final = """
    amount total subtotal price fee cost balance tax discount sum charge revenue deposit payment refund
"""
_AMOUNTS: Final = frozenset(_AMOUNTS_WORDS.split())
_AMOUNTS_JA: Final = ("金額", "合計", "小計", "価格", "料金", "税", "単価", "残高", "売上", "費用", "送料")
_CURRENCIES: Final = frozenset({"currency", "通貨"})
_IDS: Final = frozenset({"id", "ids", "uuid", "guid"})
# Numbers that nobody adds up, so they are written without thousands separators.
_LABELS: Final = frozenset({"id", "no", "number", "code", "year", "version", "zip", "番号", "コード"})
_SECRETS_WORDS: Final = """
    password passwd pwd pass passphrase secret token salt hash digest otp pin cvv cvc apikey credential
    credentials signature
"""
_SECRETS: Final = frozenset(_SECRETS_WORDS.split())
_SECRET_PAIRS: Final = frozenset({("api", "key"), ("private", "key"), ("access", "key"), ("secret", "key")})
_SECRETS_JA: Final = ("パスワード", "暗証", "秘密", "トークン")

_LABEL: Final = 40
_NO_LABEL: Final = re.compile(r"[^\w \-/.'%ー・]+|_+")
_END: Final = re.compile(r"[:;,(\[{<|=\n。、：；（【「,，]")


class Kind(IntEnum):
    """What a column means for a message, the most informative first."""

    NAME = 0
    STATE = 1
    AMOUNT = 2
    TIME = 3
    OTHER = 4
    ID = 5
    PERSONAL = 6
    LONG = 7


@dataclass(frozen=True, slots=True)
class Join:
    """Where to get the name for an id: the other table, its column that equals the id, and its column with the name."""

    table: str
    key: str
    shown: Column


@dataclass(frozen=True, slots=True)
class Field:
    """A column in a message.

    `name` is its name in expressions. `filters` follow it, such as ` | date`; with `is_flag` it shows yes or no, and
    with a `currency` money. `may_lack`: there may be no value. `codes` are its numbers or words, if they are codes.
    With a `join`, the message shows a name from another table instead of the id.
    """

    column: Column
    name: str
    label: str
    kind: Kind
    filters: str = ""
    is_flag: bool = False
    is_long: bool = False
    may_lack: bool = False
    codes: tuple[int | str, ...] = ()
    join: Join | None = None
    currency: Field | None = None


def of(table: Table, rules: Rules, codes: Mapping[str, Sequence[int]], empty: Collection[str] = ()) -> dict[str, Field]:
    """Return the fields of a table by column name. Columns that no message can show have none.

    `codes` are the numbers in small columns. `empty` are columns that are empty in a row, whatever the schema says.
    """
    found: dict[str, Field] = {}
    taken: set[str] = set()
    labels: set[str] = set()
    for column in table.columns:
        name = as_name(column.name)
        if not name or not is_writable(column.name) or not is_shown(column) or is_secret(column.name):
            continue
        name = _free(name, taken, "_")
        label = _free(label_of(column.comment, column.name), labels, " ")
        found[column.name] = _field(column, name, label, rules, table.name, codes, column.name in empty)
    return _with_currency(found)


def is_shown(column: Column) -> bool:
    """Return whether the function can read the column's values."""
    return column.type in _WHOLE | _FRACTIONS | _TEXTS | _LONG | _TIMES.keys() | {"year"} or column.written == "bit(1)"


def is_secret(name: str) -> bool:
    """Return whether a name is that of a password, a token or another secret."""
    found = words(name)
    return (
        not _SECRETS.isdisjoint(found)
        or not _SECRET_PAIRS.isdisjoint(pairwise(found))
        or any(one in name for one in _SECRETS_JA)
    )


def is_number(column: Column) -> bool:
    """Return whether a column holds whole numbers."""
    return column.type in _WHOLE


def is_text(column: Column) -> bool:
    """Return whether a column holds short texts, which can be ids."""
    return column.type in ("char", "varchar", "uuid")


def is_code(column: Column) -> bool:
    """Return whether the numbers of a column may be codes."""
    return column.type == "tinyint"


def is_masked(column: Column, table: Table, rules: Rules) -> bool:
    """Whether a rule masks the column's values, such as a small number that is an age."""
    rule = rules.of((as_name(table.name), column.name))
    return bool(rule and rule.kind != KEEP)


def label_of(comment: str, name: str) -> str:
    """Return a label: the column's comment up to the first punctuation, else the words of its name."""
    said = _plain(_END.split(comment.strip(), maxsplit=1)[0])
    if said and not said[0].isdigit() and len(said) <= _LABEL:
        return said
    found = words(name)
    if len(found) > 1 and found[-1] in ("at", "id", "on"):
        found.pop()
    if len(found) > 1 and found[0] in ("is", "has"):
        found.pop(0)
    said = _plain(" ".join(found))[:_LABEL].strip()
    return said[:1].upper() + said[1:]


def _plain(text: str) -> str:
    """Return a text without characters that Slack or YAML could read as markup."""
    return " ".join(_NO_LABEL.sub(" ", "".join(one if one.isprintable() else " " for one in text)).split())


def _free(name: str, taken: set[str], between: str) -> str:
    """Return the name, or if it is taken, the name with the first free number."""
    free, number = name, 2
    while free.casefold() in taken:
        free, number = f"{name}{between}{number}", number + 1
    taken.add(free.casefold())
    return free


def _field(
    column: Column,
    name: str,
    label: str,
    rules: Rules,
    table: str,
    codes: Mapping[str, Sequence[int]],
    is_empty: bool,
) -> Field:
    found = words(column.name)
    numbers = codes.get(column.name, ())
    is_flag = column.written == "bit(1)" or (column.written.startswith("tinyint(1)") and set(numbers) <= {0, 1})
    is_long = column.type in _LONG or (
        column.type in _TEXTS and column.width > (_WIDEST if _is_name(found, column.name) else _WIDE)
    )
    kind = _kind(column, found, rules, table, is_long=is_long)
    listed: tuple[int | str, ...] = ()
    if column.type == "enum":
        listed = tuple(one.replace("''", "'") for one in re.findall(r"'((?:[^']|'')*)'", column.written))
    elif is_code(column) and not is_flag and kind is not Kind.AMOUNT:
        listed = tuple(numbers)
    return Field(
        column, name, label, kind,
        filters=_filters(column, found, listed),
        is_flag=is_flag,
        is_long=is_long,
        may_lack=column.nullable or is_empty,
        codes=listed,
    )  # fmt: skip


def _filters(column: Column, found: Sequence[str], codes: Sequence[object]) -> str:
    if column.type in _TIMES:
        return f" | {_TIMES[column.type]}"
    if column.type in _FRACTIONS or (column.type in _WHOLE and not codes and _LABELS.isdisjoint(found)):
        return " | number"
    return ""


def _kind(column: Column, found: Sequence[str], rules: Rules, table: str, *, is_long: bool) -> Kind:
    rule = rules.of((as_name(table), column.name))
    if is_long:
        return Kind.LONG
    if rule and rule.kind not in (KEEP, TEXT, "name"):
        return Kind.PERSONAL
    if column.type in _TIMES:
        return Kind.TIME
    if found[-1:] and found[-1] in _IDS:
        return Kind.ID
    if column.type == "enum" or not _STATES.isdisjoint(found) or _has(column.name, _STATES_JA):
        return Kind.STATE
    if _is_name(found, column.name):
        return Kind.NAME
    if column.type in _WHOLE | _FRACTIONS and (not _AMOUNTS.isdisjoint(found) or _has(column.name, _AMOUNTS_JA)):
        return Kind.AMOUNT
    return Kind.OTHER


def _is_name(found: Sequence[str], name: str) -> bool:
    return bool(found) and (found[-1] in _NAMES or name.endswith(_NAMES_JA))


def _has(name: str, parts: Sequence[str]) -> bool:
    return any(one in name for one in parts)


def _with_currency(found: dict[str, Field]) -> dict[str, Field]:
    """Return the fields, with amounts as money if a column of the table has their currency."""
    currency = next((one for one in found.values() if is_currency(one) and not one.may_lack), None)
    if not currency:
        return found
    return {name: replace(one, currency=currency) if one.kind is Kind.AMOUNT else one for name, one in found.items()}


def is_currency(one: Field) -> bool:
    """Return whether a column holds currency codes."""
    return one.column.type in ("char", "varchar", "enum") and not _CURRENCIES.isdisjoint(words(one.column.name))
