"""The function's templates, with a record of which expressions fail and which show an empty value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from jinja2 import Undefined

from cli.compiler import parts
from cli.compiler.parts import Part
from handler.model import Leaf, Locale
from handler.templating import Context, DiagnosedError, LongAddressError, Templates
from handler.templating.text import FINALIZERS

_ANYWHERE: Final = Locale()


class Failure(NamedTuple):
    """An expression that fails with a sample; `part` is None if it is unknown which one."""

    error: DiagnosedError
    part: Part | None


class Blank(NamedTuple):
    """An expression that shows nothing: its value is empty, or it is an `if` without `else`."""

    where: str
    part: Part
    is_undefined: bool


class RecordingTemplates(Templates):
    """The function's templates. They record failures and empty expressions, and continue to render.

    A leaf that fails is rendered without its failing expressions, so that one mistake does not hide the next. `lists`
    has the `where` of each bare expression that returns a list.
    """

    def __init__(self, locale: Locale = _ANYWHERE, lists: Collection[str] = ()) -> None:
        super().__init__({context: self._watched(finalize) for context, finalize in FINALIZERS.items()}, locale)
        self.lists = lists
        self.failures: list[Failure] = []
        self.blanks: list[Blank] = []
        self._shown: list[Any] = []
        self._is_raising = False

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Inside the block, record errors and raise them, too."""
        self._is_raising = True
        try:
            yield
        finally:
            self._is_raising = False

    def render(self, leaf: Leaf, context: Context, limit: int | None = None) -> str:
        """Render as the function does. Record what fails instead of raising it, and show an `x` in its place."""
        self._shown = []
        try:
            text = super().render(leaf, context, limit)
        except LongAddressError:
            raise
        except DiagnosedError as error:
            failed = [*self._failing(leaf, context, limit)] or [Failure(error, None)]
            self.failures += failed
            if self._is_raising:
                raise
            return self._without(failed, leaf, context, limit)
        if any(map(_is_blank, self._shown)):
            self.blanks += self._blank(leaf, context, limit)
        return text

    def evaluate(self, leaf: Leaf, context: Context) -> Any:
        """Evaluate as the function does. Record an error, and return an empty list or true in its place."""
        try:
            return super().evaluate(leaf, context)
        except DiagnosedError as error:
            self.failures.append(Failure(error, parts.of(leaf)[0]))
            if self._is_raising:
                raise
            return [] if leaf.where in self.lists else True

    def taken_failures(self) -> list[Failure]:
        """Return the failures since the last call, each once."""
        found = {(one.error.where, one.part, one.error.diagnosis.kind): one for one in self.failures}
        self.failures = []
        return [*found.values()]

    def taken_blanks(self) -> list[Blank]:
        """Return the empty expressions since the last call, each once."""
        found, self.blanks = self.blanks, []
        return [*dict.fromkeys(found)]

    def _failing(self, leaf: Leaf, context: Context, limit: int | None) -> Iterator[Failure]:
        """Yield the failures: render each expression alone with all tags, or if the tags fail, evaluate each tag."""
        found = parts.of(leaf)
        if len(found) > parts.MAX_ALONE:
            return
        tags_fail = self._error(parts.alone(leaf, None, with_tags=True), context, limit)
        if tags_fail:
            yield from self._failing_tag(
                tags_fail, [part for part in found if part.kind == "tag" and part.code], context
            )
            return
        for part in found:
            error = part.kind == "expression" and self._error(parts.alone(leaf, part, with_tags=True), context, limit)
            if error:
                yield Failure(error, part)

    def _failing_tag(self, error: DiagnosedError, tags: list[Part], context: Context) -> Iterator[Failure]:
        for part in tags:
            try:
                super().evaluate(Leaf("expression", part.code, error.where), context)
            except DiagnosedError as own:
                if own.diagnosis.kind == error.diagnosis.kind:
                    yield Failure(error, part)
                    return
        yield Failure(error, None)

    def _error(self, leaf: Leaf, context: Context, limit: int | None) -> DiagnosedError | None:
        try:
            super().render(leaf, context, limit)
        except DiagnosedError as error:
            return error
        return None

    def _without(self, failed: list[Failure], leaf: Leaf, context: Context, limit: int | None) -> str:
        wrong = [one.part for one in failed if one.part and one.part.kind == "expression"]
        for tried in (parts.without(leaf, wrong), parts.words(leaf)):
            if self._error(tried, context, limit) is None:
                return super().render(tried, context, limit)
        return "x"

    def _blank(self, leaf: Leaf, context: Context, limit: int | None) -> Iterator[Blank]:
        found = parts.of(leaf)
        for part in found if len(found) <= parts.MAX_ALONE else ():
            if part.kind == "expression":
                self._shown = []
                self._error(parts.alone(leaf, part, with_tags=True), context, limit)
                if blank := [value for value in self._shown if _is_blank(value)]:
                    yield Blank(leaf.where, part, isinstance(blank[0], Undefined))

    def _watched(self, finalize: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
        if finalize is None:
            return None

        def watched(value: Any) -> Any:
            self._shown.append(value)
            return finalize(value)

        return watched


def _is_blank(value: Any) -> bool:
    """Return whether a value shows nothing. `x if y` without an else is undefined, even in Jinja's strict mode."""
    return value is None or isinstance(value, Undefined)
