"""The function's templates, watched: which leaves showed an empty value as nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from jinja2 import Undefined

from handler.model import Leaf, Locale
from handler.templating import Context, Templates
from handler.templating.text import FINALIZERS

_ANYWHERE: Final = Locale()


class WatchingTemplates(Templates):
    """The function's templates, which also remember the leaves that showed an empty value as nothing."""

    def __init__(self, locale: Locale = _ANYWHERE) -> None:
        super().__init__({context: self._watched(finalize) for context, finalize in FINALIZERS.items()}, locale)
        self.blanks: set[str] = set()
        self._blank = False

    def render(self, leaf: Leaf, context: Context, limit: int | None = None) -> str:
        """Render as the function does, and note the leaf's `where` in `blanks` if it showed None."""
        self._blank = False
        text = super().render(leaf, context, limit)
        if self._blank:
            self.blanks.add(leaf.where)
        return text

    def _watched(self, finalize: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
        if finalize is None:
            return None

        def watched(value: Any) -> Any:
            # `x if y` without an else is not None but undefined, which Jinja shows as nothing even where it is strict.
            self._blank = self._blank or value is None or isinstance(value, Undefined)
            return finalize(value)

        return watched
