"""Checks the markup of every text in a template that people will read, by the rules of its place."""

from __future__ import annotations

from collections.abc import Iterable

from cli.compiler import slack_markup
from cli.compiler.findings import Report
from cli.compiler.leaves import Shown
from cli.compiler.samples import may_be_missing
from cli.compiler.sql.columns import columns
from handler.model import Lookup, SqlLookup


def check(shown: Iterable[Shown], lookups: Iterable[Lookup], report: Report) -> None:
    """Report each mistake in the texts. `lookups` say what a placeholder may mean."""
    single = [one for one in lookups if one.expect != "many"]
    found = {one.name: columns(one.sql) for one in single if isinstance(one, SqlLookup)}
    unsure = frozenset(one.name for one in single if may_be_missing(one))
    for reading, node, names, is_key in shown:
        known = {name: named for name, named in found.items() if name in names}
        slack_markup.check(reading, node, slack_markup.Names(names, known, unsure), report, is_key=is_key)
