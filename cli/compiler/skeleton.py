"""A sample to fill in, for a template without samples: its id, and the columns that its lookups return."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from cli.compiler import name_usage
from cli.compiler.sql.columns import columns
from handler.model import IdRule, Lookup, SqlLookup

_IDS: Final = {"integer": "1", "uuid": "00000000-0000-0000-0000-000000000000"}


def sample(rule: IdRule | None, lookups: Sequence[Lookup], texts: Iterable[str]) -> str:
    """Return `samples:` with one sample, as several lines. `texts` show which keys of an API's document are used."""
    lines = ["samples:", "  an example:", f"    id: {_IDS.get(rule.kind, '…') if rule else '…'}"]
    known = tuple(texts)
    if lookups:
        lines += ["    lookups:", *(f"      {lookup.name}: {answer(lookup, known)}" for lookup in lookups)]
    return "\n".join(lines)


def answer(lookup: Lookup, texts: Iterable[str]) -> str:
    """Return the result of a lookup as in a sample, with … for each value."""
    named = columns(lookup.sql) if isinstance(lookup, SqlLookup) else ()
    if not named:
        named = name_usage.columns(texts, lookup.name)
    row = f"{{{', '.join(f'{name}: …' for name in named or ('column',))}}}"
    return f"[{row}]" if lookup.expect == "many" else row
