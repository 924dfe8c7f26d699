"""`cloudmap://namespace/service?role=leader`: instances in AWS Cloud Map, filtered by their attributes.

https://docs.aws.amazon.com/cloud-map/latest/api/API_DiscoverInstances.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from functools import cache
from typing import Any, Final

from handler import aws
from handler.addresses import Origin
from handler.discovery.uri import MAX_PORT, Uri
from handler.frozen import frozen
from handler.instances import Endpoint, Listing, ResolveError, ResolveFailure
from handler.problems import together

# The list has no pages, and its default limit is 100; a service has at most 1000 instances.
MAX_RESULTS: Final = 1000
# Together within the one second of a look-up (Ages.timeout), without retries by the SDK.
CONNECT_SECONDS: Final = 0.3
READ_SECONDS: Final = 0.7

_EXAMPLE: Final = "cloudmap://namespace/service?attribute=value"
_INSTEAD: Final = "for an attribute write ?role=leader, or ;prefer=role=leader"
_SERVICE: Final = re.compile(r"/([A-Za-z0-9_.-]+)((?:/[A-Za-z0-9._~%-]+)*)/?")
# Always sent, because the API's default is not documented. https://github.com/aws/containers-roadmap/issues/830 reports
# moments in which no instance is healthy; an unhealthy instance is better than none.
_HEALTH: Final = ("healthy_or_else_all", "healthy", "all")
# Instances that are registered with a name have no address and no port, but Cloud Map's answer still lists them.
# https://docs.aws.amazon.com/cloud-map/latest/api/API_RegisterInstance.html
_NAMES: Final = ("AWS_INSTANCE_CNAME", "AWS_ALIAS_DNS_NAME")
_FAILURES: Final = {
    "NamespaceNotFound": ResolveFailure.NOT_FOUND,
    "ServiceNotFound": ResolveFailure.NOT_FOUND,
    "InvalidInput": ResolveFailure.NOT_FOUND,
    "RequestLimitExceeded": ResolveFailure.THROTTLED,
    "ThrottlingException": ResolveFailure.THROTTLED,
    "AccessDeniedException": ResolveFailure.DENIED,
    "AccessDenied": ResolveFailure.DENIED,
    "ConnectTimeoutError": ResolveFailure.TIMEOUT,
    "ReadTimeoutError": ResolveFailure.TIMEOUT,
}


@frozen
class CloudMap:
    """One service of a namespace.

    An instance must match all `required` attributes. `preferred` ones apply only if an instance matches them. `port`
    is for instances that were registered without one. The AWS client is made at the first look-up.
    """

    namespace: str
    service: str
    required: Mapping[str, str] = field(default_factory=dict)
    preferred: Mapping[str, str] = field(default_factory=dict)
    health: str = _HEALTH[0]
    port: int = 0

    def resolve(self, seconds: float) -> Listing:  # noqa: ARG002 - the client's timeouts are the same for each call
        """Return the matching instances with an address and a port, with all their attributes. Raises ResolveError."""
        about = f"{self.namespace}/{self.service}"
        try:
            answer = _client().discover_instances(**self._question())
        except aws.failures() as error:
            reason = aws.reason(error)
            raise ResolveError(_FAILURES.get(reason, ResolveFailure.FAILED), f"{about}, {reason}") from None
        registered = answer["Instances"]
        found = [endpoint for one in registered if (endpoint := _endpoint(one, self.port))]
        return Listing(
            tuple(_latest_term(found) if self.required else found),
            revision=answer.get("InstancesRevision"),
            left_out=len(registered) - len(found),
            empty_reason=None if found else self._none(about, registered),
        )

    def _none(self, about: str, registered: Sequence[Mapping[str, Any]]) -> ResolveError:
        """Return why no instance is usable, and what to write instead."""
        if not registered:
            asked = ", ".join(f"{name}={value}" for name, value in self.required.items())
            return ResolveError(ResolveFailure.EMPTY, f"{about}, with {asked}" if asked else about)
        number = "1 instance" if len(registered) == 1 else f"{len(registered)} instances"
        about = f"{about}, {number} registered, none with an address and a port"
        attributes = [one.get("Attributes", {}) for one in registered]
        if any(map(_host, attributes)):
            return ResolveError(ResolveFailure.UNUSABLE, about, "write ;port= and the port, or register them with one")
        if any(name in one for one in attributes for name in _NAMES):
            return ResolveError(
                ResolveFailure.UNUSABLE,
                about,
                "they are registered with a name: write it as http://name or https://name",
            )
        return ResolveError(
            ResolveFailure.UNUSABLE, about, "register them with AWS_INSTANCE_IPV4 and AWS_INSTANCE_PORT"
        )

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
    """Return the endpoint of an instance; None if it has no address or no port."""
    attributes: Mapping[str, str] = instance.get("Attributes", {})
    host, found = _host(attributes), _number(attributes.get("AWS_INSTANCE_PORT", ""))
    found = found if 0 < found <= MAX_PORT else port
    return Endpoint(instance["InstanceId"], host, found, attributes=attributes) if host and found else None


def _host(attributes: Mapping[str, str]) -> str:
    return attributes.get("AWS_INSTANCE_IPV4") or attributes.get("AWS_INSTANCE_IPV6") or ""


def _number(text: str) -> int:
    """Return the text as a whole number; -1 for any other text."""
    return int(text) if text.isascii() and text.isdecimal() else -1


def _latest_term(endpoints: Sequence[Endpoint]) -> Sequence[Endpoint]:
    """Return those with the highest `term`: while a role moves, its old and new holder both match for half a minute."""
    terms = [_number(one.attributes.get("term", "")) for one in endpoints]
    return [one for one, term in zip(endpoints, terms, strict=True) if term == max(terms)]


def read(uri: Uri) -> Origin:
    """Read a cloudmap:// address. Raises ValueError with one argument per mistake, which says what to write."""
    together(
        lambda: uri.allow_options("host", "scheme", "port", "prefer", "health", instead=_INSTEAD),
        lambda: _service(uri),
        lambda: _port(uri),
        lambda: uri.choice("health", _HEALTH),
        lambda: _preferred(uri),
        lambda: uri.instance_scheme,
        lambda: uri.authority,
    )
    (service, base), health = _service(uri), uri.choice("health", _HEALTH)
    resolver = CloudMap(uri.host, service, uri.query, _preferred(uri), health, _port(uri))
    authority = uri.authority if "host" in uri.options else f"{service}.{uri.host}"
    return Origin(uri.text, resolver, uri.instance_scheme, authority, base)


def _service(uri: Uri) -> tuple[str, str]:
    """Return the service and the base path of the API."""
    parts = _SERVICE.fullmatch(uri.path)
    if not parts or uri.port:
        port = f", and ;port={uri.port} for instances that were registered without one" if uri.port else ""
        raise ValueError(f"write {_EXAMPLE}{port}")
    return parts[1], parts[2]


def _port(uri: Uri) -> int:
    text = uri.options.get("port", "")
    if text and not 0 < _number(text) <= MAX_PORT:
        raise ValueError(f"port= is not a number from 1 to {MAX_PORT}")
    return int(text or 0)


def _preferred(uri: Uri) -> dict[str, str]:
    """Read the option prefer=attribute=value,other=value."""
    text = uri.options.get("prefer", "")
    pairs = [pair.partition("=") for pair in text.split(",") if text]
    if not all(name and value for name, _, value in pairs):
        raise ValueError("prefer= is not of the form attribute=value,other=value")
    return {name: value for name, _, value in pairs}
