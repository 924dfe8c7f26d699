"""What the registry holds, and how it is set."""

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
    """An error that the API answers with: its name, its text, and what else its document holds."""

    def __init__(self, code: str, message: str, **members: str) -> None:
        super().__init__(f"{code}: {message}")
        self.document: Mapping[str, str] = {"__type": code, "Message": message, **members}


@dataclass(frozen=True, slots=True)
class Settings:
    """The lags, rates and open questions. Times are in seconds, rates in calls a second.

    A status that was reported, and a change of attributes, take effect as AWS says they do, after about 30 s; for that
    time an instance is found by its old attributes and by its new ones. A registration takes a moment at AWS too, but
    none here unless `operation_seconds` says so. The rates are the quotas of an account in a Region
    (https://docs.aws.amazon.com/cloud-map/latest/dg/throttling.html). `fail_open` says what HEALTHY_OR_ELSE_ALL looks
    at: AWS does not say whether one healthy instance of the service, that does not match, is enough to get no other
    ("service"), or only one that matches counts ("matches").
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
    """A service and the instances it ever had. `records` are its DNS record types, none in an HTTP namespace."""

    id: str
    name: str
    namespace: Namespace
    health_check: bool
    records: frozenset[str]
    first_revision: int
    instances: dict[str, Timeline] = field(default_factory=dict)
    changes: list[float] = field(default_factory=list)

    def revision(self, at: float) -> int:
        """Return its revision: one more with each registration, deregistration and change of attributes so far.

        It does not rise with health, nor when old attributes end: who watches it alone does not learn of either.
        """
        return self.first_revision + sum(change <= at for change in self.changes)


@dataclass(frozen=True, slots=True)
class Operation:
    """Something asynchronous that was asked for. `targets` is as in GetOperation's answer."""

    id: str
    type: str
    targets: Mapping[str, str]
    done_at: float

    def document(self, at: float) -> dict[str, Any]:
        """Return it as GetOperation shows it."""
        status = "SUCCESS" if self.done_at <= at else "PENDING"
        return {"Id": self.id, "Type": self.type, "Status": status, "Targets": dict(self.targets)}
