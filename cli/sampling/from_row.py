"""Makes a sample from what the function found for a row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.privacy import forms
from cli.privacy.decision import Decision, decide
from cli.privacy.masking import Masking
from cli.privacy.rules import Path, plain
from cli.privacy.usage import Usage
from handler.model import Value


@dataclass(frozen=True, slots=True)
class Taken:
    """A sample as in the file: `id`, `lookups`, and `data` if there is any.

    `columns` has the decisions for each column and key; empty if masking is off. `cut` has the lookups of which only
    the first rows are kept, with the number of rows that there were.
    """

    sample: Mapping[str, Any]
    columns: Mapping[Path, tuple[Decision, ...]]
    cut: Mapping[str, int]

    def of(self, *, masked: bool) -> dict[Path, tuple[Decision, ...]]:
        """Return the columns with at least one masked value, or those with none."""
        return {path: found for path, found in self.columns.items() if any(one.masks for one in found) == masked}

    def branching(self, said: Usage) -> list[str]:
        """Return the masked columns that the template compares: the sample may take another branch than the row."""
        return [".".join(path) for path in self.of(masked=True) if plain(path[-1]) in said.values]


def taken(
    row_id: int | str,
    data: Mapping[str, Value],
    answers: Mapping[str, Value],
    rows: int,
    masking: Masking | None,
) -> Taken:
    """Return the sample with at most `rows` rows per list; masked, unless `masking` is None."""
    cut = {name: len(answer) for name, answer in answers.items() if isinstance(answer, list) and len(answer) > rows}
    kept = {name: answer[:rows] if isinstance(answer, list) else answer for name, answer in answers.items()}
    if masking:
        row_id = event_id(row_id, masking)
        data = {key: masking.document(("data", key), value) for key, value in data.items()}
        kept = {name: masking.document((name,), answer) for name, answer in kept.items()}
    sample = {"id": row_id, **({"data": data} if data else {}), **({"lookups": kept} if kept else {})}
    columns = {path: tuple(found) for path, found in masking.columns.items() if len(path) > 1} if masking else {}
    return Taken(sample, columns, cut)


def event_id(row_id: int | str, masking: Masking) -> int | str:
    """The event's id is kept, so that the row can be found again, unless it is an address, or a rule masks it."""
    found = decide(("id",), row_id, masking.rules, masking.said)
    if found.why == "no rule" and not forms.has_address(str(row_id)):
        return row_id
    masked = masking.mask(found.kind, row_id) if found.masks else row_id
    return masked if isinstance(masked, int | str) else row_id
