"""A fake database and a fake API that return the answers of a sample."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from handler.errors import SourceError
from handler.model import Lookup, Row, Value
from handler.stages.enrich import Fetch, Sources
from handler.templating import Context, Templates


@dataclass(frozen=True, slots=True)
class _Answer:
    """A database and an API that return one answer."""

    lookup: Lookup
    answer: Value

    def select(self, database: str, sql: str, parameters: Mapping[str, Value], limit: int) -> list[Row]:  # noqa: ARG002 - the port's
        rows = self.answer if isinstance(self.answer, list) else [self.answer]
        return [Row({key: named(value) for key, value in row.items()}) for row in rows if isinstance(row, dict)]

    def get(self, api: str, path: str) -> Value:  # noqa: ARG002 - the port's
        if self.answer is None:
            known = self.lookup.expect == "optional" or self.lookup.missing == "render"
            raise SourceError("API_NOT_FOUND" if known else "API_UNAVAILABLE")
        return named(self.answer)

    def get_all(self, api: str, path: str) -> list[Value]:  # noqa: ARG002 - the port's
        if not isinstance(self.answer, list):
            raise SourceError("API_UNAVAILABLE")
        return [named(one) for one in self.answer]

    def replicating(self, database: str) -> None:
        """Return None: the replication state is unknown."""

    def invocation(self) -> AbstractContextManager[Callable[[str], None]]:
        return nullcontext(lambda _: None)


def named(value: Value) -> Value:
    """Return the value with each mapping as a Row, whose keys errors may suggest: the author wrote the sample."""
    match value:
        case dict():
            return Row({key: named(one) for key, one in value.items()})
        case list():
            return [named(one) for one in value]
        case _:
            return value


def answering(answers: Mapping[str, Value], templates: Templates) -> Fetch:
    """Return the function's own Sources over a sample's answers, so that bindings and paths are evaluated too."""

    def fetch(lookup: Lookup, context: Context) -> Value:
        answer = _Answer(lookup, answers[lookup.name])
        return Sources(answer, answer, templates)(lookup, context)

    return fetch
