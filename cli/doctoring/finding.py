"""A finding, as the function and the command make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from handler.health.model import Check

# Of what the function answers, whatever its version: a newer one may say more.
_KNOWN: Final = tuple(Check.__dataclass_fields__)


def read(document: Mapping[str, Any]) -> list[Check]:
    """Return the findings in the function's answer."""
    return [Check(**{name: one[name] for name in _KNOWN if name in one}) for one in document.get("checks", [])]


def is_well(checks: Sequence[Check]) -> bool:
    """Whether nothing has failed. A warning is no failure."""
    return all(check.state != "failed" for check in checks)
