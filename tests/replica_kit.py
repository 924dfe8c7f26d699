"""Shared by the tests of the replica adapter: an adapter with short limits, fake secrets, and manual clocks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from handler.adapters import tls
from handler.adapters.database.replica import Replicas
from handler.adapters.database.session import Limits
from handler.addresses import DatabaseAddress
from handler.clock import Clock
from handler.discovery.dns import Dns
from handler.discovery.names import CachedNames
from handler.model import Row
from lab.shop import Target

SHORT = Limits(connect=2, read=4, statement=1)
# Minutes of work for any server: no index helps, and no row is found early.
HEAVY = "SELECT COUNT(*) AS n FROM orders a JOIN orders b JOIN orders c WHERE a.amount + b.amount + c.amount < 0"
ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"


@dataclass
class Vault:
    """ports.Secrets. `renewed` is the current value in the store, if it differs from the cached one."""

    cached: dict[str, str]
    renewed: dict[str, str] = field(default_factory=dict)
    reads: list[tuple[str, bool]] = field(default_factory=list)

    def get(self, name: str, *, fresh: bool = False) -> str:
        self.reads.append((name, fresh))
        if fresh:
            self.cached.update(self.renewed)
        return self.cached[name]


@dataclass
class Clocks:
    """A wall clock and a monotonic clock that tests advance."""

    wall: float = 1_767_607_200.0
    monotonic: float = 1000.0

    def both(self) -> Clock:
        return Clock(lambda: self.monotonic, lambda: self.wall)


def login(user: str, password: str) -> str:
    """Return a login as RDS stores it, with more keys than are needed."""
    return json.dumps({"engine": "mysql", "username": user, "password": password, "port": 3306})


def address(target: Target, name: str = "default", **changes: Any) -> DatabaseAddress:
    fields = {"name": name, "host": target.host, "port": target.port, "schema": target.schema, "ca": target.ca}
    return DatabaseAddress(**{**fields, **changes})


def replicas(
    target: Target,
    *addresses: DatabaseAddress,
    limits: Limits = SHORT,
    vault: Vault | None = None,
    clocks: Clocks | None = None,
) -> Replicas:
    """Return an adapter for the target, or for the addresses with the target's login; the caller closes it."""
    found = {one.name: one for one in addresses or [address(target)]}
    vault = vault or Vault({f"databases/{name}": login(target.user, target.password) for name in found})
    return Replicas(found, vault, tls.context, CachedNames(Dns()), limits, clocks.both() if clocks else None)


@dataclass
class Default:
    """Shortcuts to the database `default` of an adapter."""

    replicas: Replicas

    def __call__(self, sql: str, limit: int = 100, **parameters: Any) -> list[Row]:
        return self.replicas.select("default", sql, parameters, limit)

    def value(self, sql: str, **parameters: Any) -> Any:
        [row] = self(sql, **parameters)
        [value] = row.values()
        return value

    def connection(self) -> Any:
        """Return the server's id of the current connection."""
        return self.value("SELECT CONNECTION_ID() AS id")


def texts(error: BaseException) -> Iterable[str]:
    """Return all texts of an error that a log may show."""
    import traceback

    return ["".join(traceback.format_exception(error)), repr(error)]
