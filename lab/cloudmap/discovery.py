"""Which instances answer a question."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from lab.cloudmap.model import FailOpen, Service
from lab.cloudmap.timeline import Attributes


@dataclass(frozen=True, slots=True)
class Present:
    """An instance that is there. `found_by` are the attributes it answers to, the newest first; never none."""

    id: str
    found_by: tuple[Attributes, ...]
    status: str


@dataclass(frozen=True, slots=True)
class Question:
    """What DiscoverInstances was asked, beside the service."""

    required: Attributes
    optional: Attributes
    status: str
    limit: int


def discover(service: Service, question: Question, at: float, fail_open: FailOpen) -> list[dict[str, Any]]:
    """Return the instances as the API shows them, at most as many as asked for, in no order that can be relied on."""
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
    """Without a health check, health is UNKNOWN."""
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
    """Every name has exactly the value wanted."""
    return [
        replace(each, found_by=matching)
        for each in instances
        if (matching := tuple(one for one in each.found_by if wanted.items() <= one.items()))
    ]
