"""Suggests what to write in place of an expression that fails with a sample."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from cli.compiler import calls, currencies, name_usage, rewriting
from cli.compiler.findings import RULES
from cli.compiler.parts import Part
from cli.compiler.sql.columns import columns
from cli.compiler.template import Template
from cli.language import later, say
from handler.model import SqlLookup
from handler.templating import Diagnosis
from handler.templating.kinds import Kind
from handler.templating.text import Mrkdwn

_MONEY: Final = re.compile(r"(\|\s*money\(\s*(?:currency\s*=\s*)?['\"])([^'\"\\]*)(['\"])")
_ROWS: Final = re.compile(r"(\w+)(?:\s*\|\s*(first|last|join)(?:\([^()]*\))?)?")  # rows, or one of them
_TEXTS: Final = frozenset({"str", Mrkdwn.__name__, "Quote"})
_EMPTY: Final = "NoneType"
_BINDS_BEFORE: Final = later("`|` binds before `{sign}`, so that the filter applies to the last value alone")
_COUNTS: Final = frozenset({"length", "size", "count", "len"})  # other languages' names for the number of elements
# What to do if a literal text or the number of elements is over Slack's limit.
_TOO_LARGE: Final[Mapping[Kind, str]] = {
    "too_many_blocks": later("leave some out, or write several into one `section`"),
    "too_many_block_elements": later("leave some out, or write them into another block"),
    "too_many_characters": later("shorten this text"),
    "too_many_characters_in_all": later("shorten the texts of this block, or write them into another block"),
}


class Advice(NamedTuple):
    """`right` is the corrected expression, `fix` follows or replaces it, `message` replaces that of the error."""

    right: str = ""
    fix: str = ""
    message: str = ""


def of(diagnosis: Diagnosis, part: Part | None, template: Template) -> Advice:
    """Return what to write for an error in a part of a leaf; empty if the error's own message is enough."""
    if diagnosis.kind == "part_empty":
        return Advice(fix=say(RULES["VALUE_EMPTY"].remedy))
    if diagnosis.kind in _TOO_LARGE:
        return Advice(fix=say(_TOO_LARGE[diagnosis.kind]))
    make = _BY_KIND.get(diagnosis.kind)
    return make(diagnosis, part, template) if make and part else Advice()


def _key(diagnosis: Diagnosis, part: Part, _: Template) -> Advice:
    close = diagnosis.suggestions.close if diagnosis.suggestions else ()
    owners = name_usage.owners(part.code, diagnosis.name)
    right = rewriting.with_column(part.code, owners[0], diagnosis.name, close[0]) if close and len(owners) == 1 else ""
    return Advice(right)


def _word(diagnosis: Diagnosis, part: Part, _: Template) -> Advice:
    """Suggest a known name for a filter's argument that is one of a few names, such as the style of a date."""
    close = diagnosis.suggestions.close if diagnosis.suggestions else ()
    right = part.code.replace(f"'{diagnosis.name}'", f"'{close[0]}'") if close and diagnosis.name else ""
    return Advice(calls.by_format(part.code) if right in ("", part.code) else right)


def _currency(_: Diagnosis, part: Part, __: Template) -> Advice:
    """Suggest the code for a currency's name, as in `money('euro')`."""
    right = _MONEY.sub(lambda found: f"{found[1]}{currencies.nearest(found[2])}{found[3]}", part.code)
    return Advice("" if right == part.code else right)


def _number(_: Diagnosis, part: Part, __: Template) -> Advice:
    right = rewriting.bracketed(part.code)
    return Advice(right, message=say("`|` binds before operators") if right else "")


def _sign(diagnosis: Diagnosis, part: Part, _: Template) -> Advice:
    is_empty = diagnosis.owner == _EMPTY
    right = rewriting.with_zero(part.code) if is_empty else rewriting.with_numbers(part.code)
    return Advice(right, "" if right else say("compute it in the SQL"))


def _operands(diagnosis: Diagnosis, part: Part, _: Template) -> Advice:
    code, sign, types = part.code, diagnosis.name, (diagnosis.owner, diagnosis.other)
    if right := rewriting.bracketed(code):
        return Advice(right, message=say(_BINDS_BEFORE, sign=sign))
    if _EMPTY in types and not _TEXTS & {*types}:
        return Advice(rewriting.with_zero(code), message=say("{sign} computes with an empty value", sign=sign))
    if sign == "+" and _TEXTS & {*types}:
        return Advice(rewriting.joined(code), message=say("`+` adds numbers; texts are joined with ~"))
    if right := rewriting.with_numbers(code):
        return Advice(right)
    if {*types} <= {"datetime", "date"}:
        return Advice(fix=say("compute with times in the SQL, as TIMESTAMPDIFF does, or show one with the filter ago"))
    return Advice(fix=say("compute it in the SQL, where CAST(... AS DECIMAL) makes a text a number"))


def _comparison(diagnosis: Diagnosis, part: Part, _: Template) -> Advice:
    code = part.code
    if right := rewriting.unformatted(code):
        return Advice(right, message=say("`|` binds before a comparison, so that a text is compared with a number"))
    if right := rewriting.with_numbers(code):
        return Advice(right)
    if _EMPTY in (diagnosis.owner, diagnosis.other):
        return Advice(rewriting.with_zero(code))
    return Advice(fix=say("compare a number with a number, a text with a text in quotes, a time with a time"))


def _part(diagnosis: Diagnosis, part: Part, template: Template) -> Advice:
    code = part.code
    owner = next(iter(name_usage.owners(code, diagnosis.name)), "") if diagnosis.name else ""
    if diagnosis.owner == "list":
        return _of_a_list(owner, diagnosis.name, code, template)
    if owner and "." in owner and _is_column(owner, template):
        right = rewriting.renamed_part(code, f"{owner}.{diagnosis.name}", owner)
        if diagnosis.owner == _EMPTY:  # the column itself is empty in this sample, too
            shown = rewriting.with_else(right) or rewriting.with_default(right)
            right = shown if part.kind == "expression" else rewriting.with_zero(right) or right
        return Advice(right, message=say("`{owner}` is a column: it has no {part}", owner=owner, part=diagnosis.name))
    if diagnosis.owner == _EMPTY and owner:
        right = rewriting.guarded(code, owner, bare=part.kind != "expression")
        return Advice(right, message=say("`{owner}` is empty, and has no {part}", owner=owner, part=diagnosis.name))
    return Advice()


def _is_column(owner: str, template: Template) -> bool:
    """Return whether `owner` is a column of a row. A column has no parts."""
    name, _, column = owner.partition(".")
    return any(
        isinstance(one, SqlLookup) and one.name == name and column in columns(one.sql)
        for one in template.notification.lookups
    )


def _of_a_list(owner: str, column: str, code: str, template: Template) -> Advice:
    """Suggest what to write if a list is used like a row: the column of the first element, or of each."""
    if not owner:
        return Advice(fix=say("write {text}", text=f"(rows | first).{column}"))
    path = f"{owner}.{column}"
    message = say("`{owner}` is a list: it has no {column}", owner=owner, column=column)
    if column in _COUNTS and not _is_column(path, template):
        counted = f"{owner} | length"
        right = counted if code == path else rewriting.renamed_part(code, path, f"({counted})")
        return Advice(right, message=message)
    name = name_usage.element(owner, [lookup.name for lookup in template.notification.lookups])
    more = say(
        "for each element, write {{{{ {element} }}}} within {{% for {loop} %}}, or `for: {loop}`",
        element=f"{name}.{column}",
        loop=f"{name} in {owner}",
    )
    return Advice(rewriting.with_first(code, owner), more, message)


def _not_showable(diagnosis: Diagnosis, part: Part, template: Template) -> Advice:
    found = _ROWS.fullmatch(part.code)
    name, of_list = (found[1], found[2] or "") if found else ("", "")
    lookup = next((one for one in template.notification.lookups if one.name == name), None)
    known = columns(lookup.sql) if isinstance(lookup, SqlLookup) else ()
    if not known:
        return Advice()
    if diagnosis.owner == "list" or of_list == "join":
        return Advice(f"{name} | join(', ', '{known[0]}')")
    row = f"({name} | {of_list})" if of_list else name
    return Advice(f"{row}.{known[0]}", say("its columns are {names}", names=", ".join(known)))


_BY_KIND: Final[Mapping[Kind, Callable[[Diagnosis, Part, Template], Advice]]] = {
    "operands": _operands,
    "operand": _sign,
    "not_comparable": _comparison,
    "not_a_number": _number,
    "not_a_currency": _currency,
    "part_absent": _part,
    "key_absent": _key,
    "data_absent": _key,
    "not_showable": _not_showable,
    "else_missing": lambda _, part, __: Advice(rewriting.with_else(part.code)),
    "percent_on_text": lambda _, part, __: Advice(calls.by_format(part.code)),
    "style_unknown": _word,
    "mask_unknown": _word,
}
