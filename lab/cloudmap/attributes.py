"""Validation of an instance's attributes (the RegisterInstance operation in AWS's API reference)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Final

from lab.cloudmap.model import ApiError, Service
from lab.cloudmap.timeline import Attributes

INIT_HEALTH_STATUS: Final = "AWS_INIT_HEALTH_STATUS"
MAX_CUSTOM: Final = 30
MAX_CHARACTERS: Final = 5_000

_RESERVED: Final[Mapping[str, Callable[[str], bool]]] = {
    "AWS_INSTANCE_IPV4": lambda value: _is_address(value, 4),
    "AWS_INSTANCE_IPV6": lambda value: _is_address(value, 6),
    "AWS_INSTANCE_PORT": lambda value: value.isascii() and value.isdecimal() and int(value) <= 65_535,
    "AWS_INSTANCE_CNAME": bool,
    "AWS_EC2_INSTANCE_ID": lambda value: value.startswith("i-"),
    INIT_HEALTH_STATUS: lambda value: value in ("HEALTHY", "UNHEALTHY"),
}
# The attributes that each type of DNS record needs; of the two addresses for an SRV record, one is enough.
_NEEDED: Final = {
    "A": ({"AWS_INSTANCE_IPV4"},),
    "AAAA": ({"AWS_INSTANCE_IPV6"},),
    "CNAME": ({"AWS_INSTANCE_CNAME"},),
    "SRV": ({"AWS_INSTANCE_PORT"}, {"AWS_INSTANCE_IPV4", "AWS_INSTANCE_IPV6"}),
}


def check(service: Service, attributes: Attributes) -> None:
    """Raise ApiError (InvalidInput) if an instance with these attributes cannot be registered in the service."""
    problems = chain(_wrong(attributes), _missing(service, attributes), _out_of_place(service, attributes))
    if problem := next(problems, None):
        raise ApiError("InvalidInput", problem)


def _wrong(attributes: Attributes) -> Iterator[str]:
    for name, value in attributes.items():
        if name in _RESERVED and not _RESERVED[name](value):
            yield f"{name} has no valid value"
        if name.startswith("AWS_") and name not in _RESERVED:
            yield f"{name} is no attribute of AWS's that is known here"
    if len(attributes.keys() - _RESERVED.keys()) > MAX_CUSTOM:
        yield f"more than {MAX_CUSTOM} custom attributes"
    if sum(len(name) + len(value) for name, value in attributes.items()) > MAX_CHARACTERS:
        yield f"more than {MAX_CHARACTERS} characters of attributes"


def _missing(service: Service, attributes: Attributes) -> Iterator[str]:
    for record in sorted(service.records):
        for either in _NEEDED[record]:
            if not either & attributes.keys():
                yield f"a service with {record} records needs {' or '.join(sorted(either))}"


def _out_of_place(service: Service, attributes: Attributes) -> Iterator[str]:
    if INIT_HEALTH_STATUS in attributes and not service.health_check:
        yield f"{INIT_HEALTH_STATUS} needs a service with a custom health check"
    if "AWS_EC2_INSTANCE_ID" in attributes and service.namespace.type != "HTTP":
        yield "AWS_EC2_INSTANCE_ID is for HTTP namespaces alone"


def _is_address(value: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(value).version == version
    except ValueError:
        return False
