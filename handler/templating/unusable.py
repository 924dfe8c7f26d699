"""A placeholder for a value that cannot be used."""

from __future__ import annotations

from typing import Any, cast

from jinja2 import StrictUndefined

from handler.templating.diagnosis import DiagnosedError, Diagnosis


class Unusable(StrictUndefined):
    """Counts as missing (`is defined`, `default`); any other use raises TemplateError (VALUE_UNUSABLE).

    `reason` is the detail of the error. It must not quote the value or its key.
    """

    __slots__ = ()

    def __init__(self, reason: str) -> None:
        super().__init__(hint=reason, exc=cast("Any", _error))

    def __index__(self) -> int:
        """Raise the error where a whole number is needed: in `range`, and in the bounds of a slice."""
        return len(self)


def _error(reason: str | None) -> DiagnosedError:
    return DiagnosedError(Diagnosis("value_unusable", reason or ""))
