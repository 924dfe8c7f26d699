"""What was, is and will be true of one instance: registration, attributes and health, each with its time."""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

Attributes = Mapping[str, str]


@dataclass(slots=True)
class Version:
    """Attributes that an instance is found by, from `start` until just before `end`."""

    attributes: Attributes
    start: float
    end: float = inf


@dataclass(slots=True)
class Timeline:
    """One instance's past and near future. It keeps what is over, so that a question can be about an earlier time."""

    _versions: list[Version] = field(default_factory=list)
    _statuses: list[tuple[float, str]] = field(default_factory=list)

    @property
    def registered(self) -> bool:
        """Whether the last thing asked for was a registration."""
        return bool(self._versions) and self._versions[-1].end == inf

    def register(self, attributes: Attributes, status: str, at: float, overlap_seconds: float) -> bool:
        """Be found by `attributes` from `at`, and by the earlier ones for the overlap; return whether this is news."""
        if not self.registered:
            self.report(status, at)
        elif self._versions[-1].attributes == attributes:
            return False
        else:
            self._versions[-1].end = at + overlap_seconds
        self._versions.append(Version(attributes, at))
        return True

    def deregister(self, at: float) -> None:
        """Be gone from `at`, with all that was still to come."""
        for version in self._versions:
            version.end = min(version.end, at)
        self._statuses = [status for status in self._statuses if status[0] <= at]

    def report(self, status: str, at: float) -> None:
        """Be healthy or not from `at`."""
        insort(self._statuses, (at, status), key=lambda each: each[0])

    def attributes(self, at: float) -> list[Attributes]:
        """Return the attributes that it is found by, the newest first; none if it is not there."""
        return [version.attributes for version in reversed(self._versions) if version.start <= at < version.end]

    def status(self, at: float) -> str:
        """Return HEALTHY or UNHEALTHY, for a time at which it is there."""
        return [status for since, status in self._statuses if since <= at][-1]
