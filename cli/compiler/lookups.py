"""`lookups:` - what is read for an event: one SELECT or one GET each, in order. Each can use those before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Final, cast

from cli import diagnoses
from cli.compiler import lateness, queries, shape, sql, wordings
from cli.compiler.findings import Report
from cli.compiler.leaves import Leaves
from cli.compiler.names import own_name
from cli.compiler.nodes import Entry, Node, Scalar
from cli.compiler.nodes import Mapping as MappingNode
from cli.compiler.sql.columns import columns
from cli.language import later, say
from handler.api_path import stays_below
from handler.model import ApiLookup, Expect, Leaf, Lookup, SqlLookup
from handler.templating import DiagnosedError

EXPECT: Final = ("one", "optional", "many")
ON_FAILURE: Final = ("retry", "without")
_SELECT: Final = "SELECT ... FROM ... WHERE id = :id"

# What a path may have between its expressions: RFC 3986's characters for path and query, and percent escapes.
# Keys of the file that are reported if they are indented too far, among the lookups.
_BESIDE: Final = ("channel", "when", "text", "blocks", "thread", "update", "version", "description", "owner", "event")
_API: Final = re.compile(r"^([a-z][a-z0-9_-]*):(?=/)")
_PATH: Final = re.compile(r"/(?!/)(?:[A-Za-z0-9/._~!$&'()*+,;=:@?-]|%[0-9A-Fa-f]{2})*")


def read(node: Node, leaves: Leaves, sampled: Mapping[str, Collection[str]]) -> tuple[tuple[Lookup, ...], Leaves]:
    """Return the lookups, and the Leaves for the keys below them.

    `sampled` has the columns of the samples by lookup. A column that the SELECT lacks is reported at the sample.
    """
    found: list[Lookup] = []
    entries = shape.entries(node, leaves.report)
    names = [own_name(entry.key, leaves.report) for entry in entries]
    leaves = leaves.above(names)
    for name, entry in zip(names, entries, strict=True):
        lookup = _lookup(entry, leaves) or _stand_in(entry)
        found.append(lookup)
        known = columns(lookup.sql) if isinstance(lookup, SqlLookup) else ()
        known = tuple(dict.fromkeys((*known, *sorted(sampled.get(name, ()))))) if known else ()
        is_list = lookup.expect == "many"
        leaves = leaves.after(name, row=() if is_list else known, rows=known if is_list else ())
    return tuple(found), leaves


def _stand_in(entry: Entry) -> Lookup:
    """Return a lookup of which only its name and `expect` are known."""
    node = shape.at(entry.value, "expect")
    word = node.text if isinstance(node, Scalar) else ""
    expect = cast(Expect, word if word in EXPECT else "one")
    return SqlLookup(name=entry.key.text, sql="", bind={}, expect=expect, where=str(entry.key.place))


def _lookup(entry: Entry, leaves: Leaves) -> Lookup | None:
    if not isinstance(entry.value, MappingNode) and entry.key.text in _BESIDE:
        name = entry.key.text
        message = say("`{name}` stands within `lookups`, where it is the name of a lookup", name=name)
        leaves.report.add(entry.key.place, "VALUE_INVALID", message, say("indent `{name}` like `lookups`", name=name))
        return None
    present = {key.key.text for key in entry.value.entries} if isinstance(entry.value, MappingNode) else set()
    kinds = [kind for kind in _KINDS if kind in present]
    if len(kinds) != 1 and isinstance(entry.value, MappingNode):
        message = say("`{name}` has neither `sql` nor `get`", name=entry.key.text)
        if kinds:
            both = _SQL_AND_GET if "sql" in kinds else _GET_AND_GET_ALL
            message = say(both, name=entry.key.text)
        fix = say("write `sql` for the database, `get` for the API")
        leaves.report.add(entry.key.place, "VALUE_INVALID", message, fix)
        return None
    return _KINDS[kinds[0] if kinds else "sql"](entry, leaves)


def _sql_lookup(entry: Entry, leaves: Leaves) -> SqlLookup | None:
    found = shape.keys(entry.value, leaves.report, required=("sql",), optional=("bind", "db", "expect", *lateness.KEYS))
    expect = _expect(found, leaves.report)
    wait, missing = lateness.read(found, expect, leaves.report)
    bind = _bind(found.get("bind"), leaves)
    statement = (
        queries.statement(found["sql"], partial(sql.read, bound=bind), leaves.report, _SELECT) if "sql" in found else ""
    )
    return SqlLookup(
        name=entry.key.text,
        sql=statement,
        bind={name: leaf for name, leaf in bind.items() if leaf},
        database=queries.database(found.get("db"), leaves.report),
        expect=expect,
        where=str(entry.key.place),
        wait=wait,
        missing=missing,
    )


def _api_lookup(entry: Entry, leaves: Leaves) -> ApiLookup | None:
    found = shape.keys(entry.value, leaves.report, required=("get",), optional=("expect", "on_failure", *lateness.KEYS))
    return _from_api(entry.key.text, found, "get", _expect(found, leaves.report), leaves)


def _fan_out_lookup(entry: Entry, leaves: Leaves) -> ApiLookup | None:
    found = shape.keys(entry.value, leaves.report, required=("get_all",), optional=("on_failure",))
    return _from_api(entry.key.text, found, "get_all", "many", leaves)


def _from_api(name: str, found: Mapping[str, Node], key: str, expect: Expect, leaves: Leaves) -> ApiLookup | None:
    failure = found.get("on_failure")
    on_failure = shape.choice(failure, ON_FAILURE, leaves.report) if failure else None
    wait, missing = lateness.read(found, expect, leaves.report)
    path = _path(found[key], leaves)
    if path is None:
        return None
    return ApiLookup(
        name=name,
        path=path,
        api=_api_name(found[key]),
        all=key == "get_all",
        expect=expect,
        on_failure="without" if on_failure == "without" else "retry",
        wait=wait,
        missing=missing,
    )


def _api_name(node: Node) -> str:
    """Return the API's name, as in `billing:/invoices/1`; else `default`."""
    named = _API.match(node.text) if isinstance(node, Scalar) else None
    return named[1] if named else "default"


# The key that says where a lookup reads from -> the function that reads the rest.
_SQL_AND_GET: Final = later("`{name}` has both `sql` and `get`")
_GET_AND_GET_ALL: Final = later("`{name}` has both `get` and `get_all`")
_KINDS: Final[dict[str, Callable[[Entry, Leaves], Lookup | None]]] = {
    "sql": _sql_lookup,
    "get": _api_lookup,
    "get_all": _fan_out_lookup,
}


def _expect(found: Mapping[str, Node], report: Report) -> Expect:
    word = shape.choice(found["expect"], EXPECT, report) if "expect" in found else None
    return cast(Expect, word or "one")


def _bind(node: Node | None, leaves: Leaves) -> dict[str, Leaf | None]:
    entries = shape.entries(node, leaves.report) if node else ()
    bound = {entry.key.text: leaves.leaf("expression", entry.value, instead="id") for entry in entries}
    for entry in entries:
        own_name(entry.key, leaves.report, reserved=("id",))  # a bound name is used in SQL only
    return bound


def _path(node: Node, leaves: Leaves) -> Leaf | None:
    leaf = leaves.leaf("url", node, partial(_API.sub, ""))
    if leaf is None:
        return None
    if problem := _misleading(leaf):
        leaves.report.add(node.place, "TEMPLATE_URL", *problem)
        return None
    return leaf


def _misleading(leaf: Leaf) -> tuple[str, str] | None:
    """Say why the function would always refuse a path, on any of its branches, and what to write instead."""
    try:
        texts = wordings.of(leaf)
    except wordings.TooManyError:
        message = say("the path has more than {most} forms", most=wordings.MAX)
        return message, say("write one lookup for each form of the path")
    except DiagnosedError as error:
        return diagnoses.words(error.diagnosis).message, say("leave it out")
    if not all(map(_PATH.fullmatch, texts)):
        message = say("an API's path begins with / and contains neither a host, a blank nor `#`")
        return message, say("write {text}", text="/customers/{{ order.customer_id }}")
    if not all(map(stays_below, texts)):
        return say("`.`, `..` and `..;` are steps in a path, not parts of it"), say("write the path without them")
    return None
