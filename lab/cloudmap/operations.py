"""The API's operations: each takes a valid input and returns its output, with the API's own field names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from lab.cloudmap.discovery import Question, discover
from lab.cloudmap.model import DISCOVER, REVISION, ApiError, Operation, Service
from lab.cloudmap.registry import Registry

DEFAULT_RESULTS: Final = 100

Input = Mapping[str, Any]
# Takes the registry, the input, and the time whose state the response describes.
Operate = Callable[[Registry, Input, float], dict[str, Any]]


def _discover_instances(registry: Registry, given: Input, at: float) -> dict[str, Any]:
    """Return the matching instances. HealthStatus defaults to ALL; AWS does not document its default."""
    service = registry.find(given["NamespaceName"], given["ServiceName"])
    question = Question(
        required=given.get("QueryParameters", {}),
        optional=given.get("OptionalParameters", {}),
        status=given.get("HealthStatus", "ALL"),
        limit=given.get("MaxResults", DEFAULT_RESULTS),
    )
    instances = discover(service, question, at, registry.settings.fail_open)
    return {"Instances": instances, "InstancesRevision": service.revision(at)}


def _discover_instances_revision(registry: Registry, given: Input, at: float) -> dict[str, Any]:
    return {"InstancesRevision": registry.find(given["NamespaceName"], given["ServiceName"]).revision(at)}


def _register_instance(registry: Registry, given: Input, _at: float) -> dict[str, Any]:
    service = registry.service(given["ServiceId"])
    return _begun(registry.register(service, given["InstanceId"], given["Attributes"]))


def _deregister_instance(registry: Registry, given: Input, _at: float) -> dict[str, Any]:
    return _begun(registry.deregister(registry.service(given["ServiceId"]), given["InstanceId"]))


def _update_health(registry: Registry, given: Input, _at: float) -> dict[str, Any]:
    registry.report(registry.service(given["ServiceId"]), given["InstanceId"], given["Status"])
    return {}


def _create_http_namespace(registry: Registry, given: Input, _at: float) -> dict[str, Any]:
    return _begun(registry.create_namespace(given["Name"], "HTTP"))


def _create_private_dns_namespace(registry: Registry, given: Input, _at: float) -> dict[str, Any]:
    return _begun(registry.create_namespace(given["Name"], "DNS_PRIVATE"))


def _create_service(registry: Registry, given: Input, _at: float) -> dict[str, Any]:
    if "HealthCheckConfig" in given:
        raise ApiError("InvalidInput", "there are no Route 53 health checks here")
    dns = given.get("DnsConfig", {})
    namespace_id = given.get("NamespaceId") or dns.get("NamespaceId")
    if not namespace_id:
        raise ApiError("InvalidInput", "NamespaceId is missing")
    records = frozenset(record["Type"] for record in dns.get("DnsRecords", ()))
    custom = "HealthCheckCustomConfig" in given
    return {
        "Service": _shown(registry.create_service(given["Name"], namespace_id, health_check=custom, records=records))
    }


def _get_operation(registry: Registry, given: Input, at: float) -> dict[str, Any]:
    return {"Operation": registry.operation(given["OperationId"]).document(at)}


OPERATIONS: Final[Mapping[str, Operate]] = {
    DISCOVER: _discover_instances,
    REVISION: _discover_instances_revision,
    "RegisterInstance": _register_instance,
    "DeregisterInstance": _deregister_instance,
    "UpdateInstanceCustomHealthStatus": _update_health,
    "CreateHttpNamespace": _create_http_namespace,
    "CreatePrivateDnsNamespace": _create_private_dns_namespace,
    "CreateService": _create_service,
    "GetOperation": _get_operation,
}


def _begun(operation: Operation) -> dict[str, Any]:
    return {"OperationId": operation.id}


def _shown(service: Service) -> dict[str, Any]:
    shown: dict[str, Any] = {"Id": service.id, "Name": service.name, "NamespaceId": service.namespace.id}
    if service.health_check:
        shown["HealthCheckCustomConfig"] = {"FailureThreshold": 1}
    return shown
