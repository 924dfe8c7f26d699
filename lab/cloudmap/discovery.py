"""Which instances match a DiscoverInstances request."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lab.cloudmap.model import FailOpen, Service
from lab.cloudmap.timeline import Attributes


@dataclass(frozen=True, slots=True)
class Present:
    """A registered instance. `found_by` are the attribute sets it is found by, the newest first; never empty."""

    id: str
    found_by: tuple[Attributes, ...]
    status: str


@dataclass(frozen=True, slots=True)
class Question:
    """The parameters of DiscoverInstances, without the service."""

    required: Attributes
    optional: Attributes
    status: str
    limit: int


def discover(service: Service, question: Question, at: float, fail_open: FailOpen) -> list[dict[str, Any]]:
    """Return the matching instances as the API returns them, up to the requested maximum, in random order."""
    found = _present(service, at)
    status = question.status if service.health_check else "ALL"
    if fail_open == "service":
        found = _matching(_of_status(found, status), question.required)
    else:
        found = _of_status(_matching(found, question.required), status)
    if question.optional:
        found = _matching(found, question.optional) or found
    return [
        {
            "InstanceId": each.id,
            "NamespaceName": service.namespace.name,
            "ServiceName": service.name,
            "HealthStatus": each.status,
            "Attributes": dict(each.found_by[0]),
        }
        for each in random.sample(found, min(question.limit, len(found)))
    ]


def _present(service: Service, at: float) -> list[Present]:
    """Return the instances that are registered at this time. Without a health check their health is UNKNOWN."""
    return [
        Present(name, found_by, timeline.status(at) if service.health_check else "UNKNOWN")
        for name, timeline in service.instances.items()
        if (found_by := tuple(timeline.attributes(at)))
    ]


def _of_status(instances: list[Present], status: str) -> list[Present]:
    if status == "ALL":
        return instances
    if status == "HEALTHY_OR_ELSE_ALL":
        return _of_status(instances, "HEALTHY") or instances
    return [each for each in instances if each.status == status]


def _matching(instances: list[Present], wanted: Mapping[str, str]) -> list[Present]:
    """Return the instances whose attributes have exactly the wanted value for every name."""
    return [
        replace(each, found_by=matching)
        for each in instances
        if (matching := tuple(one for one in each.found_by if wanted.items() <= one.items()))
    ]
