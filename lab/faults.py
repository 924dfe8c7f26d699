"""The injected faults of a stand-in: which one a request meets, and how many requests each affects.

A fault is a JSON object: `kind`; for each property that tells requests apart, a pattern with `*` (absent: any);
`times`, the number of requests that it affects (absent: until it is cleared); the other keys are the arguments of its
kind.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Generic, TypeVar

Kind = TypeVar("Kind", bound=Callable[..., Any])


@dataclass(slots=True)
class Fault(Generic[Kind]):
    """An active fault. `left` is the number of requests that it still affects; None: no limit."""

    patterns: Mapping[str, str]
    kind: Kind
    arguments: Mapping[str, Any]
    left: int | None


class Faults(Generic[Kind]):
    """The active faults, oldest first. Each kind is a function, whose keyword-only parameters are the arguments."""

    def __init__(self, kinds: Mapping[str, Kind], *told_apart_by: str) -> None:
        self._kinds = kinds
        self._told_apart_by = told_apart_by
        self._faults: list[Fault[Kind]] = []

    def add(self, wish: Mapping[str, Any]) -> None:
        """Add a fault. Raises ValueError with what is wrong in the request."""
        rest = dict(wish)
        patterns = {name: rest.pop(name, "*") for name in self._told_apart_by}
        kind, left = rest.pop("kind", None), rest.pop("times", None)
        if kind not in self._kinds:
            raise ValueError(f"a fault has a kind: {', '.join(self._kinds)}")
        if not all(isinstance(pattern, str) for pattern in patterns.values()):
            raise ValueError(f"{', '.join(patterns)}: each is a text, which may hold *")
        if left is not None and not (isinstance(left, int) and left > 0):
            raise ValueError("times is a number from 1")
        given = inspect.signature(self._kinds[kind]).parameters.values()
        named = [each for each in given if each.kind is each.KEYWORD_ONLY]
        try:
            inspect.Signature(named).bind(**rest)
        except TypeError as error:
            raise ValueError(f"{kind}: {error}") from error
        self._faults.append(Fault(patterns, self._kinds[kind], rest, left))

    def clear(self) -> None:
        """Clear all faults."""
        self._faults.clear()

    def take(self, **request: str) -> Fault[Kind] | None:
        """Return the first fault that matches this request, or None, and decrement its count."""
        for fault in self._faults:
            if all(fnmatchcase(request[name], pattern) for name, pattern in fault.patterns.items()):
                self._count(fault)
                return fault
        return None

    def _count(self, fault: Fault[Kind]) -> None:
        if fault.left is not None:
            fault.left -= 1
            if fault.left <= 0:
                self._faults.remove(fault)
