"""The history of one instance, past and scheduled: registration, attributes and health, each with its time."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

Attributes = Mapping[str, str]


@dataclass(slots=True)
class Version:
    """Attributes by which an instance is found, from `start` until just before `end`."""

    attributes: Attributes
    start: float
    end: float = inf


@dataclass(slots=True)
class Timeline:
    """One instance's past and scheduled states. The past is kept, so that requests can ask for an earlier time."""

    _versions: list[Version] = field(default_factory=list)
    _statuses: list[tuple[float, str]] = field(default_factory=list)

    @property
    def registered(self) -> bool:
        """Whether the latest request was a registration."""
        return bool(self._versions) and self._versions[-1].end == inf

    def register(self, attributes: Attributes, status: str, at: float, overlap_seconds: float) -> bool:
        """Set the attributes from `at` on; the old ones stay valid for the overlap. Return whether anything changed."""
        if not self.registered:
            self.report(status, at)
        elif self._versions[-1].attributes == attributes:
            return False
        else:
            self._versions[-1].end = at + overlap_seconds
        self._versions.append(Version(attributes, at))
        return True

    def deregister(self, at: float) -> None:
        """Deregister at `at`, and drop everything scheduled after that."""
        for version in self._versions:
            version.end = min(version.end, at)
        self._statuses = [status for status in self._statuses if status[0] <= at]

    def report(self, status: str, at: float) -> None:
        """Set the health from `at` on."""
        insort(self._statuses, (at, status), key=lambda each: each[0])

    def attributes(self, at: float) -> list[Attributes]:
        """Return the attribute sets it is found by, the newest first; empty if it is not registered."""
        return [version.attributes for version in reversed(self._versions) if version.start <= at < version.end]

    def status(self, at: float) -> str:
        """Return HEALTHY or UNHEALTHY at a time at which it is registered."""
        return [status for since, status in self._statuses if since <= at][-1]
