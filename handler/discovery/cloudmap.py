"""`cloudmap://namespace/service?role=leader`: the instances that AWS Cloud Map knows, by their attributes.

https://docs.aws.amazon.com/cloud-map/latest/api/API_DiscoverInstances.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from handler import aws
from handler.discovery.model import Endpoint, Listing, Origin, ResolveError, Trouble
from handler.discovery.uri import MAX_PORT, Uri
from handler.mistakes import together

# The list is not paged, and 100 is what is answered where nothing is said; a service holds 1000 instances at most.
MAX_RESULTS: Final = 1000
# Within the resolve budget of a second (cache.py), with no second attempt of the SDK's own.
CONNECT_SECONDS: Final = 0.3
READ_SECONDS: Final = 0.7

_EXAMPLE: Final = "cloudmap://namespace/service?attribute=value"
_INSTEAD: Final = "for an attribute write ?role=leader, or ;prefer=role=leader"
_SERVICE: Final = re.compile(r"/([A-Za-z0-9_.-]+)((?:/[A-Za-z0-9._~%-]+)*)/?")
# The API's own default is not documented, so it is always said: https://github.com/aws/containers-roadmap/issues/830
# tells of moments in which no instance is healthy, and an unhealthy one is better than none.
_HEALTH: Final = ("healthy_or_else_all", "healthy", "all")
_TROUBLES: Final = {
    "NamespaceNotFound": Trouble.NOT_FOUND,
    "ServiceNotFound": Trouble.NOT_FOUND,
    "InvalidInput": Trouble.NOT_FOUND,
    "RequestLimitExceeded": Trouble.THROTTLED,
    "ThrottlingException": Trouble.THROTTLED,
    "AccessDeniedException": Trouble.DENIED,
    "AccessDenied": Trouble.DENIED,
    "ConnectTimeoutError": Trouble.TIMEOUT,
    "ReadTimeoutError": Trouble.TIMEOUT,
}


@dataclass(frozen=True, slots=True)
class CloudMap:
    """One service of a namespace. `required` must all match; `preferred` count only where something matches them.

    `port` serves for instances that were registered without one. The client is made at the first look-up.
    """

    namespace: str
    service: str
    required: Mapping[str, str] = field(default_factory=dict)
    preferred: Mapping[str, str] = field(default_factory=dict)
    health: str = _HEALTH[0]
    port: int = 0

    def resolve(self, seconds: float) -> Listing:  # noqa: ARG002 - the timeouts of the client are for each call alike
        """Return the instances that match, each with all its attributes. Raises ResolveError."""
        about = f"{self.namespace}/{self.service}"
        try:
            answer = _client().discover_instances(**self._question())
        except aws.failures() as error:
            reason = aws.reason(error)
            raise ResolveError(_TROUBLES.get(reason, Trouble.FAILED), f"{about}, {reason}") from None
        found = [endpoint for one in answer["Instances"] if (endpoint := _endpoint(one, self.port))]
        endpoints = _latest_term(found) if self.required else found
        return Listing(tuple(endpoints), revision=answer.get("InstancesRevision"))

    def _question(self) -> dict[str, Any]:
        question: dict[str, Any] = {
            "NamespaceName": self.namespace,
            "ServiceName": self.service,
            "MaxResults": MAX_RESULTS,
            "HealthStatus": self.health.upper(),
        }
        if self.required:
            question["QueryParameters"] = dict(self.required)
        if self.preferred:
            question["OptionalParameters"] = dict(self.preferred)
        return question


@cache
def _client() -> Any:
    return aws.client("servicediscovery", connect=CONNECT_SECONDS, read=READ_SECONDS, attempts=1)


def _endpoint(instance: Mapping[str, Any], port: int) -> Endpoint | None:
    """One instance; None if it has no address, or no port is known."""
    attributes: Mapping[str, str] = instance.get("Attributes", {})
    host = attributes.get("AWS_INSTANCE_IPV4") or attributes.get("AWS_INSTANCE_IPV6")
    written = attributes.get("AWS_INSTANCE_PORT", "")
    found = int(written) if written.isascii() and written.isdecimal() else port
    return Endpoint(instance["InstanceId"], host, found, attributes=attributes) if host and found else None


def _latest_term(endpoints: Sequence[Endpoint]) -> Sequence[Endpoint]:
    """Those of the highest `term`: while a role moves, the old and the new holder match for half a minute."""
    terms = [int(term) for one in endpoints if (term := one.attributes.get("term", "")).isdecimal()]
    return [one for one in endpoints if one.attributes.get("term", "") == str(max(terms))] if terms else endpoints


def read(uri: Uri) -> Origin:
    """Read a cloudmap:// address. Raises ValueError with an argument for each mistake, which says what to write."""
    together(
        lambda: uri.only("host", "scheme", "port", "prefer", "health", instead=_INSTEAD),
        lambda: _service(uri),
        lambda: _port(uri),
        lambda: uri.choice("health", _HEALTH),
        lambda: _preferred(uri),
        lambda: uri.instances_speak,
        lambda: uri.authority,
    )
    (service, base), health = _service(uri), uri.choice("health", _HEALTH)
    resolver = CloudMap(uri.host, service, uri.query, _preferred(uri), health, _port(uri))
    authority = uri.authority if "host" in uri.options else f"{service}.{uri.host}"
    return Origin(uri.text, resolver, uri.instances_speak, authority, base)


def _service(uri: Uri) -> tuple[str, str]:
    """The service, and what every path begins with."""
    parts = _SERVICE.fullmatch(uri.path)
    if not parts or uri.port:
        port = f", and ;port={uri.port} for instances that were registered without one" if uri.port else ""
        raise ValueError(f"write {_EXAMPLE}{port}")
    return parts[1], parts[2]


def _port(uri: Uri) -> int:
    text = uri.options.get("port", "0")
    if not text.isdecimal() or int(text) > MAX_PORT:
        raise ValueError(f"port= is not a number up to {MAX_PORT}")
    return int(text)


def _preferred(uri: Uri) -> dict[str, str]:
    """Read the option prefer=attribute=value,other=value."""
    text = uri.options.get("prefer", "")
    pairs = [pair.partition("=") for pair in text.split(",") if text]
    if not all(name and value for name, _, value in pairs):
        raise ValueError("prefer= is not of the form attribute=value,other=value")
    return {name: value for name, _, value in pairs}
