"""`cloudmap://namespace/service?role=leader`: the instances that AWS Cloud Map knows, by their attributes.

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
from handler.instances import Endpoint, Listing, ResolveError, Trouble
from handler.problems import together

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
# Instances that are registered with a name have no address and no port, but Cloud Map's answer still lists them.
# https://docs.aws.amazon.com/cloud-map/latest/api/API_RegisterInstance.html
_NAMES: Final = ("AWS_INSTANCE_CNAME", "AWS_ALIAS_DNS_NAME")
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


@frozen
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
        """Return the instances that match and can be asked, each with all its attributes. Raises ResolveError."""
        about = f"{self.namespace}/{self.service}"
        try:
            answer = _client().discover_instances(**self._question())
        except aws.failures() as error:
            reason = aws.reason(error)
            raise ResolveError(_TROUBLES.get(reason, Trouble.FAILED), f"{about}, {reason}") from None
        registered = answer["Instances"]
        found = [endpoint for one in registered if (endpoint := _endpoint(one, self.port))]
        return Listing(
            tuple(_latest_term(found) if self.required else found),
            revision=answer.get("InstancesRevision"),
            left_out=len(registered) - len(found),
            nobody=None if found else self._none(about, registered),
        )

    def _none(self, about: str, registered: Sequence[Mapping[str, Any]]) -> ResolveError:
        """Why no instance can be asked, and what to write instead."""
        if not registered:
            asked = ", ".join(f"{name}={value}" for name, value in self.required.items())
            return ResolveError(Trouble.EMPTY, f"{about}, with {asked}" if asked else about)
        number = "1 instance" if len(registered) == 1 else f"{len(registered)} instances"
        about = f"{about}, {number} registered, none with an address and a port"
        attributes = [one.get("Attributes", {}) for one in registered]
        if any(map(_host, attributes)):
            return ResolveError(Trouble.UNUSABLE, about, "write ;port= and the port, or register them with one")
        if any(name in one for one in attributes for name in _NAMES):
            return ResolveError(
                Trouble.UNUSABLE, about, "they are registered with a name: write it as http://name or https://name"
            )
        return ResolveError(Trouble.UNUSABLE, about, "register them with AWS_INSTANCE_IPV4 and AWS_INSTANCE_PORT")

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
    host, found = _host(attributes), _number(attributes.get("AWS_INSTANCE_PORT", ""))
    found = found if 0 < found <= MAX_PORT else port
    return Endpoint(instance["InstanceId"], host, found, attributes=attributes) if host and found else None


def _host(attributes: Mapping[str, str]) -> str:
    return attributes.get("AWS_INSTANCE_IPV4") or attributes.get("AWS_INSTANCE_IPV6") or ""


def _number(text: str) -> int:
    """The whole number that a text is; -1 for any other text."""
    return int(text) if text.isascii() and text.isdecimal() else -1


def _latest_term(endpoints: Sequence[Endpoint]) -> Sequence[Endpoint]:
    """Those of the highest `term`: while a role moves, the old and the new holder match for half a minute."""
    terms = [_number(one.attributes.get("term", "")) for one in endpoints]
    return [one for one, term in zip(endpoints, terms, strict=True) if term == max(terms)]


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
