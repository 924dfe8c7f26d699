"""The addresses of hosts such as a read replica: looked up for each new connection, and kept for an outage."""

from __future__ import annotations

from typing import Final

from handler.discovery.addresses import Addresses
from handler.discovery.cache import Ages, Cache
from handler.discovery.dns import Dns
from handler.errors import SourceError
from handler.instances import ResolveError

# RDS changes the address behind a name at a failover, and asks that nobody believes an old one for 30 seconds:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_BestPractices.html
# A connection is opened rarely, so that the look-up is made then, and not ahead.
AGES: Final = Ages(soft=5.0, shortest=1.0, longest=5.0, hard=5.0)


class CachedNames:
    """ports.Names over the DNS."""

    def __init__(self, dns: Dns, ages: Ages = AGES) -> None:
        self._dns = dns
        self._ages = ages
        self._caches: dict[str, Cache] = {}

    def addresses(self, name: str) -> list[str]:
        """Return the addresses of a host, at most 5 s old, or older ones while the DNS is down.

        Raises SourceError (DB_UNAVAILABLE).
        """
        cache = self._caches.setdefault(name, Cache(Addresses(self._dns, name, 0), self._ages))
        try:
            return [endpoint.host for endpoint in cache.listing().endpoints]
        except ResolveError as error:
            raise SourceError("DB_UNAVAILABLE", f"{name}: {error.trouble.value}, {error.detail}") from None
        finally:
            cache.settle()
