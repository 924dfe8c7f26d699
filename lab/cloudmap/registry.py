"""Namespaces, services and instances, and the operations that change them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import fields, replace
from itertools import count
from typing import Any, Final

from lab.cloudmap import attributes as rules
from lab.cloudmap.clock import Clock
from lab.cloudmap.model import ApiError, Namespace, NamespaceType, Operation, Service, Settings
from lab.cloudmap.timeline import Attributes, Timeline

MAX_INSTANCES: Final = 1_000  # maximum per service (https://docs.aws.amazon.com/general/latest/gr/cloud_map.html)
REVISIONS_APART: Final = 1_000_000  # keeps the revisions of two services apart


class Registry:
    """All data of one account in one Region. Its methods raise ApiError with the API's error names."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._first_revisions = count(REVISIONS_APART, REVISIONS_APART)
        self.reset()

    def reset(self) -> None:
        """Reset everything except the time."""
        self.settings = Settings()
        self._namespaces: dict[str, Namespace] = {}
        self._services: dict[str, Service] = {}
        self._operations: dict[str, Operation] = {}
        self._last: dict[tuple[str, str], Operation] = {}

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change some settings. Raises ValueError for an unknown name."""
        if unknown := changes.keys() - {field.name for field in fields(Settings)}:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
        self.settings = replace(self.settings, **changes)

    def create_namespace(self, name: str, kind: NamespaceType) -> Operation:
        """Create a namespace. It exists at once, whatever the state of its operation."""
        if any(each.name == name for each in self._namespaces.values()):
            raise ApiError("NamespaceAlreadyExists", f"{name} is there already")
        namespace = Namespace(_id("ns"), name, kind)
        self._namespaces[namespace.id] = namespace
        return self._begun("CREATE_NAMESPACE", {"NAMESPACE": namespace.id})

    def create_service(self, name: str, namespace_id: str, *, health_check: bool, records: frozenset[str]) -> Service:
        """Create a service. `records` are DNS record types."""
        namespace = self._namespaces.get(namespace_id)
        if namespace is None:
            raise ApiError("NamespaceNotFound", f"there is no namespace {namespace_id}")
        if any(each.name == name and each.namespace is namespace for each in self._services.values()):
            raise ApiError("ServiceAlreadyExists", f"{name} is there already")
        if records and namespace.type == "HTTP":
            raise ApiError("InvalidInput", "a service of an HTTP namespace has no DNS records")
        service = Service(_id("srv"), name, namespace, health_check, records, next(self._first_revisions))
        self._services[service.id] = service
        return service

    def namespace(self, name: str) -> Namespace:
        """Return the namespace with this name."""
        for namespace in self._namespaces.values():
            if namespace.name == name:
                return namespace
        raise ApiError("NamespaceNotFound", f"there is no namespace {name}")

    def find(self, namespace: str, service: str) -> Service:
        """Return the service with this name in the namespace with that name."""
        inside = self.namespace(namespace)
        for each in self._services.values():
            if each.namespace is inside and each.name == service:
                return each
        raise ApiError("ServiceNotFound", f"there is no service {service} in {namespace}")

    def service(self, service_id: str) -> Service:
        """Return the service with this id."""
        if service_id not in self._services:
            raise ApiError("ServiceNotFound", f"there is no service {service_id}")
        return self._services[service_id]

    def operation(self, operation_id: str) -> Operation:
        """Return the operation with this id."""
        if operation_id not in self._operations:
            raise ApiError("OperationNotFound", f"there is no operation {operation_id}")
        return self._operations[operation_id]

    def register(self, service: Service, instance_id: str, attributes: Attributes) -> Operation:
        """Register an instance, or change the attributes of a registered one."""
        rules.check(service, attributes)
        self._refuse_a_second(service, instance_id)
        instance = service.instances.get(instance_id, Timeline())
        taken = sum(each.registered for each in service.instances.values())
        if not instance.registered and taken >= MAX_INSTANCES:
            raise ApiError("ResourceLimitExceeded", f"{service.name} has {MAX_INSTANCES} instances")
        service.instances[instance_id] = instance
        operation = self._begun("REGISTER_INSTANCE", {"INSTANCE": instance_id})
        self._last[service.id, instance_id] = operation
        status = attributes.get(rules.INIT_HEALTH_STATUS, "HEALTHY")
        if instance.register(dict(attributes), status, operation.done_at, self.settings.attribute_lag_seconds):
            service.changes.append(operation.done_at)
        return operation

    def deregister(self, service: Service, instance_id: str) -> Operation:
        """Deregister an instance."""
        self._refuse_a_second(service, instance_id)
        instance = _registered(service, instance_id)
        operation = self._begun("DEREGISTER_INSTANCE", {"INSTANCE": instance_id})
        self._last[service.id, instance_id] = operation
        instance.deregister(operation.done_at)
        service.changes.append(operation.done_at)
        return operation

    def report(self, service: Service, instance_id: str, status: str) -> None:
        """Report an instance's health; it takes effect after the lag."""
        instance = _registered(service, instance_id)
        if not service.health_check:
            raise ApiError("CustomHealthNotFound", f"{service.name} has no custom health check")
        instance.report(status, self.clock.now() + self.settings.health_lag_seconds)

    def _begun(self, kind: str, targets: Mapping[str, str]) -> Operation:
        operation = Operation(_id("op"), kind, targets, self.clock.now() + self.settings.operation_seconds)
        self._operations[operation.id] = operation
        return operation

    def _refuse_a_second(self, service: Service, instance_id: str) -> None:
        """Raise an error while another operation on this instance is in progress."""
        last = self._last.get((service.id, instance_id))
        if last and last.done_at > self.clock.now():
            raise ApiError("DuplicateRequest", "an operation is in progress", DuplicateOperationId=last.id)


def _registered(service: Service, instance_id: str) -> Timeline:
    instance = service.instances.get(instance_id)
    if instance is None or not instance.registered:
        raise ApiError("InstanceNotFound", f"there is no instance {instance_id} in {service.name}")
    return instance


def _id(kind: str) -> str:
    return f"{kind}-{secrets.token_hex(8)}"
