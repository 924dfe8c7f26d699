"""`http://name:port`, `https://name` and `dns://name:port`: every address of a name is an instance, at one port.

The first two are for a stable name: a load balancer, API Gateway, a server. The last is for the tasks' own addresses in
a private zone.
"""

from __future__ import annotations

import re
from typing import Final

from handler.addresses import Origin
from handler.discovery.dns import Dns
from handler.discovery.uri import Path, Uri
from handler.frozen import frozen
from handler.instances import Endpoint, Listing
from handler.problems import together

_PORTS: Final = {"http": 80, "https": 443}
# The endpoints of API Gateway accept signed requests, and their names contain the region:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-access-control-iam.html
_EXECUTE_API: Final = re.compile(r"[a-z0-9-]+\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_SERVICE: Final = re.compile(r"[a-z0-9-]*")


@frozen
class Addresses:
    """The A records of a name, or its AAAA records if it has no A record."""

    dns: Dns
    name: str
    port: int

    def resolve(self, seconds: float) -> Listing:
        """Return an endpoint for each address. Raises ResolveError."""
        addresses, ttl = self.dns.addresses(self.name, seconds)
        return Listing(tuple(Endpoint(address, address, self.port) for address in addresses), ttl)


def stable(dns: Dns) -> Path:
    """Return the reader of http:// and https:// addresses."""

    def read(uri: Uri) -> Origin:
        together(
            lambda: uri.allow_options("host", "sign"), lambda: _address(uri), lambda: _sign(uri), lambda: uri.authority
        )
        scheme: Final = "https" if uri.scheme == "https" else "http"
        resolver = Addresses(dns, uri.host, uri.port or _PORTS[scheme])
        sign, region = _sign(uri)
        return Origin(uri.text, resolver, scheme, uri.authority, uri.path.rstrip("/"), sign, region)

    return read


def _address(uri: Uri) -> None:
    if uri.query:
        raise ValueError("write http://host:port/base or https://host/base")
    if uri.scheme == "http" and _EXECUTE_API.fullmatch(uri.host):
        raise ValueError("write https://, since API Gateway speaks nothing else")


def _sign(uri: Uri) -> tuple[str, str]:
    """Return the AWS service for which requests are signed, and its region; both may be empty."""
    gateway = _EXECUTE_API.fullmatch(uri.host)
    sign = uri.options.get("sign", "execute-api" if gateway else "")
    if not _SERVICE.fullmatch(sign):
        raise ValueError("sign= is not the name of an AWS service, such as execute-api")
    return sign, gateway[1] if gateway else ""


def records(dns: Dns) -> Path:
    """Return the reader of dns:// addresses."""

    def read(uri: Uri) -> Origin:
        together(
            lambda: uri.allow_options("host", "scheme"),
            lambda: _record(uri),
            lambda: uri.instance_scheme,
            lambda: uri.authority,
        )
        resolver = Addresses(dns, uri.host, uri.port)
        return Origin(uri.text, resolver, uri.instance_scheme, uri.authority, uri.path.rstrip("/"))

    return read


def _record(uri: Uri) -> None:
    if not uri.port or uri.query:
        raise ValueError("write dns://name:port; A records carry no port")
