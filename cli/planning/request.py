"""What would be deployed, according to the parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from handler.discovery.paths import PATHS
from handler.settings import parse
from handler.settings.lists import read_entries

HTTPS: Final = 443
_SCHEMES: Final = {"http": 80, "https": HTTPS}


@dataclass(frozen=True, slots=True)
class Request:
    """The subnets and security groups of the function, its concurrency, and the ports that it must reach, by target.

    `reserved` is 0 if nothing is reserved. `queue`: events come through a queue. `polls`: tables are polled.
    """

    subnets: tuple[str, ...]
    groups: tuple[str, ...]
    concurrency: int = 5
    ports: Mapping[str, int] = field(default_factory=dict)
    reserved: int = 0
    queue: bool = True
    polls: bool = False

    @property
    def reserves(self) -> int:
        """Return how much concurrency the function reserves. With direct intake it always does."""
        return self.reserved or (0 if self.queue else self.concurrency)


def read(given: Mapping[str, str]) -> Request:
    """Return what the parameters of template.yaml need of a network. Raises ValueError if one is invalid or missing."""
    subnets, groups = _list(given.get("SubnetIds", "")), _list(given.get("SecurityGroupIds", ""))
    if not subnets or not groups:
        missing = "SubnetIds" if not subnets else "SecurityGroupIds"
        raise ValueError(
            f"{missing} is not known: give it here, or let `sam deploy --guided` write it into samconfig.toml"
        )
    return Request(
        subnets,
        groups,
        concurrency=_number(given, "MaximumConcurrency", "5"),
        ports={**_databases(given.get("Databases", "")), **_apis(given.get("Apis", ""))},
        reserved=_number(given, "ReservedConcurrency", "0"),
        queue=given.get("Intake", "queue").startswith("queue"),
        polls=given.get("Polls", "off") == "on",
    )


def _number(given: Mapping[str, str], name: str, default: str) -> int:
    text = given.get(name, default)
    if not text.isdigit():
        raise ValueError(f"{name} is {text}, and no number")
    return int(text)


def _databases(text: str) -> dict[str, int]:
    found, mistakes = read_entries(text, parse.database, "default=mysql://a/shop, billing=mysql://b/billing")
    if mistakes:
        raise ValueError(f"Databases, {mistakes[0]}")
    return {f"database {name}": address.port for name, address in found.items()}


def _apis(text: str) -> dict[str, int]:
    """Return the ports in the addresses of APIs. Those from a registry or an SRV record are not known yet."""
    found, mistakes = read_entries(text, partial(parse.api, PATHS), "default=https://a, billing=https://b")
    if mistakes:
        raise ValueError(f"Apis, {mistakes[0]}")
    ports = {}
    for name, address in found.items():
        uri = urlsplit(address.origin.text)
        if port := uri.port or _SCHEMES.get(uri.scheme):
            ports[f"API {name}"] = port
    return ports


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
