"""Findings, of the function and of the command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from handler.health.model import Check

# The fields that are read of a finding. A newer function may send more.
_KNOWN: Final = tuple(Check.__dataclass_fields__)


def read(document: Mapping[str, Any]) -> list[Check]:
    """Return the findings in the function's answer."""
    return [Check(**{name: one[name] for name in _KNOWN if name in one}) for one in document.get("checks", [])]


def is_well(checks: Sequence[Check]) -> bool:
    """Return whether no check failed. A warning is not a failure."""
    return all(check.state != "failed" for check in checks)
