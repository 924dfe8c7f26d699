"""The registry's data, and its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from lab.cloudmap.timeline import Timeline

NamespaceType = Literal["HTTP", "DNS_PRIVATE"]
FailOpen = Literal["service", "matches"]

DISCOVER: Final = "DiscoverInstances"
REVISION: Final = "DiscoverInstancesRevision"


class ApiError(ValueError):
    """An error response of the API: its name, its message, and further fields of its document."""

    def __init__(self, code: str, message: str, **members: str) -> None:
        super().__init__(f"{code}: {message}")
        self.document: Mapping[str, str] = {"__type": code, "Message": message, **members}


@dataclass(frozen=True, slots=True)
class Settings:
    """The lags, the rate limits, and settings for what AWS does not document. Times in seconds, rates in calls/s.

    Reported health and changed attributes take effect after about 30 s, as AWS says; during that time an instance is
    found by both its old and its new attributes. A registration takes a moment at AWS too, but none here unless
    `operation_seconds` is set. The rates are the quotas of an account in a Region
    (https://docs.aws.amazon.com/cloud-map/latest/dg/throttling.html). `fail_open` selects what HEALTHY_OR_ELSE_ALL
    looks at. AWS does not say which of the two is right: with "service", one healthy instance of the service is enough
    to leave out the unhealthy ones, even if it does not match the request; with "matches", only healthy instances that
    match count.
    """

    attribute_lag_seconds: float = 30.0
    health_lag_seconds: float = 30.0
    operation_seconds: float = 0.0
    rate: float = 1_000.0
    burst: float = 2_000.0
    revision_rate: float = 3_000.0
    revision_burst: float = 3_000.0
    fail_open: FailOpen = "service"


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace; `name` is also its HttpName."""

    id: str
    name: str
    type: NamespaceType


@dataclass(slots=True)
class Service:
    """A service and all instances it ever had. `records` are its DNS record types, empty in an HTTP namespace."""

    id: str
    name: str
    namespace: Namespace
    health_check: bool
    records: frozenset[str]
    first_revision: int
    instances: dict[str, Timeline] = field(default_factory=dict)
    changes: list[float] = field(default_factory=list)

    def revision(self, at: float) -> int:
        """Return its revision, which rises by one with each registration, deregistration and change of attributes.

        It does not rise when health changes, nor when old attributes expire, so polling the revision alone misses both.
        """
        return self.first_revision + sum(change <= at for change in self.changes)


@dataclass(frozen=True, slots=True)
class Operation:
    """A requested asynchronous operation. `targets` is as in the response of GetOperation."""

    id: str
    type: str
    targets: Mapping[str, str]
    done_at: float

    def document(self, at: float) -> dict[str, Any]:
        """Return it as GetOperation shows it."""
        status = "SUCCESS" if self.done_at <= at else "PENDING"
        return {"Id": self.id, "Type": self.type, "Status": status, "Targets": dict(self.targets)}
